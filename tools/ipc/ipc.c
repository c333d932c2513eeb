// SPDX-License-Identifier: GPL-2.0
/* Netlink sockets: requests, answers, and reasons for failures */
#include "ipc/ipc-priv.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>
#include "base/host.h"
#include "text/options.h"

/* The kernel puts its answer into the socket's buffer before send() returns. If the buffer is
 * full the answer is lost, and other messages that keep arriving must not make us wait for it.
 * So a request takes ANSWER_MS at most, but a dump may take longer as long as messages arrive.
 * Once the buffer is empty the answer will not come; LATE_MS are a cheap precaution.
 */
#define ANSWER_MS	2000
#define LATE_MS		100
#define TRIES		3

/* Room for messages that arrive while the controller waits for a CPU */
#define BUFFER_SIZE	(1 << 20)

/* Messages that one call reads at most */
#define DRAIN_MAX	256

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
		case EADDRNOTAVAIL:
			text = "not an address of this host";
			break;
		case ENETUNREACH:
		case EHOSTUNREACH:
			text = "no route to that destination";
			break;
		case ENETDOWN:
			text = "the link is down";
			break;
		case EOPNOTSUPP:
			text = "this kernel cannot do that: is the module older than the tool?";
			break;
		case ENOMEM:
		case ENOBUFS:
			text = "the kernel is out of memory";
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
				"no such network namespace" : strerror(errno));
	if (setns(fd, CLONE_NEWNET))
		err = ipc_fail(errno, errno == EINVAL ?
			       "not a network namespace" : errno == EPERM ?
			       "permission denied: CAP_SYS_ADMIN is needed, be root" :
			       strerror(errno));
	close(fd);
	return err;
}

/* List of open sockets */
static struct ipc_socket *sockets;

/* Exceed the system's limit if permitted. */
static void make_room(int fd)
{
	int size = BUFFER_SIZE;

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

int ipc_socket_open(struct ipc_socket *s, int protocol)
{
	int on = 1;

	if (s->nl)
		return 0;
	s->nl = mnl_socket_open2(protocol, SOCK_CLOEXEC);
	if (!s->nl)
		return ipc_fail(errno, NULL);
	s->next = sockets;
	sockets = s;
	if (mnl_socket_bind(s->nl, 0, MNL_SOCKET_AUTOPID)) {
		int err = ipc_fail(errno, NULL);

		ipc_socket_close(s);
		return err;
	}
	/* Older kernels lack some of these options; none is required. */
	mnl_socket_setsockopt(s->nl, NETLINK_EXT_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(s->nl, NETLINK_CAP_ACK, &on, sizeof(on));
	mnl_socket_setsockopt(s->nl, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
	make_room(mnl_socket_get_fd(s->nl));
	return 0;
}

void ipc_socket_close(struct ipc_socket *s)
{
	struct ipc_socket **at = &sockets;

	if (!s->nl)
		return;
	while (*at != s)
		at = &(*at)->next;
	*at = s->next;
	mnl_socket_close(s->nl);
	s->nl = NULL;
}

void ipc_close(void)
{
	while (sockets)
		ipc_socket_close(sockets);
}

void ipc_put(struct nlmsghdr *nlh, uint16_t type, const void *data,
	     size_t len)
{
	/* REQUEST_SIZE is enough for the largest possible request. */
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

/* Read an extended acknowledgment, whose TLVs follow @skip octets of payload. */
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

int ipc_read_error(const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *err = mnl_nlmsg_get_payload(nlh);
	size_t skip = sizeof(*err);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*err))
		return ipc_fail(EBADMSG, NULL);
	if (!err->error)
		return 0;
	/* Without NLM_F_CAPPED the message repeats the whole request. */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
	    err->msg.nlmsg_len > sizeof(err->msg))
		skip += MNL_ALIGN(err->msg.nlmsg_len) - sizeof(err->msg);
	if (skip > mnl_nlmsg_get_payload_len(nlh))
		return ipc_fail(-err->error, NULL);
	return fail_extack(-err->error, nlh, skip);
}

/* The end of a dump may carry an error, too. */
static int read_done(const struct nlmsghdr *nlh)
{
	int err;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(err))
		return 0;
	memcpy(&err, mnl_nlmsg_get_payload(nlh), sizeof(err));
	return err < 0 ? fail_extack(-err, nlh, sizeof(err)) : 0;
}

/* A request in progress */
struct exchange {
	struct ipc_socket *s;
	bool dump;
	uint64_t end;
	void (*each)(const struct nlmsghdr *nlh, void *arg);
	void *arg;
	bool done;		/* the result: */
	int err;
};

static void take_message(struct exchange *x, const struct nlmsghdr *msg)
{
	struct ipc_socket *s = x->s;

	if (msg->nlmsg_seq != s->seq) {
		if (s->async)
			s->async(msg);
		return;
	}
	if (msg->nlmsg_flags & NLM_F_DUMP_INTR)
		s->interrupted = true;
	if (msg->nlmsg_type == NLMSG_ERROR)
		x->err = ipc_read_error(msg);
	else if (msg->nlmsg_type == NLMSG_DONE)
		x->err = read_done(msg);
	else if (x->each)
		x->each(msg, x->arg);
	x->done = msg->nlmsg_type == NLMSG_ERROR ||
		  msg->nlmsg_type == NLMSG_DONE;
	/* @each may take long to print a part of a dump. */
	if (x->dump)
		x->end = host_clock() + ANSWER_MS;
}

/* Wait a little for another message. */
static bool comes_late(const struct exchange *x)
{
	struct pollfd fd = { mnl_socket_get_fd(x->s->nl), POLLIN, 0 };
	uint64_t now = host_clock();
	uint64_t left = x->end > now ? x->end - now : 0;

	return poll(&fd, 1, left < LATE_MS ? left : LATE_MS) > 0;
}

/* Read until the answer is complete. Returns false if it was lost. */
static bool read_answer(struct exchange *x)
{
	/* Large enough for any message of a dump, and other messages are shorter */
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));

	while (!x->done && host_clock() < x->end) {
		ssize_t n = recv(mnl_socket_get_fd(x->s->nl), buf, sizeof(buf),
				 MSG_DONTWAIT);
		const struct nlmsghdr *msg = (struct nlmsghdr *)buf;
		int len = n;

		if (n < 0 && errno == EAGAIN) {
			if (!comes_late(x))
				return false;
			continue;
		}
		/* The lost message may have been another one. */
		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n < 0) {
			x->err = ipc_fail(errno, NULL);
			return true;
		}
		/* Only dumps put several messages in one piece. */
		for (; !x->done && mnl_nlmsg_ok(msg, len);
		     msg = mnl_nlmsg_next(msg, &len))
			take_message(x, msg);
	}
	return x->done;
}

static int send_request(struct ipc_socket *s, struct nlmsghdr *nlh,
			uint16_t flags)
{
	nlh->nlmsg_flags |= NLM_F_REQUEST | flags;
	nlh->nlmsg_seq = ++s->seq;
	if (mnl_socket_sendto(s->nl, nlh, nlh->nlmsg_len) < 0)
		return ipc_fail(errno, NULL);
	return 0;
}

static int request(struct ipc_socket *s, struct nlmsghdr *nlh,
		   unsigned int tries, const char *lost,
		   void (*each)(const struct nlmsghdr *nlh, void *arg),
		   void *arg)
{
	struct exchange x = {
		.s = s,
		.dump = (nlh->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP,
		.each = each,
		.arg = arg,
	};

	s->interrupted = false;
	/* All tries share one deadline. A dump is not repeated, as a part of it was passed on.
	 */
	do {
		int err = send_request(s, nlh, x.dump ? 0 : NLM_F_ACK);

		if (err)
			return err;
		/* Start the clock after the kernel has handled the request. */
		if (!x.end)
			x.end = host_clock() + ANSWER_MS;
		if (read_answer(&x))
			return x.err;
	} while (--tries && !x.dump && host_clock() < x.end);
	/* The kernel would continue this dump, and refuse to begin another on this socket. */
	if (x.dump)
		ipc_socket_close(s);
	return ipc_fail(ENOBUFS, lost);
}

int ipc_request(struct ipc_socket *s, struct nlmsghdr *nlh,
		void (*each)(const struct nlmsghdr *nlh, void *arg),
		void *arg)
{
	return request(s, nlh, TRIES,
		       "the kernel's answer was lost: too much arrived at once",
		       each, arg);
}

int ipc_request_once(struct ipc_socket *s, struct nlmsghdr *nlh)
{
	return request(s, nlh, 1,
		       "the kernel's answer was lost: the request may have been carried out, or not",
		       NULL, NULL);
}

int ipc_post(struct ipc_socket *s, struct nlmsghdr *nlh)
{
	return send_request(s, nlh, 0);
}

bool ipc_drain(struct ipc_socket *s,
	       void (*each)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	char buf[32768] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool complete = true;
	unsigned int i;

	for (i = 0; i < DRAIN_MAX; i++) {
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
	return complete;
}
