// SPDX-License-Identifier: GPL-2.0
/* To be preloaded: of all allocations that the kernel makes while this program
 * sends or loads a module, the FAULT_NTH-th fails. What else a program makes
 * the kernel do, like being started, is let through. So is send(), with which ip
 * asks if there is RTM_NEWLINK: it would wait forever for an answer for which there
 * was no memory.
 *
 * FAULT_RECORD is where the last netlink request is written to, for fault-each.
 *
 * The file FAULT_REPORT then holds 0, or if it did not come to that, how many
 * allocations there were. Needs a kernel with fault injection.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

static long wanted;
static long left = -1;	/* this many allocations may still succeed; 0: done */
static int control = -1;

static void set(long n)
{
	char text[24];
	int len = snprintf(text, sizeof(text), "%ld", n);

	if (pwrite(control, text, len, 0) != len) {
		perror("fault: /proc/thread-self/fail-nth");
		abort();
	}
}

static void report(long n)
{
	const char *name = getenv("FAULT_REPORT");
	FILE *file = name ? fopen(name, "w") : NULL;

	if (!file)
		return;
	fprintf(file, "%ld\n", n);
	fclose(file);
}

static long get(void)
{
	char text[24] = "";

	return pread(control, text, sizeof(text) - 1, 0) > 0 ? atol(text) : 0;
}

/* Between these two it is the kernel's turn. */
static bool begin(void)
{
	if (left < 0) {
		const char *nth = getenv("FAULT_NTH");

		wanted = nth ? atol(nth) : 0;
		left = wanted;
		if (left)
			control = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	}
	if (!left)
		return false;
	set(left);
	return true;
}

static void end(bool begun)
{
	int saved = errno;

	if (!begun)
		return;
	left = get();
	if (left) {
		set(0);
		report(wanted - left);
	} else {
		report(0);
	}
	errno = saved;
}

static void record(int fd, const struct iovec *iov, size_t n)
{
	const char *name = getenv("FAULT_RECORD");
	int protocol, domain, total = 0;
	socklen_t len = sizeof(int);
	FILE *file;
	size_t i;

	if (!name || getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) ||
	    domain != AF_NETLINK ||
	    getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len))
		return;
	file = fopen(name, "w");
	if (!file)
		return;
	for (i = 0; i < n; i++)
		total += iov[i].iov_len;
	fwrite(&protocol, sizeof(protocol), 1, file);
	fwrite(&total, sizeof(total), 1, file);
	for (i = 0; i < n; i++)
		fwrite(iov[i].iov_base, iov[i].iov_len, 1, file);
	fclose(file);
}

ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	__typeof__(sendmsg) *real = REAL(sendmsg);
	bool begun = begin();
	ssize_t ret = real(fd, msg, flags);

	end(begun);
	record(fd, msg->msg_iov, msg->msg_iovlen);
	return ret;
}

ssize_t sendto(int fd, const void *data, size_t len, int flags,
	       const struct sockaddr *to, socklen_t to_len)
{
	__typeof__(sendto) *real = REAL(sendto);
	bool begun = begin();
	ssize_t ret = real(fd, data, len, flags, to, to_len);
	struct iovec iov = { .iov_base = (void *)data, .iov_len = len };

	end(begun);
	record(fd, &iov, 1);
	return ret;
}

/* How insmod loads a module */
long syscall(long number, ...)
{
	__typeof__(syscall) *real = REAL(syscall);
	bool begun = false;
	long arg[6], ret;
	va_list args;
	int i;

	va_start(args, number);
	for (i = 0; i < 6; i++)
		arg[i] = va_arg(args, long);
	va_end(args);

	if (number == SYS_finit_module)
		begun = begin();
	ret = real(number, arg[0], arg[1], arg[2], arg[3], arg[4], arg[5]);
	end(begun);
	return ret;
}
