// SPDX-License-Identifier: GPL-2.0
/* amx-host.so: makes a host without AMX look like one with it to User Mode Linux
 * (LD_PRELOAD).
 *
 * The host of a processor with AMX has 11,008 octets of floating-point state, tells the
 * header's bit for the tiles' configuration, and takes back nothing that is shorter
 * (EFAULT). What it would be told of the tiles has to be that there is nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>

#define STATE	11008
#define HEADER	512
#define TILECFG	(1UL << 17)
#define TILES	(3UL << 17)

/* How much this host really has. */
static size_t real_state;

static int set(long (*real)(int, ...), void *pid, void *what, const struct iovec *state)
{
	struct iovec part = *state;
	uint64_t parts;

	if (state->iov_len != STATE) {
		errno = EFAULT;
		return -1;
	}
	memcpy(&parts, (char *)state->iov_base + HEADER, sizeof(parts));
	if (parts & TILES) {
		errno = EINVAL;
		return -1;
	}
	part.iov_len = real_state;
	return real(PTRACE_SETREGSET, pid, what, &part);
}

static int get(long (*real)(int, ...), void *pid, void *what, struct iovec *state)
{
	static char whole[2 * STATE];
	struct iovec all = { whole, sizeof(whole) };
	uint64_t parts;

	if (real(PTRACE_GETREGSET, pid, what, &all) < 0)
		return -1;
	real_state = all.iov_len;
	memset(whole + real_state, 0xa5, STATE - real_state);
	memcpy(&parts, whole + HEADER, sizeof(parts));
	parts |= TILECFG;
	memcpy(whole + HEADER, &parts, sizeof(parts));
	if (state->iov_len > STATE)
		state->iov_len = STATE;
	memcpy(state->iov_base, whole, state->iov_len);
	return 0;
}

long ptrace(enum __ptrace_request request, ...)
{
	static long (*real)(int, ...);
	void *pid, *what, *data;
	va_list args;

	va_start(args, request);
	pid = va_arg(args, void *);
	what = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (!real)
		real = (long (*)(int, ...))dlsym(RTLD_NEXT, "ptrace");
	if (what == (void *)NT_X86_XSTATE && request == PTRACE_SETREGSET)
		return set(real, pid, what, data);
	if (what == (void *)NT_X86_XSTATE && request == PTRACE_GETREGSET)
		return get(real, pid, what, data);
	return real(request, pid, what, data);
}
