// SPDX-License-Identifier: GPL-2.0
/* The parser of datagrams. No state, no allocation; every loop is bounded by the length of
 * the input or by a constant.
 */
#include "codec/parse.h"

#include "codec/build.h"
#include "codec/octets.h"

/* Authentication, then origin, each at most once (F-23, F-24). @off moves behind them. */
static enum teredo_parse parse_elements(struct teredo_packet *pkt, const u8 *head,
					size_t head_len, size_t *off)
{
	size_t at = 0;

	if (head_len >= 2 && head[1] == 1) {
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
		at = auth_len;
	}
	if (head_len >= at + 2 && head[at] == 0 && head[at + 1] == 0) {
		if (head_len < at + TEREDO_ORIGIN_LEN)
			return TEREDO_PARSE_TRUNCATED;
		pkt->has_origin = true;
		pkt->origin = at;
		pkt->origin_port = teredo_get_be16(head + at + 2) ^ htons(0xffff);
		pkt->origin_addr = teredo_get_be32(head + at + 4) ^ htonl(0xffffffff);
		at += TEREDO_ORIGIN_LEN;
	}
	*off = at;
	return TEREDO_PARSE_OK;
}

enum teredo_parse teredo_parse(struct teredo_packet *pkt, const u8 *head,
			       size_t head_len, size_t len)
{
	size_t off = 0;
	const u8 *ip6;

	memset(pkt, 0, offsetof(struct teredo_packet, saddr));
	if (head_len > len)
		head_len = len;

	if (head_len && !head[0]) {
		enum teredo_parse err = parse_elements(pkt, head, head_len, &off);

		if (err != TEREDO_PARSE_OK)
			return err;
	}
	if (head_len <= off)
		return TEREDO_PARSE_TRUNCATED;
	ip6 = head + off;
	if (ip6[0] >> 4 != 6)
		return TEREDO_PARSE_MALFORMED;
	if (head_len < off + TEREDO_IPV6_LEN)
		return TEREDO_PARSE_TRUNCATED;

	pkt->ipv6 = off;
	pkt->payload_len = ntohs(teredo_get_be16(ip6 + 4));
	if (len - off - TEREDO_IPV6_LEN < pkt->payload_len)
		return TEREDO_PARSE_TRUNCATED;
	pkt->nexthdr = ip6[6];
	pkt->hop_limit = ip6[7];
	memcpy(&pkt->saddr, ip6 + 8, sizeof(pkt->saddr));
	memcpy(&pkt->daddr, ip6 + 24, sizeof(pkt->daddr));
	return TEREDO_PARSE_OK;
}

bool teredo_icmp_is_valid(const struct teredo_packet *pkt, const u8 *icmp)
{
	return pkt->nexthdr == TEREDO_NEXTHDR_ICMPV6 &&
	       pkt->payload_len >= TEREDO_ICMP_LEN &&
	       !teredo_icmp_csum(&pkt->saddr, &pkt->daddr, icmp,
				 pkt->payload_len);
}

/* Return true if no option has the length 0, and none ends past @len (RFC 4861 4.6). */
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
			out->mtu = ntohl(teredo_get_be32(opt + 4));
		}
	}
	return prefixes == 1;
}
