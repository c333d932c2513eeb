// SPDX-License-Identifier: GPL-2.0
/* Writers of control datagrams. No state, no allocation. */
#include "codec/build.h"

#include "codec/octets.h"

/* Add up words as they are in memory, so the sum has the byte order of memory (RFC 1071).
 * 65535 octets cannot overflow 64 bits.
 */
static u64 sum_octets(u64 sum, const u8 *p, size_t len)
{
	u16 last = 0;
	u32 word;

	for (; len >= sizeof(word); p += sizeof(word), len -= sizeof(word)) {
		memcpy(&word, p, sizeof(word));
		sum += word;
	}
	if (len >= sizeof(last)) {
		memcpy(&last, p, sizeof(last));
		sum += last;
		p += sizeof(last);
		len -= sizeof(last);
		last = 0;
	}
	memcpy(&last, p, len);
	return sum + last;
}

__be16 teredo_icmp_csum(const struct in6_addr *saddr,
			const struct in6_addr *daddr, const u8 *icmp,
			size_t len)
{
	u64 sum = (__force u32)htonl(len + TEREDO_NEXTHDR_ICMPV6);

	sum = sum_octets(sum, saddr->s6_addr, sizeof(*saddr));
	sum = sum_octets(sum, daddr->s6_addr, sizeof(*daddr));
	sum = sum_octets(sum, icmp, len);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 32) + (sum & 0xffffffff);
	sum = (sum >> 16) + (sum & 0xffff);
	sum = (sum >> 16) + (sum & 0xffff);
	return (__force __be16)(u16)~sum;
}

static void fill_icmp_csum(u8 *ip6, size_t len)
{
	struct in6_addr saddr, daddr;
	__be16 csum;

	memcpy(&saddr, ip6 + 8, sizeof(saddr));
	memcpy(&daddr, ip6 + 24, sizeof(daddr));
	csum = teredo_icmp_csum(&saddr, &daddr, ip6 + TEREDO_IPV6_LEN, len);
	memcpy(ip6 + TEREDO_IPV6_LEN + 2, &csum, sizeof(csum));
}

size_t teredo_build_origin(u8 *p, __be32 addr, __be16 port)
{
	p[0] = 0;
	p[1] = 0;
	teredo_put_be16(p + 2, ~ntohs(port));
	teredo_put_be32(p + 4, ~ntohl(addr));
	return TEREDO_ORIGIN_LEN;
}

size_t teredo_build_auth(u8 *p, const u8 *nonce, u8 confirmation)
{
	return teredo_build_auth_signed(p, NULL, 0, 0, nonce, confirmation);
}

size_t teredo_build_auth_signed(u8 *p, const u8 *id, u8 id_len, u8 au_len,
				const u8 *nonce, u8 confirmation)
{
	p[0] = 0;
	p[1] = 1;
	p[2] = id_len;
	p[3] = au_len;
	p += 4;
	if (id_len)
		memcpy(p, id, id_len);
	p += id_len;
	memset(p, 0, au_len);
	p += au_len;
	memcpy(p, nonce, TEREDO_NONCE_LEN);
	p[TEREDO_NONCE_LEN] = confirmation;
	return TEREDO_AUTH_MIN + id_len + au_len;
}

static void put_ipv6(u8 *p, const struct in6_addr *saddr,
		     const struct in6_addr *daddr, size_t payload_len,
		     u8 nexthdr, u8 hop_limit)
{
	teredo_put_be32(p, 0x60000000);
	teredo_put_be16(p + 4, payload_len);
	p[6] = nexthdr;
	p[7] = hop_limit;
	memcpy(p + 8, saddr, sizeof(*saddr));
	memcpy(p + 24, daddr, sizeof(*daddr));
}

size_t teredo_build_bubble(u8 *p, const struct in6_addr *saddr,
			   const struct in6_addr *daddr)
{
	put_ipv6(p, saddr, daddr, 0, TEREDO_NEXTHDR_NONE, 255);
	return TEREDO_IPV6_LEN;
}

size_t teredo_build_discovery(u8 *p, const struct in6_addr *saddr)
{
	static const struct in6_addr all_nodes = {
		.s6_addr = { [0] = 0xff, [1] = 2, [15] = 1 },
	};

	put_ipv6(p, saddr, &all_nodes, 0, TEREDO_NEXTHDR_NONE, 1);
	return TEREDO_IPV6_LEN;
}

size_t teredo_build_solicitation(u8 *p, const struct in6_addr *saddr)
{
	static const struct in6_addr all_routers = {
		.s6_addr = { [0] = 0xff, [1] = 2, [15] = 2 },
	};

	put_ipv6(p, saddr, &all_routers, 8, TEREDO_NEXTHDR_ICMPV6, 255);
	memset(p + TEREDO_IPV6_LEN, 0, 8);
	p[TEREDO_IPV6_LEN] = TEREDO_ICMP_RS;
	fill_icmp_csum(p, 8);
	return TEREDO_RS_LEN;
}

size_t teredo_build_advert(u8 *p, const struct in6_addr *saddr,
			   const struct in6_addr *daddr,
			   const struct in6_addr *prefix, u32 mtu)
{
	u8 *icmp = p + TEREDO_IPV6_LEN, *opt = icmp + 16;

	put_ipv6(p, saddr, daddr, TEREDO_RA_LEN - TEREDO_IPV6_LEN,
		 TEREDO_NEXTHDR_ICMPV6, 255);

	/* Router lifetime 0: the client decides about its route. */
	memset(icmp, 0, 16);
	icmp[0] = TEREDO_ICMP_RA;
	teredo_put_be32(icmp + 12, 2000);		/* retransmit timer, ms */

	memset(opt, 0, 32);
	opt[0] = TEREDO_OPT_PREFIX;
	opt[1] = 4;
	opt[2] = 64;
	opt[3] = 0x40;				/* A set, L clear */
	teredo_put_be32(opt + 4, 0xffffffff);
	teredo_put_be32(opt + 8, 0xffffffff);
	memcpy(opt + 16, prefix, 8);

	opt += 32;
	opt[0] = TEREDO_OPT_MTU;
	opt[1] = 1;
	teredo_put_be16(opt + 2, 0);
	teredo_put_be32(opt + 4, mtu);

	fill_icmp_csum(p, TEREDO_RA_LEN - TEREDO_IPV6_LEN);
	return TEREDO_RA_LEN;
}

size_t teredo_build_echo(u8 *p, const struct in6_addr *saddr,
			 const struct in6_addr *daddr, const u8 *nonce)
{
	u8 *icmp = p + TEREDO_IPV6_LEN;

	/* Other implementations use a low hop limit and do not reach some hosts (F-34). */
	put_ipv6(p, saddr, daddr, TEREDO_ICMP_LEN + TEREDO_NONCE_LEN,
		 TEREDO_NEXTHDR_ICMPV6, 128);
	memset(icmp, 0, TEREDO_ICMP_LEN);
	icmp[0] = TEREDO_ICMP_ECHO_REQUEST;
	/* Identifier and sequence number are the first half of the nonce, so that relays
	 * and firewalls that track echoes can tell tests apart.
	 */
	memcpy(icmp + 4, nonce, 4);
	memcpy(icmp + TEREDO_ICMP_LEN, nonce, TEREDO_NONCE_LEN);
	fill_icmp_csum(p, TEREDO_ICMP_LEN + TEREDO_NONCE_LEN);
	return TEREDO_ECHO_LEN;
}
