// SPDX-License-Identifier: GPL-2.0
/* KUnit: addr.c */
#include <kunit/test.h>
#include <linux/module.h>

#include "codec/addr.c"

/* 203.0.113.1 as the server, 198.51.100.10:4096 as the mapping */
static const struct in6_addr known = {
	.s6_addr = { 0x20, 0x01, 0, 0, 203, 0, 113, 1, 0x12, 0x34, 0xef, 0xff,
		     0xff ^ 198, 0xff ^ 51, 0xff ^ 100, 0xff ^ 10 },
};

static void unpack_and_pack(struct kunit *test)
{
	struct teredo_addr addr;
	struct in6_addr again;

	teredo_addr_unpack(&addr, &known);
	KUNIT_EXPECT_EQ(test, ntohl(addr.server), 0xcb007101U);
	KUNIT_EXPECT_EQ(test, ntohl(addr.client), 0xc633640aU);
	KUNIT_EXPECT_EQ(test, (int)ntohs(addr.port), 4096);
	KUNIT_EXPECT_EQ(test, (int)addr.flags, 0x1234);

	teredo_addr_pack(&again, &known, &addr);
	KUNIT_EXPECT_TRUE(test, teredo_addr_equal(&again, &known));

	teredo_addr_link_local(&again, &addr);
	KUNIT_EXPECT_TRUE(test, teredo_addr_is_link_local(&again));
	KUNIT_EXPECT_EQ(test, memcmp(&again.s6_addr[8], &known.s6_addr[8], 8), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(&again.s6_addr[2], 0, 6));
}

/* The ends of each range, the addresses next to it, and one inside */
static void global_ipv4(struct kunit *test)
{
	static const struct {
		u32 first, last;
	} none[] = {
		{ 0x00000000, 0x00ffffff },	/* this network */
		{ 0x0a000000, 0x0affffff },	/* private */
		{ 0x7f000000, 0x7fffffff },	/* loopback */
		{ 0xa9fe0000, 0xa9feffff },	/* link-local */
		{ 0xac100000, 0xac1fffff },	/* private */
		{ 0xc0586300, 0xc05863ff },	/* 6to4 relays */
		{ 0xc0a80000, 0xc0a8ffff },	/* private */
		{ 0xe0000000, 0xefffffff },	/* multicast */
		{ 0xffffffff, 0xffffffff },	/* broadcast */
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(none); i++) {
		u32 first = none[i].first, last = none[i].last;

		KUNIT_EXPECT_FALSE(test, teredo_ipv4_is_global(htonl(first)));
		KUNIT_EXPECT_FALSE(test, teredo_ipv4_is_global(htonl(last)));
		KUNIT_EXPECT_FALSE(test, teredo_ipv4_is_global(htonl(first + (last - first) / 3)));
		if (first)
			KUNIT_EXPECT_TRUE(test, teredo_ipv4_is_global(htonl(first - 1)));
		if (last != 0xffffffff)
			KUNIT_EXPECT_TRUE(test, teredo_ipv4_is_global(htonl(last + 1)));
	}
}

static void usable(struct kunit *test)
{
	struct teredo_addr addr;
	struct in6_addr bad;

	KUNIT_EXPECT_TRUE(test, teredo_addr_is_usable(&addr, &known));
	bad = known;
	bad.s6_addr[10] = 0xff;		/* port 0 */
	KUNIT_EXPECT_FALSE(test, teredo_addr_is_usable(&addr, &bad));
	bad = known;
	bad.s6_addr[4] = 10;		/* a private server */
	KUNIT_EXPECT_FALSE(test, teredo_addr_is_usable(&addr, &bad));
	bad = known;
	bad.s6_addr[12] = 0xff ^ 127;	/* a client on the loopback */
	KUNIT_EXPECT_FALSE(test, teredo_addr_is_usable(&addr, &bad));
}

static void scopes(struct kunit *test)
{
	static const struct {
		u32 first, second, last;
		bool routable, link_local;
	} cases[] = {
		{ 0x20010db8, 0, 1, true, false },
		{ 0, 0, 0, false, false },		/* :: */
		{ 0, 0, 1, false, false },		/* ::1 */
		{ 0xfe800000, 0, 1, false, true },
		{ 0xfebfffff, 0, 1, false, true },
		{ 0xfec00000, 0, 1, true, false },	/* left to the roles */
		{ 0xfe7fffff, 0, 1, true, false },
		{ 0xff020000, 0, 2, false, false },
		{ 0xffffffff, 0, 2, false, false },
		{ 0, 1, 0, true, false },
	};
	static const struct in6_addr all_routers = {
		.s6_addr = { 0xff, 2, [15] = 2 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct in6_addr addr = {
			.s6_addr32 = { htonl(cases[i].first), htonl(cases[i].second),
				       0, htonl(cases[i].last) },
		};

		KUNIT_EXPECT_EQ_MSG(test, teredo_addr_is_routable(&addr),
				    cases[i].routable, "%pI6c", &addr);
		KUNIT_EXPECT_EQ_MSG(test, teredo_addr_is_link_local(&addr),
				    cases[i].link_local, "%pI6c", &addr);
		KUNIT_EXPECT_EQ_MSG(test, teredo_addr_is_all_routers(&addr),
				    teredo_addr_equal(&addr, &all_routers), "%pI6c", &addr);
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(unpack_and_pack),
	KUNIT_CASE(global_ipv4),
	KUNIT_CASE(usable),
	KUNIT_CASE(scopes),
	{}
};

static struct kunit_suite suite = { .name = "teredo-addr", .test_cases = cases };

kunit_test_suite(suite);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("KUnit suites of the Teredo codec");
