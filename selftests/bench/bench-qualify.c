// SPDX-License-Identifier: GPL-2.0
/* How long a client takes to qualify, for bench-guest.sh:
 *
 *	bench-qualify NETNS INTERFACE SECONDS COMMAND...
 *
 * runs the command in the namespace until a Teredo address appears there, and
 * then ends it, unless it ends by itself. Output, in ms, from the start of the
 * command and from the first datagram for port 3544 that leaves by INTERFACE to
 * the address; -1 if there was none in time:
 *
 *	whole_ms=N first_ms=N
 */
#define _GNU_SOURCE

#include <arpa/inet.h>
#include <err.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/rtnetlink.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char buf[65536];

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1e3 + ts.tv_nsec / 1e6;
}

/* An address of 2001::/32 is there and may be used. */
static bool has_address(int fd)
{
	ssize_t len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	struct nlmsghdr *nlh = (void *)buf;
	struct ifaddrmsg *ifa;
	struct rtattr *rta;
	int left;

	for (; len > 0 && NLMSG_OK(nlh, len); nlh = NLMSG_NEXT(nlh, len)) {
		if (nlh->nlmsg_type != RTM_NEWADDR)
			continue;
		ifa = NLMSG_DATA(nlh);
		if (ifa->ifa_flags & IFA_F_TENTATIVE)
			continue;
		left = IFA_PAYLOAD(nlh);
		for (rta = IFA_RTA(ifa); RTA_OK(rta, left);
		     rta = RTA_NEXT(rta, left))
			if (rta->rta_type == IFA_ADDRESS &&
			    !memcmp(RTA_DATA(rta), "\x20\x01\0\0", 4))
				return true;
	}
	return false;
}

static bool is_first(int fd)
{
	ssize_t len = recv(fd, buf, sizeof(buf), MSG_DONTWAIT);
	struct iphdr *ip = (void *)buf;
	struct udphdr *udp = (void *)(ip + 1);

	return len >= (ssize_t)(sizeof(*ip) + sizeof(*udp)) && ip->ihl == 5 &&
	       ip->protocol == IPPROTO_UDP && udp->dest == htons(3544);
}

int main(int argc, char **argv)
{
	struct sockaddr_nl nl = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_IPV6_IFADDR,
	};
	struct sockaddr_ll ll = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_ALL),
	};
	double start, end, first = 0, done = 0;
	struct pollfd fds[2];
	char path[256];
	pid_t pid;
	int fd;

	if (argc < 5) {
		fprintf(stderr, "bench-qualify: see the source\n");
		return 2;
	}
	snprintf(path, sizeof(path), "/run/netns/%s", argv[1]);
	fd = open(path, O_RDONLY);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	fds[0].fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_ROUTE);
	fds[1].fd = socket(AF_PACKET, SOCK_DGRAM, htons(ETH_P_ALL));
	ll.sll_ifindex = if_nametoindex(argv[2]);
	if (fds[0].fd < 0 || bind(fds[0].fd, (void *)&nl, sizeof(nl)) ||
	    fds[1].fd < 0 || bind(fds[1].fd, (void *)&ll, sizeof(ll)))
		err(1, "sockets");
	fds[0].events = POLLIN;
	fds[1].events = POLLIN;

	start = now();
	end = start + atoi(argv[3]) * 1e3;
	pid = fork();
	if (pid < 0)
		err(1, "fork");
	if (!pid) {
		dup2(2, 1);
		execvp(argv[4], argv + 4);
		err(127, "%s", argv[4]);
	}
	while (!done && now() < end) {
		poll(fds, 2, 10);
		if (!first && fds[1].revents && is_first(fds[1].fd))
			first = now();
		if (fds[0].revents && has_address(fds[0].fd))
			done = now();
	}
	/* One that is about to end by itself may do so. */
	if (done)
		usleep(200000);
	kill(pid, SIGTERM);
	usleep(200000);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	if (done)
		printf("whole_ms=%.1f first_ms=%.1f\n", done - start,
		       done - first);
	else
		printf("whole_ms=-1 first_ms=-1\n");
	return 0;
}
