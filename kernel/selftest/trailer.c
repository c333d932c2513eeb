// SPDX-License-Identifier: GPL-2.0
/* KUnit: trailer.c. As in parse.c and build.c, what is read or written is in an allocation
 * of exactly its length.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "codec/trailer.c"

/* Known types and one to skip, cut off at each octet; and one that discards the packet */
static void read(struct kunit *test)
{
	static const u8 good[] = {
		TEREDO_TRAILER_NONCE, 4, 1, 2, 3, 4,
		TEREDO_TRAILER_ALTERNATE, 14, 0, 0, 192, 0, 2, 1, 1, 0, 192, 0, 2, 2, 2, 0,
		TEREDO_TRAILER_ND, 4, 9, 0, 0, 0,
		TEREDO_TRAILER_PORT, 2, 0x12, 0x34,
		0x80 | 0x3f, 1, 0,
	};
	static const u8 discard[] = { TEREDO_TRAILER_DISCARD | 0x3f, 0 };
	struct teredo_trailers t;
	size_t n;

	for (n = 0; n <= sizeof(good); n++) {
		u8 *copy = kmemdup(good, n, GFP_KERNEL);

		KUNIT_ASSERT_NOT_NULL(test, copy);
		KUNIT_EXPECT_TRUE(test, teredo_parse_trailers(&t, copy, n));
		KUNIT_EXPECT_EQ(test, t.has_nonce, n >= 6);
		KUNIT_EXPECT_EQ(test, (int)t.alternates, n >= 22 ? 2 : 0);
		KUNIT_EXPECT_EQ(test, t.has_nd, n >= 28);
		KUNIT_EXPECT_EQ(test, t.random_port != 0, n >= 32);
		kfree(copy);
	}
	KUNIT_EXPECT_FALSE(test, teredo_parse_trailers(&t, discard, sizeof(discard)));
}

/* Each trailer is read back as it was written. */
static void written(struct kunit *test)
{
	struct teredo_alternate list[TEREDO_ALTERNATES_MAX];
	struct teredo_trailers t;
	unsigned int n, i;

	for (n = 1; n <= TEREDO_ALTERNATES_MAX; n++) {
		u8 *p = kunit_kmalloc(test, 16 + 4 + TEREDO_ALTERNATE_LEN * n, GFP_KERNEL);
		size_t len;

		KUNIT_ASSERT_NOT_NULL(test, p);
		for (i = 0; i < n; i++) {
			list[i].addr = htonl(0xc0000200 + i);
			list[i].port = htons(40000 + i);
		}
		len = teredo_build_nonce_trailer(p, 0x12345678 + n);
		len += teredo_build_alternate_trailer(p + len, list, n);
		len += teredo_build_nd_trailer(p + len, n);
		len += teredo_build_port_trailer(p + len, htons(50000 + n));
		KUNIT_EXPECT_EQ(test, (int)len, (int)(16 + 4 + TEREDO_ALTERNATE_LEN * n));
		KUNIT_EXPECT_TRUE(test, teredo_parse_trailers(&t, p, len));
		KUNIT_EXPECT_EQ(test, t.nonce, 0x12345678 + n);
		KUNIT_EXPECT_EQ(test, (unsigned int)t.alternates, n);
		KUNIT_EXPECT_EQ(test, (unsigned int)t.nd_type, n);
		KUNIT_EXPECT_EQ(test, ntohs(t.random_port), 50000 + n);
		kunit_kfree(test, p);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(read),
	KUNIT_CASE(written),
	{}
};

static struct kunit_suite suite = { .name = "teredo-trailer", .test_cases = cases };

kunit_test_suite(suite);
