// SPDX-License-Identifier: GPL-2.0
/* kernel/codec/parse.c reads what kernel/codec/build.c writes, for all arguments. */
#include "codec/build.h"
#include "fuzz.h"
#include "codec/parse.h"

/* A datagram and its parts, in memory of exactly its length */
struct datagram {
	u8 *data;
	size_t len;
};

static u8 *grow(struct datagram *d, size_t by)
{
	d->data = realloc(d->data, d->len + by);
	d->len += by;
	return d->data + d->len - by;
}

static struct in6_addr take_address(struct input *in)
{
	struct in6_addr addr;

	take(in, &addr, sizeof(addr));
	return addr;
}

static void parsed(const struct datagram *d, struct teredo_packet *pkt)
{
	must(teredo_parse(pkt, d->data, d->len, d->len) == TEREDO_PARSE_OK);
	must(pkt->ipv6 + TEREDO_IPV6_LEN + pkt->payload_len == d->len);
}

static void test_address(struct input *in)
{
	struct in6_addr prefix = take_address(in), addr, link_local;
	struct teredo_addr parts, again;

	take(in, &parts, sizeof(parts));
	teredo_addr_pack(&addr, &prefix, &parts);
	must(addr.s6_addr32[0] == prefix.s6_addr32[0]);
	teredo_addr_unpack(&again, &addr);
	must(!memcmp(&parts, &again, sizeof(parts)));
	teredo_addr_link_local(&link_local, &parts);
	must(teredo_addr_is_link_local(&link_local));
	must(!memcmp(&link_local.s6_addr[8], &addr.s6_addr[8], 8));
}

/* Append the inner packet, of one of five kinds. */
static void put_inner(struct datagram *d, struct input *in,
		      const struct in6_addr *saddr, const struct in6_addr *daddr,
		      u8 *nonce, u32 *mtu, u8 kind)
{
	size_t len;

	switch (kind) {
	case 0:
		len = teredo_build_bubble(grow(d, TEREDO_IPV6_LEN), saddr, daddr);
		must(len == TEREDO_IPV6_LEN);
		break;
	case 1:
		len = teredo_build_discovery(grow(d, TEREDO_IPV6_LEN), saddr);
		must(len == TEREDO_IPV6_LEN);
		break;
	case 2:
		len = teredo_build_solicitation(grow(d, TEREDO_RS_LEN), saddr);
		must(len == TEREDO_RS_LEN);
		break;
	case 3:
		*mtu = take32(in);
		len = teredo_build_advert(grow(d, TEREDO_RA_LEN), saddr, daddr,
					  saddr, *mtu);
		must(len == TEREDO_RA_LEN);
		break;
	default:
		take(in, nonce, TEREDO_NONCE_LEN);
		len = teredo_build_echo(grow(d, TEREDO_ECHO_LEN), saddr, daddr,
					nonce);
		must(len == TEREDO_ECHO_LEN);
	}
}

static void check_inner(const struct teredo_packet *pkt, const u8 *icmp,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr, const u8 *nonce, u32 mtu,
			u8 kind)
{
	struct teredo_advert advert;

	must(teredo_addr_equal(&pkt->saddr, saddr));
	must(teredo_is_bubble(pkt) == (kind < 2));
	must(kind < 2 || teredo_icmp_is_valid(pkt, icmp));
	must(teredo_is_solicitation(pkt, icmp) == (kind == 2));
	must(teredo_parse_advert(&advert, pkt, icmp) == (kind == 3));
	if (kind == 1)
		must(teredo_addr_is_all_nodes(&pkt->daddr));
	else if (kind == 2)
		must(teredo_addr_is_all_routers(&pkt->daddr));
	else
		must(teredo_addr_equal(&pkt->daddr, daddr));
	if (kind == 3)
		must(advert.mtu == mtu && !memcmp(&advert.prefix, saddr, 8));
	if (kind > 3)
		must(!memcmp(icmp + TEREDO_ICMP_LEN, nonce, TEREDO_NONCE_LEN));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct datagram d = { 0 };
	u8 how = take8(&in), kind = (how >> 2) % 5;
	bool has_auth = how & 1, has_origin = how & 2;
	u8 id_len = 0, au_len = 0, confirmation = 0, id[256];
	u8 nonce[TEREDO_NONCE_LEN] = "", echoed[TEREDO_NONCE_LEN] = "";
	struct in6_addr saddr, daddr;
	struct teredo_packet pkt;
	__be32 addr = 0;
	__be16 port = 0;
	u32 mtu = 0;

	test_address(&in);
	if (has_auth) {
		id_len = take8(&in);
		au_len = take8(&in);
		confirmation = take8(&in);
		take(&in, id, id_len);
		take(&in, nonce, sizeof(nonce));
		teredo_build_auth_signed(grow(&d, TEREDO_AUTH_MIN + id_len + au_len),
					 id, id_len, au_len, nonce, confirmation);
	}
	if (has_origin) {
		addr = take32(&in);
		port = take16(&in);
		teredo_build_origin(grow(&d, TEREDO_ORIGIN_LEN), addr, port);
	}
	saddr = take_address(&in);
	daddr = take_address(&in);
	put_inner(&d, &in, &saddr, &daddr, echoed, &mtu, kind);

	parsed(&d, &pkt);
	must(pkt.has_auth == has_auth && pkt.has_origin == has_origin);
	must(pkt.id_len == id_len && pkt.au_len == au_len);
	must(!has_auth || (!memcmp(d.data + pkt.auth + 4, id, id_len) &&
			   !memcmp(d.data + pkt.nonce, nonce, sizeof(nonce)) &&
			   d.data[pkt.nonce + TEREDO_NONCE_LEN] == confirmation));
	must(pkt.origin_addr == addr && pkt.origin_port == port);
	check_inner(&pkt, d.data + pkt.ipv6 + TEREDO_IPV6_LEN, &saddr, &daddr,
		    echoed, mtu, kind);
	free(d.data);
	return 0;
}
