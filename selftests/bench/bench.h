/* SPDX-License-Identifier: GPL-2.0 */
/* What the helpers of bench-guest.sh have in common. */
#ifndef BENCH_H
#define BENCH_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <string.h>

/* Peer number @n: a Teredo address, whose mapping is in 198.18.0.0/15, the
 * range for benchmarks, 131072 addresses, and then other ports.  @addr and @port
 * may be NULL.
 */
static inline void bench_peer(struct in6_addr *peer, in_addr_t *addr,
			      in_port_t *port, uint32_t n)
{
	uint32_t client = 0xc6120000 + (n & 0x1ffff);
	uint16_t mapped = 1024 + (n >> 17);
	uint32_t word[4] = {
		htonl(0x20010000),
		htonl(0xcb007101),
		htonl((uint32_t)(uint16_t)~mapped),
		htonl(~client),
	};

	memcpy(peer, word, sizeof(*peer));
	if (addr)
		*addr = htonl(client);
	if (port)
		*port = htons(mapped);
}

/* What bench-plugin.c looks for: instructions that do nothing. */
static inline void mark_start(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long 0x7e4ed000");
}

static inline void mark_stop(void)
{
	asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00; .long 0x7e4ed001");
}

#endif /* BENCH_H */
