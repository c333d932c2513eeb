/* SPDX-License-Identifier: GPL-2.0 */
/* Writers of control datagrams, the counterpart of parse.h. Each writes at @p, where the
 * caller provides enough room, and returns the number of octets written. Addresses and
 * ports are in network byte order.
 */
#ifndef TEREDO_BUILD_H
#define TEREDO_BUILD_H

#include "codec/addr.h"

/* Return the Internet checksum of the ICMPv6 message @icmp of @len octets with its
 * pseudo-header, in network byte order: the value for the checksum field if that is 0 now,
 * and 0 if the message has the right checksum.
 */
__be16 teredo_icmp_csum(const struct in6_addr *saddr,
			const struct in6_addr *daddr, const u8 *icmp,
			size_t len);

/* Origin indication (F-20): TEREDO_ORIGIN_LEN octets. @addr and @port are in clear. */
size_t teredo_build_origin(u8 *p, __be32 addr, __be16 port);

/* Authentication without identifier and value (F-22): TEREDO_AUTH_MIN octets. */
size_t teredo_build_auth(u8 *p, const u8 *nonce, u8 confirmation);

/* Authentication with the identifier @id of 1 to 255 octets (F-21). The caller fills in the
 * authentication value, @au_len octets at @p + 4 + @id_len. The value covers everything
 * from the nonce, which follows it, to the end of the IPv6 packet (C-28).
 */
size_t teredo_build_auth_signed(u8 *p, const u8 *id, u8 id_len, u8 au_len,
				const u8 *nonce, u8 confirmation);

/* Bubble (F-28): TEREDO_IPV6_LEN octets. */
size_t teredo_build_bubble(u8 *p, const struct in6_addr *saddr,
			   const struct in6_addr *daddr);

/* Discovery bubble from @saddr to ff02::1 (C-84): TEREDO_IPV6_LEN octets. */
size_t teredo_build_discovery(u8 *p, const struct in6_addr *saddr);

/* Router Solicitation from @saddr to ff02::2 (F-32): TEREDO_RS_LEN octets. */
size_t teredo_build_solicitation(u8 *p, const struct in6_addr *saddr);

/* Router Advertisement of the server's 64-bit @prefix with @mtu (F-33):
 * TEREDO_RA_LEN octets.
 */
size_t teredo_build_advert(u8 *p, const struct in6_addr *saddr,
			   const struct in6_addr *daddr,
			   const struct in6_addr *prefix, u32 mtu);

/* Echo Request with the 8-octet @nonce as data (F-34): TEREDO_ECHO_LEN octets. */
size_t teredo_build_echo(u8 *p, const struct in6_addr *saddr,
			 const struct in6_addr *daddr, const u8 *nonce);

#endif /* TEREDO_BUILD_H */
