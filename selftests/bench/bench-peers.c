// SPDX-License-Identifier: GPL-2.0
/* Peers in bulk, for bench-guest.sh:
 *
 *	bench-peers fill NETNS DEVICE FIRST COUNT [permanent] [ADDRESS PORT]
 *		add peers FIRST to FIRST + COUNT - 1 of bench.h, at their own
 *		mappings or all at one
 *	bench-peers dump NETNS DEVICE
 *		read all of them
 *
 * Output: peers=N took=NANOSECONDS
 */
#define _GNU_SOURCE

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/teredo.h>
#include <net/if.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench.h"

#define BATCH	512		/* requests a message */

static struct mnl_socket *nl;
static unsigned int family, ifindex;
static char buf[1 << 20];

static unsigned long long now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ull + ts.tv_nsec;
}

static struct nlmsghdr *request(void *where, unsigned int type, int flags,
				unsigned int cmd)
{
	struct nlmsghdr *nlh = mnl_nlmsg_put_header(where);
	struct genlmsghdr *genl;

	nlh->nlmsg_type = type;
	nlh->nlmsg_flags = NLM_F_REQUEST | flags;
	genl = mnl_nlmsg_put_extra_header(nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = 1;
	return nlh;
}

static int on_family(const struct nlattr *attr, void *data)
{
	(void)data;
	if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
		family = mnl_attr_get_u16(attr);
	return MNL_CB_OK;
}

static int on_ctrl(const struct nlmsghdr *nlh, void *data)
{
	return mnl_attr_parse(nlh, sizeof(struct genlmsghdr), on_family, data);
}

static void start(const char *ns, const char *dev)
{
	struct nlmsghdr *nlh;
	char path[256];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", ns);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	ifindex = if_nametoindex(dev);
	nl = mnl_socket_open(NETLINK_GENERIC);
	if (!ifindex || !nl || mnl_socket_bind(nl, 0, MNL_SOCKET_AUTOPID))
		err(1, "%s", dev);
	nlh = request(buf, GENL_ID_CTRL, 0, CTRL_CMD_GETFAMILY);
	mnl_attr_put_strz(nlh, CTRL_ATTR_FAMILY_NAME, TEREDO_GENL_NAME);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		err(1, "getfamily");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, mnl_socket_get_portid(nl),
				  on_ctrl, NULL) < 0 || !family)
		err(1, "no family " TEREDO_GENL_NAME);
}

/* Errors come back unasked, and nothing else does but for the last one. */
static void push(void *end, struct nlmsghdr *last)
{
	ssize_t len;

	last->nlmsg_flags |= NLM_F_ACK;
	if (mnl_socket_sendto(nl, buf, (char *)end - buf) < 0)
		err(1, "send");
	len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
	if (len < 0 || mnl_cb_run(buf, len, 0, 0, NULL, NULL) < 0)
		err(1, "peer-new");
}

static void fill(int argc, char **argv)
{
	unsigned int first = atoi(argv[0]), count = atoi(argv[1]), i;
	bool permanent = argc > 2 && !strcmp(argv[2], "permanent");
	struct nlmsghdr *nlh = NULL;
	struct in6_addr peer;
	unsigned long long t;
	in_addr_t addr;
	in_port_t port;
	char *end = buf;

	argc -= 2 + permanent;
	argv += 2 + permanent;
	t = now();
	for (i = 0; i < count; i++) {
		bench_peer(&peer, &addr, &port, first + i);
		if (argc == 2) {
			inet_pton(AF_INET, argv[0], &addr);
			port = htons(atoi(argv[1]));
		}
		nlh = request(end, family, 0, TEREDO_CMD_PEER_NEW);
		mnl_attr_put_u32(nlh, TEREDO_A_PEER_IFINDEX, ifindex);
		mnl_attr_put(nlh, TEREDO_A_PEER_ADDRESS, sizeof(peer), &peer);
		mnl_attr_put_u32(nlh, TEREDO_A_PEER_MAPPED_ADDRESS, addr);
		mnl_attr_put_u16(nlh, TEREDO_A_PEER_MAPPED_PORT, port);
		if (permanent)
			mnl_attr_put(nlh, TEREDO_A_PEER_PERMANENT, 0, NULL);
		end += nlh->nlmsg_len;
		if (i % BATCH == BATCH - 1 || i == count - 1) {
			push(end, nlh);
			end = buf;
		}
	}
	printf("peers=%u took=%llu\n", count, now() - t);
}

static int on_peer(const struct nlmsghdr *nlh, void *data)
{
	(void)nlh;
	++*(unsigned int *)data;
	return MNL_CB_OK;
}

static void dump(void)
{
	unsigned long long t = now();
	struct nlmsghdr *nlh;
	unsigned int n = 0;
	ssize_t len;
	int ret;

	nlh = request(buf, family, NLM_F_DUMP, TEREDO_CMD_PEER_GET);
	mnl_attr_put_u32(nlh, TEREDO_A_PEER_IFINDEX, ifindex);
	if (mnl_socket_sendto(nl, nlh, nlh->nlmsg_len) < 0)
		err(1, "send");
	do {
		len = mnl_socket_recvfrom(nl, buf, sizeof(buf));
		if (len < 0)
			err(1, "receive");
		ret = mnl_cb_run(buf, len, 0, 0, on_peer, &n);
		if (ret < 0 && errno != EINTR)
			err(1, "dump");
	} while (ret > 0);
	printf("peers=%u took=%llu\n", n, now() - t);
}

int main(int argc, char **argv)
{
	if (argc < 4 || (!strcmp(argv[1], "fill") && argc < 6)) {
		fprintf(stderr, "bench-peers: see the source\n");
		return 2;
	}
	start(argv[2], argv[3]);
	if (!strcmp(argv[1], "fill"))
		fill(argc - 4, argv + 4);
	else
		dump();
	return 0;
}
