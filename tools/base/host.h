/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the host, other than by netlink. */
#ifndef TEREDO_TOOL_HOST_H
#define TEREDO_TOOL_HOST_H

#include "base/containers.h"

/* Return milliseconds since boot, suspension included. */
uint64_t host_clock(void);
/* Return milliseconds in suspension since boot. */
uint64_t host_suspended(void);

/* Fill a buffer with unpredictable octets. */
void host_random(void *buf, size_t len);

/* Find the IPv4 source address of packets to @to. Returns 0 or a negative errno. */
int host_source_address(__be32 to, __be32 *out);

/* Return the MTU of the path to an IPv4 address as the host knows it; 0 if it does not. */
uint32_t host_path_mtu(__be32 to);

/* Open a non-blocking UDP socket on @addr, 0 for any, and a port chosen by the kernel,
 * returned in @port. Returns the socket or a negative errno.
 */
int host_udp_socket(__be32 addr, __be16 *port);
/* Read what has arrived. Returns its length, or -1 if there is nothing. */
ssize_t host_udp_recv(int fd, struct endpoint *from, void *buf, size_t size);

/* Return the number in /proc/sys/..., with the path made from @format and @name; -1 if it
 * cannot be read.
 */
int host_sysctl(const char *format, const char *name)
	__attribute__((format(printf, 1, 0)));

/* Copy the name with number @n of a list separated by commas; the name is empty behind the
 * last one.
 */
void list_entry(const char *list, unsigned int n, char *out, size_t size);

/* Addresses as text, in one of a few buffers that are used in turn. */
const char *ipv4_text(__be32 addr);
const char *ipv6_text(const struct in6_addr *addr);
const char *endpoint_text(const struct endpoint *endpoint);

#endif /* TEREDO_TOOL_HOST_H */
