// SPDX-License-Identifier: GPL-2.0
/* Teredo addresses and the IPv4 addresses inside them. No state, no allocation. */
#include "codec/addr.h"

#ifdef __KERNEL__
#include <linux/string.h>
#endif

void teredo_addr_unpack(struct teredo_addr *out, const struct in6_addr *addr)
{
	__be16 half[2];

	out->server = addr->s6_addr32[1];
	memcpy(half, &addr->s6_addr32[2], sizeof(half));
	out->flags = ntohs(half[0]);
	out->port = half[1] ^ htons(0xffff);
	out->client = addr->s6_addr32[3] ^ htonl(0xffffffff);
}

static void pack_id(struct in6_addr *out, const struct teredo_addr *in)
{
	__be16 half[2] = { htons(in->flags), in->port ^ htons(0xffff) };

	memcpy(&out->s6_addr32[2], half, sizeof(half));
	out->s6_addr32[3] = in->client ^ htonl(0xffffffff);
}

void teredo_addr_pack(struct in6_addr *out, const struct in6_addr *prefix,
		      const struct teredo_addr *in)
{
	out->s6_addr32[0] = prefix->s6_addr32[0];
	out->s6_addr32[1] = in->server;
	pack_id(out, in);
}

void teredo_addr_link_local(struct in6_addr *out, const struct teredo_addr *in)
{
	out->s6_addr32[0] = htonl(0xfe800000);
	out->s6_addr32[1] = 0;
	pack_id(out, in);
}

bool teredo_ipv4_is_global(__be32 addr)
{
	u32 a = ntohl(addr);

	switch (a >> 24) {
	case 0:
	case 10:
	case 127:
		return false;
	case 169:
		return (a >> 16) != 0xa9fe;	/* 169.254.0.0/16 */
	case 172:
		return (a >> 20) != 0xac1;	/* 172.16.0.0/12 */
	case 192:
		return (a >> 16) != 0xc0a8 &&	/* 192.168.0.0/16 */
		       (a >> 8) != 0xc05863;	/* 192.88.99.0/24 */
	}
	/* 224.0.0.0/4 and 255.255.255.255; the rest of 240.0.0.0/4 passes
	 * (F-50).
	 */
	return (a >> 28) != 14 && a != 0xffffffff;
}

bool teredo_addr_is_usable(struct teredo_addr *out, const struct in6_addr *addr)
{
	teredo_addr_unpack(out, addr);
	return out->port && teredo_ipv4_is_global(out->client) &&
	       teredo_ipv4_is_global(out->server);
}

bool teredo_addr_equal(const struct in6_addr *a, const struct in6_addr *b)
{
	return !memcmp(a, b, sizeof(*a));
}

bool teredo_addr_is_link_local(const struct in6_addr *addr)
{
	return (ntohl(addr->s6_addr32[0]) >> 22) == 0x3fa;
}

/* Return true if @addr is ff02::@group. */
static bool is_on_link_group(const struct in6_addr *addr, u32 group)
{
	return addr->s6_addr32[0] == htonl(0xff020000) &&
	       !addr->s6_addr32[1] && !addr->s6_addr32[2] &&
	       addr->s6_addr32[3] == htonl(group);
}

bool teredo_addr_is_all_nodes(const struct in6_addr *addr)
{
	return is_on_link_group(addr, 1);
}

bool teredo_addr_is_all_routers(const struct in6_addr *addr)
{
	return is_on_link_group(addr, 2);
}
