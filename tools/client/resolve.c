// SPDX-License-Identifier: GPL-2.0
#include "client/resolve.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/host.h"

static bool contains(const struct resolved *list, unsigned int count,
		     __be32 addr)
{
	unsigned int i;

	for (i = 0; i < count; i++)
		if (!list[i].error && list[i].addr == addr)
			return true;
	return false;
}

/* Look up all addresses of one name. Some names have both addresses of their server: an
 * address that follows another one is a secondary address, and left out.
 */
static unsigned int look_up(const char *name, unsigned int number,
			    struct resolved *out, unsigned int room)
{
	static const struct addrinfo hints = {
		.ai_family = AF_INET,
		.ai_socktype = SOCK_DGRAM,
	};
	struct resolved found[QUALIFY_SERVERS_MAX];
	struct addrinfo *list = NULL, *ai;
	unsigned int count = 0, n = 0, i;
	int err;

	memset(found, 0, sizeof(found));
	err = getaddrinfo(name, NULL, &hints, &list);
	if (err) {
		found[0].error = err == EAI_SYSTEM ? errno : err;
		count = 1;
	}
	for (ai = list; ai && count < QUALIFY_SERVERS_MAX; ai = ai->ai_next) {
		const struct sockaddr_in *sin = (void *)ai->ai_addr;

		if (contains(found, count, sin->sin_addr.s_addr))
			continue;
		found[count++].addr = sin->sin_addr.s_addr;
	}
	if (list)
		freeaddrinfo(list);

	for (i = 0; i < count && n < room; i++) {
		__be32 before = htonl(ntohl(found[i].addr) - 1);

		if (!found[i].error && contains(found, count, before))
			continue;
		out[n] = found[i];
		out[n++].name = number;
	}
	return n;
}

static void look_up_all(const char *names, int fd)
{
	struct resolved list[QUALIFY_SERVERS_MAX];
	unsigned int count = 0, number;
	size_t size;
	char name[256];

	for (number = 0; count < QUALIFY_SERVERS_MAX; number++) {
		list_entry(names, number, name, sizeof(name));
		if (!name[0])
			break;
		count += look_up(name, number, list + count,
				 QUALIFY_SERVERS_MAX - count);
	}
	/* Less than PIPE_BUF, so it is written atomically. */
	size = count * sizeof(list[0]);
	if (write(fd, list, size) != (ssize_t)size)
		_exit(1);
	_exit(0);
}

int resolver_start(struct resolver *r, const char *names)
{
	sigset_t none;
	int fds[2];

	r->fd = -1;
	r->count = 0;
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK))
		return -errno;
	r->pid = fork();
	if (r->pid < 0) {
		int err = -errno;

		close(fds[0]);
		close(fds[1]);
		return err;
	}
	if (!r->pid) {
		/* The parent has blocked the signals that it reads by signalfd. */
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		look_up_all(names, fds[1]);
	}
	close(fds[1]);
	r->fd = fds[0];
	return 0;
}

bool resolver_read(struct resolver *r)
{
	ssize_t n = read(r->fd, r->list, sizeof(r->list));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return false;
	r->count = n > 0 ? n / sizeof(r->list[0]) : 0;
	resolver_stop(r);
	return true;
}

void resolver_stop(struct resolver *r)
{
	if (r->fd < 0)
		return;
	close(r->fd);
	r->fd = -1;
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
}

const char *resolve_error(int error)
{
	return error > 0 ? strerror(error) : gai_strerror(error);
}

unsigned int resolver_servers(const struct resolver *r, __be32 secondary,
			      struct qualify_server *out)
{
	unsigned int i, count = 0;

	for (i = 0; i < r->count; i++) {
		const struct resolved *found = &r->list[i];

		if (found->error)
			continue;
		out[count].primary = found->addr;
		out[count].rank = found->name;
		out[count++].secondary = secondary && !found->name ?
			secondary : htonl(ntohl(found->addr) + 1);
	}
	return count;
}
