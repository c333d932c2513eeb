/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_ADDR_H
#define TEREDO_ADDR_H

#include "codec/wire.h"

/* What a Teredo address says (F-04). Addresses and port in network byte
 * order and in clear, flags in host byte order.
 */
struct teredo_addr {
	__be32 server;
	__be32 client;
	__be16 port;
	u16 flags;
};

/* Take a Teredo address apart; its prefix is the caller's business. */
void teredo_addr_unpack(struct teredo_addr *out, const struct in6_addr *addr);

/* Put a Teredo address with the first 32 bits of @prefix together. */
void teredo_addr_pack(struct in6_addr *out, const struct in6_addr *prefix,
		      const struct teredo_addr *in);

/* Link-local address with the interface identifier of a Teredo address
 * (F-13); in->server is not used.
 */
void teredo_addr_link_local(struct in6_addr *out, const struct teredo_addr *in);

/* Format test for a global unicast IPv4 address (F-50). Directed broadcast
 * addresses (F-51) need routing tables and are the caller's business.
 */
bool teredo_ipv4_is_global(__be32 addr);

/* True for a Teredo address whose two IPv4 addresses are global and whose
 * mapped port is not 0 (F-17). On return @out is filled in any case.
 */
bool teredo_addr_is_usable(struct teredo_addr *out, const struct in6_addr *addr);

bool teredo_addr_equal(const struct in6_addr *a, const struct in6_addr *b);
bool teredo_addr_is_link_local(const struct in6_addr *addr);	/* fe80::/10 */
bool teredo_addr_is_all_nodes(const struct in6_addr *addr);	/* ff02::1 */
bool teredo_addr_is_all_routers(const struct in6_addr *addr);	/* ff02::2 */

/* True if @addr has the form of an automatic tunnel of another kind, 6to4 or
 * ISATAP, so that it embeds an IPv4 address. For every packet.
 */
static inline bool teredo_addr_is_tunnel(const struct in6_addr *addr)
{
	return addr->s6_addr16[0] == htons(0x2002) ||
	       (addr->s6_addr32[2] & htonl(0xfdffffff)) == htonl(0x00005efe);
}

/* Global scope unicast: a source or destination that may be routed. */
static inline bool teredo_addr_is_routable(const struct in6_addr *addr)
{
	u32 a = ntohl(addr->s6_addr32[0]);

	if ((a >> 24) == 0xff || (a >> 22) == 0x3fa)
		return false;
	/* ::, ::1 and IPv4-mapped or -compatible addresses */
	return a || addr->s6_addr32[1];
}

#endif /* TEREDO_ADDR_H */
