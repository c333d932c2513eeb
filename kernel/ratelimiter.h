/* SPDX-License-Identifier: GPL-2.0 */
/* Token buckets in a table of fixed size: what a remote host can make us send
 * or log is bounded in rate, and its keys cannot make anything grow.
 */
#ifndef TEREDO_RATELIMITER_H
#define TEREDO_RATELIMITER_H

#include <linux/atomic.h>
#include <linux/in6.h>
#include <linux/siphash.h>

#define TEREDO_BUCKETS_BITS	8

struct teredo_ratelimiter {
	u32 interval;		/* between two events, in units of 1024 ns */
	u32 depth;		/* credit, burst * interval */
	siphash_key_t key;
	atomic_t due[1 << TEREDO_BUCKETS_BITS];
};

/* @rate: events per second and key; @burst: at once. The two may span an
 * hour at most.
 */
void teredo_ratelimiter_init(struct teredo_ratelimiter *rl, u32 rate,
			     u32 burst);

/* True if an event for @key may happen now. Keys that share a bucket share
 * its rate; which ones do is secret. Any context.
 */
bool teredo_ratelimiter_ok(struct teredo_ratelimiter *rl, __be32 key);

/* The same; the key is the site of @addr, its first 48 bits. */
bool teredo_ratelimiter_site_ok(struct teredo_ratelimiter *rl,
				const struct in6_addr *addr);

#endif /* TEREDO_RATELIMITER_H */
