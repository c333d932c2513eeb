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

static bool take(struct teredo_ratelimiter *rl, u64 hash)
{
	atomic_t *bucket = &rl->due[hash >> (64 - TEREDO_BUCKETS_BITS)];
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

bool teredo_ratelimiter_ok(struct teredo_ratelimiter *rl, __be32 key)
{
	return take(rl, siphash_1u32((__force u32)key, &rl->key));
}

bool teredo_ratelimiter_site_ok(struct teredo_ratelimiter *rl,
				const struct in6_addr *addr)
{
	return take(rl, siphash_2u32((__force u32)addr->s6_addr32[0],
				     (__force u16)addr->s6_addr16[2],
				     &rl->key));
}
