/* SPDX-License-Identifier: GPL-2.0 */
/* Token buckets, single ones and tables of fixed size: what a remote host can make
 * us do is bounded in rate, and its keys cannot make anything grow. link/limit.h says
 * what is limited.
 */
#ifndef TEREDO_RATELIMITER_H
#define TEREDO_RATELIMITER_H

#include <linux/atomic.h>
#include <linux/ktime.h>
#include <linux/siphash.h>

#define TEREDO_BUCKETS_BITS	9
#define TEREDO_BUCKETS_ROWS	4

/* All of a burst, as the part of it that somebody has used or leaves to others. */
#define TEREDO_WHOLE		256

struct teredo_rate {
	u64 interval;		/* between two events, ns */
	u64 burst;		/* at once */
};

#define TEREDO_RATE(per_second, at_once) \
	{ .interval = NSEC_PER_SEC / (per_second), .burst = (at_once) }

/* A bucket is the time, in ns, at which it is full again (the generic cell rate
 * algorithm): one word, so no lock. 64 bits do not wrap, so any time in the past
 * means full, 0 included.
 */

/* Take a token from the bucket @due, unless less than @keep of TEREDO_WHOLE of the
 * burst would be left. Any context.
 */
bool teredo_bucket_take(atomic64_t *due, const struct teredo_rate *rate,
			unsigned int keep, u64 now);

/* Buckets for keys that others choose. A key has a bucket in each row, and what
 * counts is the fullest of these: whoever wants to use up what is somebody else's
 * has to hit all of them, with keys whose places are secret. They are also other
 * ones every 69 seconds, so no chance collision lasts.
 */
struct teredo_buckets {
	siphash_key_t secret;
	atomic64_t due[TEREDO_BUCKETS_ROWS][1 << TEREDO_BUCKETS_BITS];
};

void teredo_buckets_init(struct teredo_buckets *buckets);

/* As teredo_bucket_take(), from those of @key, for purpose @what. */
bool teredo_buckets_take(struct teredo_buckets *buckets,
			 const struct teredo_rate *rate, u32 what, u64 key,
			 unsigned int keep, u64 now);

/* Note one more event for @key whether or not there is a token. Returns how much of
 * the burst had been used, 0 to TEREDO_WHOLE.
 */
unsigned int teredo_buckets_use(struct teredo_buckets *buckets,
				const struct teredo_rate *rate, u32 what,
				u64 key, u64 now);

#endif /* TEREDO_RATELIMITER_H */
