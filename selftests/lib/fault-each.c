// SPDX-License-Identifier: GPL-2.0
/* fault-each NETNS DO UNDO [GROUP]
 * fault-each -m MODULE NAME
 *
 * Make a netlink request again and again, of whose allocations one fails, each
 * time the next one, until none is left: what takes fault.so a process each, for
 * those that make the kernel allocate most. DO and UNDO are what fault.so has
 * recorded. Whatever was done is undone at once, and has to be; if what undoes it
 * deletes a link, there must be none unless it was done.
 *
 * GROUP: the number of a generic netlink multicast group. Whoever listens there is told
 * of what was done, or that something was lost.
 *
 * -m: the same with loading and unloading a module, whose first allocations, up to
 * the last 250, are the kernel's own.
 *
 * Tells how many there were, and exits with 1 if something is left behind or does not
 * work afterwards.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

struct request {
	int protocol;
	int len;
	union {
		struct nlmsghdr hdr;
		char bytes[8192];
	};
};

static int control;

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static void fault_set(long n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld", n);

	if (pwrite(control, text, len, 0) != len)
		die("/proc/thread-self/fail-nth");
}

/* How many allocations are left until the one that fails; 0: it has failed. */
static long fault_end(void)
{
	char text[24] = "";
	long left;

	if (pread(control, text, sizeof(text) - 1, 0) <= 0)
		die("/proc/thread-self/fail-nth");
	left = atol(text);
	if (left)
		fault_set(0);
	return left;
}

static void load(struct request *request, const char *path)
{
	int fd = open(path, O_RDONLY);
	ssize_t len = fd < 0 ? -1 : read(fd, request, sizeof(*request));

	if (len < (ssize_t)offsetof(struct request, bytes) + NLMSG_HDRLEN)
		die(path);
	request->len = len - offsetof(struct request, bytes);
	request->hdr.nlmsg_flags |= NLM_F_ACK;
	close(fd);
}

/* What the kernel says to it, a negative error or 0. *left as fault_end(). */
static int ask(const struct request *request, long n, long *left)
{
	static char answer[65536];
	const struct nlmsghdr *hdr = (void *)answer;
	const struct nlmsgerr *err = NLMSG_DATA(hdr);
	int fd = socket(AF_NETLINK, SOCK_RAW, request->protocol), ret = 0;
	ssize_t len;

	if (fd < 0)
		die("socket");
	if (n)
		fault_set(n);
	if (send(fd, request->bytes, request->len, 0) < 0)
		ret = -errno;
	if (n)
		*left = fault_end();
	while (!ret) {
		len = recv(fd, answer, sizeof(answer), 0);
		if (len < 0) {
			ret = -errno;
		} else if (hdr->nlmsg_type == NLMSG_ERROR) {
			ret = err->error;
			break;
		}
	}
	close(fd);
	return ret;
}

static int listen_to(int group)
{
	struct sockaddr_nl own = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK, NETLINK_GENERIC);

	if (fd < 0 || bind(fd, (struct sockaddr *)&own, sizeof(own)) ||
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group)))
		die("listen");
	return fd;
}

/* Something has been said, or lost, since this was last asked. */
static bool told(int fd)
{
	static char event[65536];
	bool any = false;

	while (recv(fd, event, sizeof(event), 0) >= 0 || errno == ENOBUFS)
		any = true;
	return any;
}

static void each_request(const char *netns, const char *do_path, const char *undo_path,
			 int group)
{
	static struct request todo, undo;
	int fd = open(netns, O_RDONLY), listener = -1;
	long n, left = 0, failed = 0;
	int err, again;

	if (fd < 0 || setns(fd, CLONE_NEWNET))
		die(netns);
	load(&todo, do_path);
	load(&undo, undo_path);
	if (group)
		listener = listen_to(group);
	for (n = 1; ; n++) {
		err = ask(&todo, n, &left);
		failed += err < 0;
		if (left && err) {
			printf("%ld: without a fault: %s\n", n, strerror(-err));
			exit(1);
		}
		if (group && !err && !told(listener)) {
			printf("%ld: done, but nobody was told\n", n);
			exit(1);
		}
		/* It may be the answer for which there was no memory. */
		again = ask(&undo, 0, NULL);
		if (group)
			told(listener);
		if (!err && again) {
			printf("%ld: done, but not to be undone: %s\n", n,
			       strerror(-again));
			exit(1);
		}
		if (err && err != -ENOBUFS && !again &&
		    undo.hdr.nlmsg_type == RTM_DELLINK) {
			printf("%ld: %s, but left behind\n", n, strerror(-err));
			exit(1);
		}
		if (left)
			break;
	}
	printf("%ld allocations, %ld of them needed\n", n - 1, failed);
}

static int load_module(const char *path, long n, long *left)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		die(path);
	fault_set(n);
	ret = syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
	*left = fault_end();
	close(fd);
	return ret;
}

static void each_load(const char *path, const char *name)
{
	long n, first, left, failed = 0;
	int err = load_module(path, 1000000, &left);

	first = 1000000 - left - 250;
	if (first < 0)
		first = 0;
	for (n = first; ; n++) {
		if (!err && syscall(SYS_delete_module, name, O_NONBLOCK)) {
			printf("%ld: loaded, but not to be unloaded: %s\n", n,
			       strerror(errno));
			exit(1);
		}
		if (n > first && left)
			break;
		err = load_module(path, n + 1, &left);
		failed += err < 0;
	}
	if (err) {
		printf("%ld: without a fault: %s\n", n, strerror(-err));
		exit(1);
	}
	printf("%ld allocations, %ld of them needed\n", n - 1 - first, failed);
}

int main(int argc, char **argv)
{
	if (argc != 4 && argc != 5)
		return 2;
	control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (control < 0)
		die("/proc/thread-self/fail-nth");
	if (!strcmp(argv[1], "-m"))
		each_load(argv[2], argv[3]);
	else
		each_request(argv[1], argv[2], argv[3], argc > 4 ? atoi(argv[4]) : 0);
	return 0;
}
