// SPDX-License-Identifier: GPL-2.0
#include "ratelimiter.h"

#include <linux/ktime.h>
#include <linux/random.h>

static u32 now_units(void)
{
	return ktime_get_ns() >> 10;
}

void teredo_ratelimiter_init(struct teredo_ratelimiter *rl, u32 rate, u32 burst)
{
	u32 now = now_units();
	unsigned int i;

	rl->interval = (NSEC_PER_SEC >> 10) / rate;
	rl->depth = burst * rl->interval;
	get_random_bytes(&rl->key, sizeof(rl->key));
	for (i = 0; i < ARRAY_SIZE(rl->due); i++)
		atomic_set(&rl->due[i], now);
}

bool teredo_ratelimiter_ok(struct teredo_ratelimiter *rl, __be32 key)
{
	u32 hash = siphash_1u32((__force u32)key, &rl->key);
	atomic_t *bucket = &rl->due[hash >> (32 - TEREDO_BUCKETS_BITS)];
	u32 now = now_units();
	u32 due, debt;

	/* The bucket holds the time at which it is full again (the generic
	 * cell rate algorithm); one word, so no lock. A time further away
	 * than the credit is in the past.
	 */
	do {
		due = atomic_read(bucket);
		debt = due - now > rl->depth ? 0 : due - now;
		debt += rl->interval;
		if (debt > rl->depth)
			return false;
	} while (atomic_cmpxchg(bucket, due, now + debt) != due);
	return true;
}
