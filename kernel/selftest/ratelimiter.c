// SPDX-License-Identifier: GPL-2.0
/* KUnit: ratelimiter.c, with a clock of its own. */
#include <kunit/test.h>
#include <linux/slab.h>

#include "link/limit.h"
#include "base/ratelimiter.c"

static const struct teredo_rate rate = TEREDO_RATE(10, 50);

#define SECOND	((u64)NSEC_PER_SEC)

/* Return how many tokens a bucket gives at once. */
static unsigned int drain(atomic64_t *due, unsigned int keep, u64 now)
{
	unsigned int n = 0;

	while (teredo_bucket_take(due, &rate, keep, now))
		n++;
	return n;
}

static unsigned int drain_key(struct teredo_buckets *buckets, u64 key, u64 now)
{
	unsigned int n = 0;

	while (teredo_buckets_take(buckets, &rate, 1, key, 0, now))
		n++;
	return n;
}

/* However long a bucket was idle, it is full. 32 bits of 1024 ns wrap after 4398 s. */
static void idle(struct kunit *test)
{
	static const u64 seconds[] = {
		5, 6, 60, 4390, 4393, 4396, 4397, 4398, 4399, 8795, 8796, 86400,
		365 * 86400ULL, 200 * 365 * 86400ULL,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(seconds); i++) {
		atomic64_t due = ATOMIC64_INIT(0);
		u64 now = 1000 * SECOND;

		KUNIT_EXPECT_EQ(test, drain(&due, 0, now), 50U);
		now += seconds[i] * SECOND;
		KUNIT_EXPECT_EQ_MSG(test, drain(&due, 0, now), 50U, "after %llu s", seconds[i]);
	}
}

static void refill(struct kunit *test)
{
	atomic64_t due = ATOMIC64_INIT(0);
	u64 now = 7;

	KUNIT_EXPECT_EQ(test, drain(&due, 0, now), 50U);
	KUNIT_EXPECT_EQ(test, drain(&due, 0, now + SECOND / 10 - 1), 0U);
	KUNIT_EXPECT_EQ(test, drain(&due, 0, now + SECOND / 10), 1U);
	KUNIT_EXPECT_EQ(test, drain(&due, 0, now + 2 * SECOND), 19U);
}

/* One that has to leave three quarters gets a quarter, and others get the rest. */
static void keeping(struct kunit *test)
{
	atomic64_t due = ATOMIC64_INIT(0);

	KUNIT_EXPECT_EQ(test, drain(&due, TEREDO_WHOLE * 3 / 4, SECOND), 12U);
	KUNIT_EXPECT_EQ(test, drain(&due, TEREDO_WHOLE / 2, SECOND), 13U);
	KUNIT_EXPECT_EQ(test, drain(&due, 0, SECOND), 25U);
}

static struct teredo_buckets *buckets_of(struct kunit *test)
{
	struct teredo_buckets *buckets = kunit_kzalloc(test, sizeof(*buckets), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, buckets);
	teredo_buckets_init(buckets);
	return buckets;
}

static void one_key(struct kunit *test)
{
	struct teredo_buckets *buckets = buckets_of(test);
	u64 now = 1000 * SECOND;
	unsigned int i, n;

	KUNIT_EXPECT_EQ(test, drain_key(buckets, 1, now), 50U);
	for (i = n = 0; i < 1000; i++)
		n += drain_key(buckets, 1, now + i * SECOND / 100);
	/* its rate, and another burst if it gets other buckets meanwhile */
	KUNIT_EXPECT_GE(test, n, 98U);
	KUNIT_EXPECT_LE(test, n, 151U);
}

/* Hardly any key is affected by 64 others that are at their limit. */
static void strangers(struct kunit *test)
{
	struct teredo_buckets *buckets = buckets_of(test);
	u64 now = 1000 * SECOND;
	unsigned int free = 0;
	u64 key;

	for (key = 0; key < 64; key++)
		drain_key(buckets, key, now);
	for (; key < 1064; key++)
		free += teredo_buckets_take(buckets, &rate, 1, key, 0, now);
	KUNIT_EXPECT_GE(test, free, 980U);
}

/* Of 90,000 keys that ask once each within 15 s, none looks as if it asked for much. */
static void crowd(struct kunit *test)
{
	static const struct teredo_rate share = TEREDO_RATE(4, 64);
	struct teredo_buckets *buckets = buckets_of(test);
	u64 now = 1000 * SECOND, key;

	for (key = 0; key < 90000; key++)
		teredo_buckets_use(buckets, &share, 1, key, now + key * (SECOND / 6000));
	now += 15 * SECOND;
	for (key = 0; key < 100; key++)
		KUNIT_EXPECT_LE(test, teredo_buckets_use(buckets, &share, 1, ~key, now),
				TEREDO_WHOLE / 2U);
}

/* Two keys that share all buckets do not do so for long. */
static void other_buckets(struct kunit *test)
{
	struct teredo_buckets *buckets = buckets_of(test);
	u64 now = 1000 * SECOND, hash = hash_of(buckets, 1, 1, now);
	unsigned int row, same = 0;

	for (row = 0; row < TEREDO_BUCKETS_ROWS; row++)
		same += place(hash, row) == place(hash_of(buckets, 1, 1, now + 70 * SECOND), row);
	KUNIT_EXPECT_LT(test, same, (unsigned int)TEREDO_BUCKETS_ROWS);
	KUNIT_EXPECT_NE(test, hash, hash_of(buckets, 2, 1, now));
}

static void using(struct kunit *test)
{
	struct teredo_buckets *buckets = buckets_of(test);
	unsigned int i;

	KUNIT_EXPECT_EQ(test, teredo_buckets_use(buckets, &rate, 1, 9, SECOND), 0U);
	for (i = 0; i < 24; i++)
		teredo_buckets_use(buckets, &rate, 1, 9, SECOND);
	KUNIT_EXPECT_EQ(test, teredo_buckets_use(buckets, &rate, 1, 9, SECOND), TEREDO_WHOLE / 2U);
	for (i = 0; i < 100; i++)
		teredo_buckets_use(buckets, &rate, 1, 9, SECOND);
	KUNIT_EXPECT_EQ(test, teredo_buckets_use(buckets, &rate, 1, 9, SECOND), TEREDO_WHOLE + 0U);
	KUNIT_EXPECT_EQ(test, teredo_buckets_use(buckets, &rate, 1, 9, 6 * SECOND), 0U);
}

/* Whatever the shares are, one priority comes before the next. */
static void kinds(struct kunit *test)
{
	unsigned int most = TEREDO_WHOLE * 3 / 4;

	KUNIT_EXPECT_LT(test, teredo_limit_ahead(most), teredo_limit_behind(0));
	KUNIT_EXPECT_LE(test, teredo_limit_behind(most), teredo_limit_last(0));
	KUNIT_EXPECT_LT(test, teredo_limit_last(most), TEREDO_KEEP_MOST + 0U);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(idle),
	KUNIT_CASE(refill),
	KUNIT_CASE(keeping),
	KUNIT_CASE(one_key),
	KUNIT_CASE(strangers),
	KUNIT_CASE(crowd),
	KUNIT_CASE(other_buckets),
	KUNIT_CASE(using),
	KUNIT_CASE(kinds),
	{}
};

static struct kunit_suite suite = { .name = "teredo-ratelimiter", .test_cases = cases };

kunit_test_suite(suite);
