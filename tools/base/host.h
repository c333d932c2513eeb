/* SPDX-License-Identifier: GPL-2.0 */
/* What the tool asks of the host otherwise than by netlink. */
#ifndef TEREDO_TOOL_HOST_H
#define TEREDO_TOOL_HOST_H

#include "base/containers.h"

/* Milliseconds since boot, also those in suspension. */
uint64_t host_clock(void);
/* Milliseconds in suspension since boot. */
uint64_t host_suspended(void);

/* Unpredictable octets. */
void host_random(void *buf, size_t len);

/* The IPv4 source address of packets to @to. Returns 0 or a negative errno. */
int host_source_address(__be32 to, __be32 *out);

/* The MTU of the way to an IPv4 address, as far as the host knows; 0 if it does not. */
uint32_t host_path_mtu(__be32 to);

/* A UDP socket on @addr, 0 for any, and a port that the kernel chooses, which
 * is returned in @port. Never blocks. Returns the socket or a negative errno.
 */
int host_udp_socket(__be32 addr, __be16 *port);
/* What has arrived there: its length, or -1 if there is nothing. */
ssize_t host_udp_recv(int fd, struct endpoint *from, void *buf, size_t size);

/* The number in /proc/sys/..., of the path made from @format and @name; -1 if
 * it cannot be read.
 */
int host_sysctl(const char *format, const char *name)
	__attribute__((format(printf, 1, 0)));

/* A list of names, separated by commas: copy the one with number @n; empty
 * behind the last one.
 */
void list_entry(const char *list, unsigned int n, char *out, size_t size);

/* Addresses as text, in one of a few buffers that are used in turn. */
const char *ipv4_text(__be32 addr);
const char *ipv6_text(const struct in6_addr *addr);
const char *endpoint_text(const struct endpoint *endpoint);

#endif /* TEREDO_TOOL_HOST_H */
