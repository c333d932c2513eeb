/* SPDX-License-Identifier: GPL-2.0 */
/* Token buckets, single and in tables. They limit the rate of what remote hosts can make us
 * do. Tables have a fixed size, so keys that remote hosts choose cannot make them grow. The
 * limits are in link/limit.h.
 */
#ifndef TEREDO_RATELIMITER_H
#define TEREDO_RATELIMITER_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/siphash.h>

#define TEREDO_BUCKETS_BITS	9
#define TEREDO_BUCKETS_ROWS	4

/* A whole burst. Parts of a burst, used or left to others, are given in 256ths of it. */
#define TEREDO_WHOLE		256

struct teredo_rate {
	u64 interval;		/* between two events, ns */
	u64 burst;		/* events at once */
};

#define TEREDO_RATE(per_second, at_once) \
	{ .interval = NSEC_PER_SEC / (per_second), .burst = (at_once) }

/* A bucket is stored as the time, in ns, at which it is full again (the generic cell rate
 * algorithm): one word, so no lock. 64 bits do not wrap, so any time in the past means
 * full, 0 included. @now is ktime_get_ns().
 */

/* Take a token from the bucket @due. Returns false, and takes none, if less than @keep of
 * the burst (0 to TEREDO_WHOLE) would be left. Any context.
 */
bool teredo_bucket_take(atomic64_t *due, const struct teredo_rate *rate,
			unsigned int keep, u64 now);

/* Buckets for keys chosen by remote hosts. A key has a bucket in each row, and the fullest
 * one counts: to use up the tokens of another key, a host would have to hit all its
 * buckets, whose places are secret. The places change every 69 seconds, so a collision does
 * not last.
 */
struct teredo_buckets {
	siphash_key_t secret;
	atomic64_t due[TEREDO_BUCKETS_ROWS][1 << TEREDO_BUCKETS_BITS];
};

/* Initialise zeroed memory; all buckets are full. */
void teredo_buckets_init(struct teredo_buckets *buckets);

/* Take a token from the buckets of @key for the purpose @what, as teredo_bucket_take(). */
bool teredo_buckets_take(struct teredo_buckets *buckets,
			 const struct teredo_rate *rate, u32 what, u64 key,
			 unsigned int keep, u64 now);

/* Count an event of @key, whether or not there is a token. Returns the part of the burst
 * that was used before, 0 to TEREDO_WHOLE. Any context.
 */
unsigned int teredo_buckets_use(struct teredo_buckets *buckets,
				const struct teredo_rate *rate, u32 what,
				u64 key, u64 now);

#endif /* TEREDO_RATELIMITER_H */
