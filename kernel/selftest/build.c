// SPDX-License-Identifier: GPL-2.0
/* KUnit: build.c, read back by parse.c. Each datagram is written into exactly as much
 * memory as it is documented to need, so that KASAN reports one octet too many.
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <net/ip6_checksum.h>

#include "codec/build.c"
#include "codec/parse.h"

static const struct in6_addr one = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
static const struct in6_addr two = { .s6_addr = { 0x20, 1, 0, 0, 203, 0, 113, 1, [15] = 2 } };
static const u8 nonce[TEREDO_NONCE_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* Allocate exactly @len octets for a datagram. */
static u8 *room(struct kunit *test, size_t len)
{
	u8 *p = kunit_kmalloc(test, len, GFP_KERNEL);

	KUNIT_ASSERT_NOT_ERR_OR_NULL(test, p);
	memset(p, 0xa5, len);
	return p;
}

/* Parse a datagram, which has to be valid, and exactly @len octets long. */
static void parsed(struct kunit *test, struct teredo_packet *pkt, const u8 *p, size_t len)
{
	KUNIT_ASSERT_EQ(test, (int)teredo_parse(pkt, p, len, len), (int)TEREDO_PARSE_OK);
	KUNIT_EXPECT_EQ(test, (size_t)pkt->ipv6 + TEREDO_IPV6_LEN + pkt->payload_len, len);
}

static void bubble(struct kunit *test)
{
	u8 *p = room(test, TEREDO_IPV6_LEN);
	struct teredo_packet pkt;

	KUNIT_EXPECT_EQ(test, teredo_build_bubble(p, &one, &two), (size_t)TEREDO_IPV6_LEN);
	parsed(test, &pkt, p, TEREDO_IPV6_LEN);
	KUNIT_EXPECT_TRUE(test, teredo_is_bubble(&pkt));
	KUNIT_EXPECT_TRUE(test, teredo_addr_equal(&pkt.saddr, &one));
	KUNIT_EXPECT_TRUE(test, teredo_addr_equal(&pkt.daddr, &two));
}

static void solicitation(struct kunit *test)
{
	const size_t len = TEREDO_AUTH_MIN + TEREDO_RS_LEN;
	u8 *p = room(test, len);
	struct teredo_packet pkt;
	struct in6_addr saddr = { .s6_addr = { 0xfe, 0x80, [15] = 9 } };

	KUNIT_EXPECT_EQ(test, teredo_build_auth(p, nonce, 1), (size_t)TEREDO_AUTH_MIN);
	KUNIT_EXPECT_EQ(test, teredo_build_solicitation(p + TEREDO_AUTH_MIN, &saddr),
			(size_t)TEREDO_RS_LEN);
	parsed(test, &pkt, p, len);
	KUNIT_EXPECT_TRUE(test, pkt.has_auth);
	KUNIT_EXPECT_EQ(test, memcmp(p + pkt.nonce, nonce, sizeof(nonce)), 0);
	KUNIT_EXPECT_EQ(test, (int)p[pkt.nonce + TEREDO_NONCE_LEN], 1);
	KUNIT_EXPECT_TRUE(test, teredo_addr_is_all_routers(&pkt.daddr));
	KUNIT_EXPECT_TRUE(test, teredo_is_solicitation(&pkt, p + pkt.ipv6 + TEREDO_IPV6_LEN));
}

static void advert(struct kunit *test)
{
	const size_t len = TEREDO_ORIGIN_LEN + TEREDO_RA_LEN;
	u8 *p = room(test, len);
	struct teredo_advert ra;
	struct teredo_packet pkt;
	const u8 *icmp;

	KUNIT_EXPECT_EQ(test, teredo_build_origin(p, htonl(0xc633640a), htons(4096)),
			(size_t)TEREDO_ORIGIN_LEN);
	KUNIT_EXPECT_EQ(test, teredo_build_advert(p + TEREDO_ORIGIN_LEN, &one, &two, &two, 1280),
			(size_t)TEREDO_RA_LEN);
	parsed(test, &pkt, p, len);
	KUNIT_EXPECT_TRUE(test, pkt.has_origin);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.origin_addr), 0xc633640aU);
	KUNIT_EXPECT_EQ(test, (int)ntohs(pkt.origin_port), 4096);

	icmp = p + pkt.ipv6 + TEREDO_IPV6_LEN;
	KUNIT_ASSERT_TRUE(test, teredo_parse_advert(&ra, &pkt, icmp));
	KUNIT_EXPECT_EQ(test, ra.mtu, 1280U);
	KUNIT_EXPECT_EQ(test, memcmp(&ra.prefix, &two, 8), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(&ra.prefix.s6_addr[8], 0, 8));
	p[len - 1] ^= 1;
	KUNIT_EXPECT_FALSE(test, teredo_parse_advert(&ra, &pkt, icmp));
}

/* Compare the checksum with that of the kernel. */
static void echo(struct kunit *test)
{
	u8 *p = room(test, TEREDO_ECHO_LEN), *icmp = p + TEREDO_IPV6_LEN;
	const unsigned int len = TEREDO_ECHO_LEN - TEREDO_IPV6_LEN;
	struct teredo_packet pkt;

	KUNIT_EXPECT_EQ(test, teredo_build_echo(p, &one, &two, nonce), (size_t)TEREDO_ECHO_LEN);
	parsed(test, &pkt, p, TEREDO_ECHO_LEN);
	KUNIT_EXPECT_TRUE(test, teredo_icmp_is_valid(&pkt, icmp));
	KUNIT_EXPECT_EQ(test, (int)icmp[0], TEREDO_ICMP_ECHO_REQUEST);
	KUNIT_EXPECT_EQ(test, memcmp(icmp + TEREDO_ICMP_LEN, nonce, sizeof(nonce)), 0);
	KUNIT_EXPECT_EQ(test, (int)csum_ipv6_magic(&one, &two, len, IPPROTO_ICMPV6,
						   csum_partial(icmp, len, 0)), 0);
}

/* Compare with the kernel for all lengths, odd ones included, and with many carries. */
static void checksum(struct kunit *test)
{
	unsigned int len;

	for (len = 0; len < 300; len++) {
		u8 *p = kunit_kmalloc(test, len, GFP_KERNEL);
		__sum16 theirs;
		__be16 ours;

		KUNIT_ASSERT_NOT_NULL(test, p);
		get_random_bytes(p, len);
		if (len % 3 == 0)
			memset(p, 0xff, len);
		ours = teredo_icmp_csum(&one, &two, p, len);
		theirs = csum_ipv6_magic(&one, &two, len, IPPROTO_ICMPV6,
					 csum_partial(p, len, 0));
		KUNIT_EXPECT_EQ_MSG(test, (__force u16)ours, (__force u16)theirs, "%u", len);
		kunit_kfree(test, p);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(bubble),
	KUNIT_CASE(solicitation),
	KUNIT_CASE(advert),
	KUNIT_CASE(echo),
	KUNIT_CASE(checksum),
	{}
};

static struct kunit_suite suite = { .name = "teredo-build", .test_cases = cases };

kunit_test_suite(suite);
