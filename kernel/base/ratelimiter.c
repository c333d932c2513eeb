// SPDX-License-Identifier: GPL-2.0
#include "base/ratelimiter.h"

#include <linux/math64.h>
#include <linux/random.h>

/* How long a key keeps its buckets: 2^36 ns */
#define EPOCH_SHIFT	36

/* Return the time in which a whole burst refills, ns. */
static u64 depth_of(const struct teredo_rate *rate)
{
	return rate->interval * rate->burst;
}

/* Return the time until a bucket is full, ns. */
static u64 debt_of(const atomic64_t *due, u64 now)
{
	u64 full = atomic64_read(due);

	return full > now ? full - now : 0;
}

static bool has_room(const struct teredo_rate *rate, u64 debt,
		     unsigned int keep)
{
	u64 depth = depth_of(rate);

	return debt + rate->interval <= depth - depth / TEREDO_WHOLE * keep;
}

bool teredo_bucket_take(atomic64_t *due, const struct teredo_rate *rate,
			unsigned int keep, u64 now)
{
	s64 old = atomic64_read(due);
	u64 debt;

	do {
		debt = (u64)old > now ? old - now : 0;
		if (!has_room(rate, debt, keep))
			return false;
	} while (!atomic64_try_cmpxchg(due, &old, now + debt + rate->interval));
	return true;
}

static u64 hash_of(const struct teredo_buckets *buckets, u32 what, u64 key,
		   u64 now)
{
	return siphash_3u64(key, what, now >> EPOCH_SHIFT, &buckets->secret);
}

/* Return the index of the bucket in @row of a key with that hash. */
static unsigned int place(u64 hash, unsigned int row)
{
	return (hash >> row * 16) & ((1 << TEREDO_BUCKETS_BITS) - 1);
}

static u64 least_debt(const struct teredo_buckets *buckets, u64 hash, u64 now)
{
	u64 least = U64_MAX;
	unsigned int row;

	for (row = 0; row < TEREDO_BUCKETS_ROWS; row++)
		least = min(least, debt_of(&buckets->due[row][place(hash, row)],
					   now));
	return least;
}

/* Charge a key for an event. @least is the smallest debt of its buckets, which is what the
 * key has used. Raise only those buckets that are below its new debt; the debt of others is
 * due to other keys. So the tables tell four times as many keys apart as if each event
 * charged a bucket in each row. If CPUs race, an event may not be counted.
 */
static void charge(struct teredo_buckets *buckets,
		   const struct teredo_rate *rate, u64 hash, u64 least, u64 now)
{
	u64 missing = min(least + rate->interval, depth_of(rate));
	unsigned int row;

	for (row = 0; row < TEREDO_BUCKETS_ROWS; row++) {
		atomic64_t *due = &buckets->due[row][place(hash, row)];
		s64 old = atomic64_read(due);

		if (old < (s64)(now + missing))
			atomic64_try_cmpxchg(due, &old, now + missing);
	}
}

void teredo_buckets_init(struct teredo_buckets *buckets)
{
	get_random_bytes(&buckets->secret, sizeof(buckets->secret));
}

bool teredo_buckets_take(struct teredo_buckets *buckets,
			 const struct teredo_rate *rate, u32 what, u64 key,
			 unsigned int keep, u64 now)
{
	u64 hash = hash_of(buckets, what, key, now);
	u64 least = least_debt(buckets, hash, now);

	if (!has_room(rate, least, keep))
		return false;
	charge(buckets, rate, hash, least, now);
	return true;
}

unsigned int teredo_buckets_use(struct teredo_buckets *buckets,
				const struct teredo_rate *rate, u32 what,
				u64 key, u64 now)
{
	u64 hash = hash_of(buckets, what, key, now);
	u64 used = least_debt(buckets, hash, now);

	charge(buckets, rate, hash, used, now);
	return min_t(u64, div64_u64(used * TEREDO_WHOLE, depth_of(rate)),
		     TEREDO_WHOLE);
}
