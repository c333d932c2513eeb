/* SPDX-License-Identifier: GPL-2.0 */
/* Teredo addresses, and kinds of IPv4 and IPv6 addresses. */
#ifndef TEREDO_ADDR_H
#define TEREDO_ADDR_H

#include "codec/wire.h"

/* The fields of a Teredo address (F-04), not obfuscated. Addresses and port in network byte
 * order, flags in host byte order.
 */
struct teredo_addr {
	__be32 server;
	__be32 client;
	__be16 port;
	u16 flags;
};

/* Unpack a Teredo address. The prefix is not checked. */
void teredo_addr_unpack(struct teredo_addr *out, const struct in6_addr *addr);

/* Pack a Teredo address with the first 32 bits of @prefix. */
void teredo_addr_pack(struct in6_addr *out, const struct in6_addr *prefix,
		      const struct teredo_addr *in);

/* Pack the link-local address with the interface identifier of a Teredo address (F-13).
 * in->server is not used.
 */
void teredo_addr_link_local(struct in6_addr *out, const struct teredo_addr *in);

/* Return true if @addr has the format of a global unicast address (F-50). Directed
 * broadcast addresses (F-51) depend on the routing tables, and are up to the caller.
 */
bool teredo_ipv4_is_global(__be32 addr);

/* Unpack a Teredo address. Returns true if its two IPv4 addresses are global and its mapped
 * port is not 0 (F-17); fills in @out in any case.
 */
bool teredo_addr_is_usable(struct teredo_addr *out, const struct in6_addr *addr);

bool teredo_addr_equal(const struct in6_addr *a, const struct in6_addr *b);
bool teredo_addr_is_link_local(const struct in6_addr *addr);	/* fe80::/10 */
bool teredo_addr_is_all_nodes(const struct in6_addr *addr);	/* ff02::1 */
bool teredo_addr_is_all_routers(const struct in6_addr *addr);	/* ff02::2 */

/* Return true if @addr is a 6to4 or ISATAP address, which embeds an IPv4 address. Inline,
 * as it is called for every packet.
 */
static inline bool teredo_addr_is_tunnel(const struct in6_addr *addr)
{
	return addr->s6_addr16[0] == htons(0x2002) ||
	       (addr->s6_addr32[2] & htonl(0xfdffffff)) == htonl(0x00005efe);
}

/* Return true if @addr may be routed: not multicast, link-local, or in ::/64. */
static inline bool teredo_addr_is_routable(const struct in6_addr *addr)
{
	u32 a = ntohl(addr->s6_addr32[0]);

	if ((a >> 24) == 0xff || (a >> 22) == 0x3fa)
		return false;
	/* ::/64 has ::, ::1, and IPv4-mapped and -compatible addresses. */
	return a || addr->s6_addr32[1];
}

#endif /* TEREDO_ADDR_H */
