// SPDX-License-Identifier: GPL-2.0
/* Netlink sockets: requests, answers, and the reasons of failures. */
#include "ipc-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>
#include "options.h"

/* The kernel answers at once. It may only fail to when its answer did not
 * fit, which must not hang the controller.
 */
#define ANSWER_TIMEOUT_S	10

static char reason[512] = "no reason known";

const char *ipc_error(void)
{
	return reason;
}

int ipc_fail(int err, const char *text)
{
	if (!text) {
		switch (err) {
		case EPERM:
		case EACCES:
			text = "permission denied: CAP_NET_ADMIN is needed, be root";
			break;
		case ENODEV:
			text = "no such Teredo device here";
			break;
		case EADDRINUSE:
			text = "another socket has that address and port";
			break;
		case EAGAIN:
			text = "the kernel does not answer";
			break;
		default:
			text = strerror(err);
		}
	}
	snprintf(reason, sizeof(reason), "%s", text);
	return -err;
}

int ipc_enter_netns(const char *name)
{
	char path[4096];
	int fd, err = 0;

	snprintf(path, sizeof(path), "%s%s",
		 strchr(name, '/') ? "" : "/run/netns/", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return ipc_fail(errno, errno == ENOENT ?
				"no such network namespace" : NULL);
	if (setns(fd, CLONE_NEWNET))
		err = ipc_fail(errno, errno == EINVAL ?
			       "not a network namespace" : NULL);
	close(fd);
	return err;
}

int ipc_socket_open(struct ipc_socket *s, int protocol)
{
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	int on = 1;

	if (s->nl)
		return 0;
	s->nl = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!s->nl)
		return ipc_fail(errno, NULL);
	if (mnl_socket_bind(s->nl, 0, MNL_SOCKET_AUTOPID)) {
		int err = ipc_fail(errno, NULL);

		ipc_socket_close(s);
		return err;
	}
	/* Older kernels know less of these; all can be done without. */
	mnl_socket_setsockopt(s->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(s->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(s->nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	setsockopt(mnl_socket_get_fd(s->nl), SOL_SOCKET, SO_RCVTIMEO, &timeout,
		   sizeof(timeout));
	return 0;
}

void ipc_socket_close(struct ipc_socket *s)
{
	if (s->nl)
		mnl_socket_close(s->nl);
	s->nl = NULL;
}

void ipc_put(struct nlmsghdr *nlh, uint16_t type, const void *data,
	     size_t len)
{
	/* REQUEST_SIZE covers the largest request there can be. */
	if (!mnl_attr_put_check(nlh, REQUEST_SIZE, type, len, data))
		abort();
}

int ipc_put_config(void *nlh, uint16_t attr, const void *data, size_t len)
{
	ipc_put(nlh, attr, data, len);
	return 0;
}

void ipc_take(const struct nlattr *attr, void *out, size_t len, uint32_t *has)
{
	if (mnl_attr_get_payload_len(attr) != len)
		return;
	memcpy(out, mnl_attr_get_payload(attr), len);
	*has |= BIT(mnl_attr_get_type(attr));
}

void ipc_take_member(const struct nlattr *attr,
		     const struct ipc_member *table, uint16_t max, void *base,
		     uint32_t *has)
{
	uint16_t type = mnl_attr_get_type(attr);

	if (type <= max && table[type].size)
		ipc_take(attr, (char *)base + table[type].offset,
			 table[type].size, has);
}

void ipc_take_string(const struct nlattr *attr, char *out, size_t size)
{
	size_t len = mnl_attr_get_payload_len(attr);

	if (len >= size)
		len = size - 1;
	memcpy(out, mnl_attr_get_payload(attr), len);
	out[len] = 0;
}

void ipc_take_config(struct config *config, const struct nlattr *nest)
{
	const struct nlattr *attr;

	mnl_attr_for_each_nested(attr, nest)
		config_take(config, mnl_attr_get_type(attr),
			    mnl_attr_get_payload(attr),
			    mnl_attr_get_payload_len(attr));
}

/* The TLVs of an extended acknowledgment follow @skip octets of payload. */
static int fail_extack(int err, const struct nlmsghdr *nlh, size_t skip)
{
	const struct nlattr *attr;
	char text[sizeof(reason)] = "";

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS)
		mnl_attr_for_each(attr, nlh, skip)
			if (mnl_attr_get_type(attr) == NLMSGERR_ATTR_MSG)
				ipc_take_string(attr, text, sizeof(text));
	return ipc_fail(err, text[0] ? text : NULL);
}

/* An NLMSG_ERROR message: 0 for an acknowledgment. */
static int read_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return ipc_fail(EBADMSG, NULL);
	if (!err->error)
		return 0;
	/* Without NLM_F_CAPPED the whole request is repeated. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len > sizeof(err->msg))
		skip += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (skip > mnl_nlmsg_get_payload_len(nlh))
		return ipc_fail(-err->error, NULL);
	return fail_extack(-err->error, nlh, skip);
}

/* The end of a dump can carry an error, too. */
static int read_done(const struct nlmsghdr *nlh)
{
	int err;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(err))
		return 0;
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	return err < 0 ? fail_extack(-err, nlh, sizeof(err)) : 0;
}

int ipc_request(struct ipc_socket *s, struct nlmsghdr *nlh,
		void (*each)(const struct nlmsghdr *nlh, void *arg),
		void *arg)
{
	/* What a dump fills at once; longer messages there are none. */
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP;

	nlh->nlmsg_flags |= NLM_F_REQUEST | (dump ? 0 : NLM_F_ACK);
	nlh->nlmsg_seq = ++s->seq;
	s->interrupted = false;
	if (mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0)
		return ipc_fail(errno, NULL);

	for (;;) {
		ssize_t n = mnl_socket_recvfrom(s->nl, buf, sizeof(buf));
		const struct nlmsghdr *msg = (struct nlmsghdr *)buf;
		int len = n;

		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n < 0)
			return ipc_fail(errno, NULL);
		for (; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len)) {
			if (msg->nlmsg_seq != s->seq) {
				if (s->async)
					s->async(msg);
				continue;
			}
			if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
				s->interrupted = true;
			if (msg->nlmsg_type == NLMSG_ERROR)
				return read_error(msg);
			if (msg->nlmsg_type == NLMSG_DONE)
				return read_done(msg);
			if (each)
				each(msg, arg);
		}
	}
}

bool ipc_drain(struct ipc_socket *s,
	       void (*each)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool complete = true;

	for (;;) {
		ssize_t n = recv(mnl_socket_get_fd(s->nl), buf, sizeof(buf),
				 MSG_DONTWAIT);
		const struct nlmsghdr *msg = (struct nlmsghdr *)buf;
		int len = n;

		if (n < 0 && errno == ENOBUFS)
			complete = false;
		else if (n < 0 && errno != EINTR)
			return complete;
		if (n < 0)
			continue;
		for (; mnl_nlmsg_ok(msg, len); msg = mnl_nlmsg_next(msg, &len))
			each(msg, arg);
	}
}

void ipc_close(void)
{
	ipc_genl_close();
	ipc_rtnl_close();
}
