// SPDX-License-Identifier: GPL-2.0
/* KUnit: parse.c. What is parsed is in an allocation of exactly its length, so that KASAN
 * reports every octet that is read behind it.
 */
#include <kunit/test.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "codec/build.h"
#include "codec/trailer.h"
#include "codec/parse.c"

static const struct in6_addr one = { .s6_addr = { 0x20, 1, 0xd, 0xb8, [15] = 1 } };
static const struct in6_addr two = { .s6_addr = { 0x20, 1, 0, 0, 203, 0, 113, 1, [15] = 2 } };
static const u8 nonce[TEREDO_NONCE_LEN] = { 1, 2, 3, 4, 5, 6, 7, 8 };

/* Call teredo_parse() for a copy of exactly @len octets. */
static enum teredo_parse parse(struct kunit *test, struct teredo_packet *pkt, const u8 *data,
			       size_t len)
{
	u8 *copy = kmemdup(data, len, GFP_KERNEL);
	enum teredo_parse ret;

	KUNIT_ASSERT_NOT_NULL(test, copy);
	ret = teredo_parse(pkt, copy, len, len);
	kfree(copy);
	return ret;
}

/* Write authentication with identifier and value, an origin, and an IPv6 packet. */
static size_t everything(u8 *p)
{
	size_t len = 0;

	memcpy(p, "\0\1\3\5idxvalue", 12);
	memcpy(p + 12, nonce, sizeof(nonce));
	p[20] = 7;
	len = 21;
	len += teredo_build_origin(p + len, htonl(0xc633640a), htons(4096));
	len += teredo_build_echo(p + len, &one, &two, nonce);
	return len;
}

static void elements(struct kunit *test)
{
	u8 p[256];
	size_t len = everything(p);
	struct teredo_packet pkt;

	KUNIT_ASSERT_EQ(test, (int)parse(test, &pkt, p, len), (int)TEREDO_PARSE_OK);
	KUNIT_EXPECT_TRUE(test, pkt.has_auth && pkt.has_origin);
	KUNIT_EXPECT_EQ(test, (int)pkt.id_len, 3);
	KUNIT_EXPECT_EQ(test, (int)pkt.au_len, 5);
	KUNIT_EXPECT_EQ(test, memcmp(p + pkt.nonce, nonce, sizeof(nonce)), 0);
	KUNIT_EXPECT_EQ(test, ntohl(pkt.origin_addr), 0xc633640aU);
	KUNIT_EXPECT_EQ(test, (int)ntohs(pkt.origin_port), 4096);
	KUNIT_EXPECT_EQ(test, (int)pkt.ipv6, 21 + TEREDO_ORIGIN_LEN);
	KUNIT_EXPECT_EQ(test, (int)pkt.payload_len, TEREDO_ECHO_LEN - TEREDO_IPV6_LEN);
	KUNIT_EXPECT_EQ(test, (int)pkt.nexthdr, TEREDO_NEXTHDR_ICMPV6);
	KUNIT_EXPECT_FALSE(test, teredo_is_bubble(&pkt));
}

static void truncations(struct kunit *test)
{
	u8 p[256];
	size_t len = everything(p), n;
	struct teredo_packet pkt;

	for (n = 0; n < len; n++)
		KUNIT_EXPECT_NE_MSG(test, (int)parse(test, &pkt, p, n), (int)TEREDO_PARSE_OK,
				    "%zu of %zu", n, len);
}

static void not_teredo(struct kunit *test)
{
	static const u8 starts[][2] = {
		{ 0, 2 }, { 0, 255 }, { 1, 0 }, { 0x45, 0 }, { 0x50, 0 }, { 0xff, 0xff },
	};
	struct teredo_packet pkt;
	u8 p[256];
	unsigned int i;
	size_t len;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		len = teredo_build_bubble(p, &one, &two);
		memcpy(p, starts[i], 2);
		KUNIT_EXPECT_EQ(test, (int)parse(test, &pkt, p, len),
				(int)TEREDO_PARSE_MALFORMED);
	}
	/* elements in the wrong order, or twice (F-23, F-24) */
	len = teredo_build_origin(p, htonl(0xc633640a), htons(4096));
	len += teredo_build_auth(p + len, nonce, 0);
	len += teredo_build_bubble(p + len, &one, &two);
	KUNIT_EXPECT_EQ(test, (int)parse(test, &pkt, p, len), (int)TEREDO_PARSE_MALFORMED);
	len = teredo_build_auth(p, nonce, 0);
	len += teredo_build_auth(p + len, nonce, 0);
	len += teredo_build_bubble(p + len, &one, &two);
	KUNIT_EXPECT_EQ(test, (int)parse(test, &pkt, p, len), (int)TEREDO_PARSE_MALFORMED);
}

/* Change, remove or append a few octets. */
static void mutate(u8 *p, size_t *len, size_t max)
{
	unsigned int n = get_random_u32() % 4;

	while (n--) {
		switch (get_random_u32() % 3) {
		case 0:
			if (*len)
				p[get_random_u32() % *len] = get_random_u32();
			break;
		case 1:
			*len = get_random_u32() % (*len + 1);
			break;
		default:
			while (*len < max && get_random_u32() % 16)
				p[(*len)++] = get_random_u32();
		}
	}
}

/* Whatever the data is, the parser's offsets and lengths stay within it. */
static void anything(struct kunit *test)
{
	unsigned int i, accepted = 0;

	for (i = 0; i < 10000; i++) {
		struct teredo_trailers t;
		struct teredo_packet pkt;
		struct teredo_advert ra;
		size_t len, head, end;
		u8 p[256], *copy;

		len = i % 2 ? everything(p) : teredo_build_advert(p, &one, &two, &two, 1280);
		mutate(p, &len, sizeof(p));
		copy = kmemdup(p, len, GFP_KERNEL);
		KUNIT_ASSERT_NOT_NULL(test, copy);
		/* Callers have pulled no more than the headers. */
		head = min_t(size_t, TEREDO_HEADERS_MAX, len);
		if (teredo_parse(&pkt, copy, head, len) == TEREDO_PARSE_OK) {
			end = (size_t)pkt.ipv6 + TEREDO_IPV6_LEN + pkt.payload_len;
			KUNIT_ASSERT_LE(test, end, len);
			accepted++;
			teredo_is_solicitation(&pkt, copy + end - pkt.payload_len);
			teredo_parse_advert(&ra, &pkt, copy + end - pkt.payload_len);
			if (teredo_parse_trailers(&t, copy + end, len - end))
				KUNIT_EXPECT_LE(test, t.alternate + 6 * (size_t)t.alternates,
						len - end);
		}
		kfree(copy);
	}
	KUNIT_EXPECT_GT(test, accepted, 500U);
	KUNIT_EXPECT_LT(test, accepted, 9500U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(elements),
	KUNIT_CASE(truncations),
	KUNIT_CASE(not_teredo),
	KUNIT_CASE(anything),
	{}
};

static struct kunit_suite suite = { .name = "teredo-parse", .test_cases = cases };

kunit_test_suite(suite);
