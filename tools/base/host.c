// SPDX-License-Identifier: GPL-2.0
#include "base/host.h"

#include <errno.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t read_clock(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

uint64_t host_clock(void)
{
	return read_clock(CLOCK_BOOTTIME);
}

uint64_t host_suspended(void)
{
	uint64_t awake = read_clock(CLOCK_MONOTONIC);
	uint64_t all = read_clock(CLOCK_BOOTTIME);

	return all > awake ? all - awake : 0;
}

void host_random(void *buf, size_t len)
{
	/* getrandom() returns up to 256 octets in one piece once the pool is ready. */
	while (getrandom(buf, len, 0) != (ssize_t)len)
		;
}

int host_source_address(__be32 to, __be32 *out)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(TEREDO_PORT),
				   .sin_addr.s_addr = to };
	socklen_t len = sizeof(sin);
	int fd, err = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len))
		err = -errno;
	else
		*out = sin.sin_addr.s_addr;
	close(fd);
	return err;
}

uint32_t host_path_mtu(__be32 to)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_port = htons(TEREDO_PORT),
				   .sin_addr.s_addr = to };
	socklen_t len = sizeof(int);
	int fd, mtu = 0;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockopt(fd, IPPROTO_IP, IP_MTU, &mtu, &len))
		mtu = 0;
	close(fd);
	return mtu;
}

int host_udp_socket(__be32 addr, __be16 *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET,
				   .sin_addr.s_addr = addr };
	socklen_t len = sizeof(sin);
	int fd, err;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len)) {
		err = -errno;
		close(fd);
		return err;
	}
	*port = sin.sin_port;
	return fd;
}

ssize_t host_udp_recv(int fd, struct endpoint *from, void *buf, size_t size)
{
	struct sockaddr_in sin = { 0 };
	socklen_t len = sizeof(sin);
	ssize_t n;

	n = recvfrom(fd, buf, size, 0, (struct sockaddr *)&sin, &len);
	if (n < 0)
		return -1;
	from->addr = sin.sin_addr.s_addr;
	from->port = sin.sin_port;
	return n;
}

int host_sysctl(const char *format, const char *name)
{
	char below[128], path[sizeof(below) + sizeof("/proc/sys/")];
	int value = -1;
	FILE *file;

	snprintf(below, sizeof(below), format, name);
	snprintf(path, sizeof(path), "/proc/sys/%s", below);
	file = fopen(path, "re");
	if (!file)
		return -1;
	if (fscanf(file, "%d", &value) != 1)
		value = -1;
	fclose(file);
	return value;
}

void list_entry(const char *list, unsigned int n, char *out, size_t size)
{
	size_t len;

	for (; n && *list; n--) {
		list += strcspn(list, ",");
		if (*list)
			list++;
	}
	len = strcspn(list, ",");
	if (len >= size)
		len = size - 1;
	memcpy(out, list, len);
	out[len] = 0;
}

static char *next_buffer(void)
{
	static char buffers[8][INET6_ADDRSTRLEN];
	static unsigned int n;

	return buffers[n++ % 8];
}

const char *ipv4_text(__be32 addr)
{
	return inet_ntop(AF_INET, &addr, next_buffer(), INET6_ADDRSTRLEN);
}

const char *ipv6_text(const struct in6_addr *addr)
{
	return inet_ntop(AF_INET6, addr, next_buffer(), INET6_ADDRSTRLEN);
}

const char *endpoint_text(const struct endpoint *endpoint)
{
	char *text = next_buffer();

	snprintf(text, INET6_ADDRSTRLEN, "%s:%u", ipv4_text(endpoint->addr),
		 ntohs(endpoint->port));
	return text;
}
