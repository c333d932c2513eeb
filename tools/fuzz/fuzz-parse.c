// SPDX-License-Identifier: GPL-2.0
/* Datagrams for kernel/codec/parse.c. The first octet of the input says what the rest is, and
 * whether its checksum is corrected, so that the parser gets further.
 */
#include "codec/build.h"
#include "fuzz.h"
#include "codec/parse.h"
#include "codec/trailer.h"

enum {
	FIX_CHECKSUM	= 1,
	TRAILERS_ONLY	= 2,
};

/* The first octets are enough to parse a datagram. */
static void parse_head(const struct teredo_packet *whole,
		       enum teredo_parse verdict, const u8 *data, size_t len)
{
	size_t head_len = len < TEREDO_HEADERS_MAX ? len : TEREDO_HEADERS_MAX;
	struct teredo_packet pkt;
	u8 *head = copy_of(data, head_len);

	must(teredo_parse(&pkt, head, head_len, len) == verdict);
	/* Padding is zeroed, too. */
	must(verdict != TEREDO_PARSE_OK ||
	     !memcmp((u8 *)&pkt, (const u8 *)whole, sizeof(pkt)));
	free(head);
}

/* Building the elements again gives the same octets. */
static void rebuild(const struct teredo_packet *pkt, const u8 *data)
{
	u8 buf[TEREDO_AUTH_MAX + TEREDO_ORIGIN_LEN];
	size_t len = 0;

	if (pkt->has_auth) {
		must(pkt->auth == 0);
		must(pkt->nonce == 4 + pkt->id_len + pkt->au_len);
		len = teredo_build_auth_signed(buf, data + 4, pkt->id_len,
					       pkt->au_len, data + pkt->nonce,
					       data[pkt->nonce + TEREDO_NONCE_LEN]);
		memcpy(buf + 4 + pkt->id_len, data + 4 + pkt->id_len,
		       pkt->au_len);
	}
	if (pkt->has_origin) {
		must(pkt->origin == len);
		len += teredo_build_origin(buf + len, pkt->origin_addr,
					   pkt->origin_port);
	}
	must(pkt->ipv6 == len);
	must(!memcmp(buf, data, len));
}

static void check_address(const struct in6_addr *addr)
{
	struct teredo_addr parts;
	struct in6_addr again;

	if (teredo_addr_is_usable(&parts, addr))
		must(parts.port && teredo_ipv4_is_global(parts.client) &&
		     teredo_ipv4_is_global(parts.server));
	teredo_addr_pack(&again, addr, &parts);
	must(teredo_addr_equal(addr, &again));
	must(!teredo_addr_is_link_local(addr) || !teredo_addr_is_routable(addr));
	teredo_addr_is_tunnel(addr);
}

static void check_trailers(const u8 *data, size_t len)
{
	u8 *copy = copy_of(data, len);
	struct teredo_trailers t;
	unsigned int i;

	if (teredo_parse_trailers(&t, copy, len)) {
		must(t.alternates <= 4);
		must(!t.alternates ||
		     t.alternate + 6u * t.alternates <= len);
		for (i = 0; i < t.alternates; i++)
			must(copy[t.alternate + 6 * i] &&
			     copy[t.alternate + 6 * i] < 224);
	}
	free(copy);
}

static void check_message(const struct teredo_packet *pkt, const u8 *icmp)
{
	u8 again[TEREDO_RA_LEN], *copy = copy_of(icmp, pkt->payload_len);
	struct teredo_advert advert;
	struct teredo_packet built;

	if (teredo_is_solicitation(pkt, copy))
		must(teredo_icmp_is_valid(pkt, copy) &&
		     !teredo_parse_advert(&advert, pkt, copy));
	if (teredo_parse_advert(&advert, pkt, copy)) {
		struct in6_addr prefix = advert.prefix;
		u32 mtu = advert.mtu;

		/* Building it again gives the same values. */
		teredo_build_advert(again, &pkt->saddr, &pkt->daddr, &prefix,
				    mtu);
		must(teredo_parse(&built, again, sizeof(again),
				  sizeof(again)) == TEREDO_PARSE_OK);
		must(teredo_parse_advert(&advert, &built,
					 again + TEREDO_IPV6_LEN));
		must(!memcmp(&advert.prefix, &prefix, 8));
		must(advert.mtu == mtu);
	}
	free(copy);
}

static void fix_checksum(const struct teredo_packet *pkt, u8 *icmp)
{
	__be16 csum;

	memset(icmp + 2, 0, 2);
	csum = teredo_icmp_csum(&pkt->saddr, &pkt->daddr, icmp,
				pkt->payload_len);
	memcpy(icmp + 2, &csum, sizeof(csum));
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	enum teredo_parse verdict;
	struct teredo_packet pkt;
	u8 *data, how;
	size_t end;

	if (!size)
		return 0;
	how = *input++;
	size--;
	if (how & TRAILERS_ONLY) {
		check_trailers(input, size);
		return 0;
	}
	data = copy_of(input, size);
	verdict = teredo_parse(&pkt, data, size, size);
	parse_head(&pkt, verdict, data, size);
	if (verdict == TEREDO_PARSE_OK) {
		end = pkt.ipv6 + TEREDO_IPV6_LEN + pkt.payload_len;
		must(end <= size);
		rebuild(&pkt, data);
		check_address(&pkt.saddr);
		check_address(&pkt.daddr);
		if (how & FIX_CHECKSUM && pkt.payload_len >= TEREDO_ICMP_LEN)
			fix_checksum(&pkt, data + end - pkt.payload_len);
		check_message(&pkt, data + end - pkt.payload_len);
		must(!teredo_is_bubble(&pkt) || !pkt.payload_len);
		check_trailers(data + end, size - end);
	}
	free(data);
	return 0;
}
