// SPDX-License-Identifier: GPL-2.0
/* The parser of datagrams. Pure code: no allocation, every loop bounded by
 * the length of the input or by a constant.
 */
#include "codec/build.h"
#include "codec/parse.h"

#ifdef __KERNEL__
#include <linux/string.h>
#endif

static __be16 get_be16(const u8 *p)
{
	__be16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static __be32 get_be32(const u8 *p)
{
	__be32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

enum teredo_parse teredo_parse(struct teredo_packet *pkt, const u8 *head,
			       size_t head_len, size_t len)
{
	size_t off = 0;
	const u8 *ip6;

	memset(pkt, 0, sizeof(*pkt));
	if (head_len > len)
		head_len = len;

	/* Authentication, then origin, each at most once (F-23, F-24). */
	if (head_len >= 2 && head[0] == 0 && head[1] == 1) {
		size_t auth_len;

		if (head_len < 4)
			return TEREDO_PARSE_TRUNCATED;
		auth_len = TEREDO_AUTH_MIN + head[2] + head[3];
		if (head_len < auth_len)
			return TEREDO_PARSE_TRUNCATED;
		pkt->has_auth = true;
		pkt->id_len = head[2];
		pkt->au_len = head[3];
		pkt->auth = 0;
		pkt->nonce = 4 + head[2] + head[3];
		off = auth_len;
	}
	if (head_len >= off + 2 && head[off] == 0 && head[off + 1] == 0) {
		if (head_len < off + TEREDO_ORIGIN_LEN)
			return TEREDO_PARSE_TRUNCATED;
		pkt->has_origin = true;
		pkt->origin = off;
		pkt->origin_port = get_be16(head + off + 2) ^ htons(0xffff);
		pkt->origin_addr = get_be32(head + off + 4) ^
				   htonl(0xffffffff);
		off += TEREDO_ORIGIN_LEN;
	}

	if (head_len <= off)
		return TEREDO_PARSE_TRUNCATED;
	ip6 = head + off;
	if (ip6[0] >> 4 != 6)
		return TEREDO_PARSE_MALFORMED;
	if (head_len < off + TEREDO_IPV6_LEN)
		return TEREDO_PARSE_TRUNCATED;

	pkt->ipv6 = off;
	pkt->payload_len = ntohs(get_be16(ip6 + 4));
	if (len - off - TEREDO_IPV6_LEN < pkt->payload_len)
		return TEREDO_PARSE_TRUNCATED;
	pkt->nexthdr = ip6[6];
	pkt->hop_limit = ip6[7];
	memcpy(&pkt->saddr, ip6 + 8, sizeof(pkt->saddr));
	memcpy(&pkt->daddr, ip6 + 24, sizeof(pkt->daddr));
	return TEREDO_PARSE_OK;
}

static bool alternates_are_valid(const u8 *entry, unsigned int n)
{
	for (; n; n--, entry += 6) {
		u32 addr = ntohl(get_be32(entry));

		/* unicast, and no port 0 */
		if (addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 >= 14 ||
		    !get_be16(entry + 4))
			return false;
	}
	return true;
}

bool teredo_parse_trailers(struct teredo_trailers *out, const u8 *data,
			   size_t len)
{
	unsigned int count = 0;
	size_t off = 0;

	memset(out, 0, sizeof(*out));
	while (len - off >= 2 && count++ < TEREDO_TRAILERS_MAX) {
		const u8 *value = data + off + 2;
		u8 type = data[off], size = data[off + 1];

		if (len - off - 2 < size)
			break;
		switch (type) {
		case TEREDO_TRAILER_NONCE:
			if (size == 4) {
				out->has_nonce = true;
				memcpy(&out->nonce, value, 4);
			}
			break;
		case TEREDO_TRAILER_ALTERNATE:
			if (size < 8 || size > 26 || (size - 2) % 6 ||
			    !alternates_are_valid(value + 2, (size - 2) / 6)) {
				out->bad_alternate = true;
				break;
			}
			out->alternates = (size - 2) / 6;
			out->alternate = off + 4;
			break;
		case TEREDO_TRAILER_ND:
			if (size == 4) {
				out->has_nd = true;
				out->nd_type = value[0];
			}
			break;
		case 0x02:	/* the registry's number for it (D-01) */
		case TEREDO_TRAILER_PORT:
			if (size == 2)
				out->random_port = get_be16(value);
			break;
		default:
			if ((type & TEREDO_TRAILER_ACTION) ==
			    TEREDO_TRAILER_DISCARD)
				return false;
		}
		off += 2 + size;
	}
	return true;
}

bool teredo_icmp_is_valid(const struct teredo_packet *pkt, const u8 *icmp)
{
	return pkt->nexthdr == TEREDO_NEXTHDR_ICMPV6 &&
	       pkt->payload_len >= TEREDO_ICMP_LEN &&
	       !teredo_icmp_csum(&pkt->saddr, &pkt->daddr, icmp,
				 pkt->payload_len);
}

/* No option of length 0 and none past the end (RFC 4861 4.6). */
static bool options_are_valid(const u8 *opt, size_t len)
{
	while (len) {
		size_t size;

		if (len < 2)
			return false;
		size = opt[1] * 8;
		if (!size || size > len)
			return false;
		opt += size;
		len -= size;
	}
	return true;
}

bool teredo_is_solicitation(const struct teredo_packet *pkt, const u8 *icmp)
{
	return teredo_icmp_is_valid(pkt, icmp) && pkt->hop_limit == 255 &&
	       icmp[0] == TEREDO_ICMP_RS && icmp[1] == 0 &&
	       options_are_valid(icmp + 8, pkt->payload_len - 8);
}

bool teredo_parse_advert(struct teredo_advert *out,
			 const struct teredo_packet *pkt, const u8 *icmp)
{
	size_t len = pkt->payload_len, off;
	unsigned int prefixes = 0;

	memset(out, 0, sizeof(*out));
	if (len < 16 || !teredo_icmp_is_valid(pkt, icmp) ||
	    pkt->hop_limit != 255 || icmp[0] != TEREDO_ICMP_RA || icmp[1] ||
	    !options_are_valid(icmp + 16, len - 16))
		return false;

	for (off = 16; off < len; off += icmp[off + 1] * 8) {
		const u8 *opt = icmp + off;

		if (opt[0] == TEREDO_OPT_PREFIX) {
			if (opt[1] != 4 || opt[2] != 64)
				return false;
			memcpy(&out->prefix, opt + 16, sizeof(out->prefix));
			prefixes++;
		} else if (opt[0] == TEREDO_OPT_MTU) {
			if (opt[1] != 1)
				return false;
			out->mtu = ntohl(get_be32(opt + 4));
		}
	}
	return prefixes == 1;
}
