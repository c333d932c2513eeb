// SPDX-License-Identifier: GPL-2.0
#include "link/limit.h"

#include <linux/ipv6.h>
#include <linux/random.h>
#include <linux/skbuff.h>

#include "link/config.h"
#include "link/device.h"

/* Events per second, and burst. A limit whose keys can be forged by the thousand is at
 * least 50 per second: otherwise 10 Mbit/s of forged keys would fill the table.
 */
static const struct teredo_rate rates[TEREDO_LIMITS] = {
	/* An initiator that asks for many at once gets a quarter. */
	[TEREDO_LIMIT_PROBES]		= TEREDO_RATE(20000, 80000),
	/* Each test takes up to four of the 1000 echo requests to our server. */
	[TEREDO_LIMIT_NATIVE_TESTS]	= TEREDO_RATE(100, 100),
	[TEREDO_LIMIT_ICMPV6_ERRORS]	= TEREDO_RATE(50, 100),
	[TEREDO_LIMIT_VERIFICATIONS]	= TEREDO_RATE(20000, 20000),
	[TEREDO_LIMIT_ALL_PUNTS]	= TEREDO_RATE(100, 100),
	[TEREDO_LIMIT_SERVER_PROBES]	= TEREDO_RATE(1000, 2000),
	[TEREDO_LIMIT_NEW_DESTINATIONS]	= TEREDO_RATE(200, 1000),
	[TEREDO_LIMIT_INDIRECT_ANSWERS]	= TEREDO_RATE(100, 200),
	[TEREDO_LIMIT_ADVERTISEMENTS]	= TEREDO_RATE(2000, 4000),
	[TEREDO_LIMIT_PUNTS]		= TEREDO_RATE(50, 50),
	[TEREDO_LIMIT_ICMPV4_ERRORS]	= TEREDO_RATE(10, 20),
};

/* Share of an initiator: the more it has used of this, the more it has to leave. */
static const struct teredo_rate share = TEREDO_RATE(4, 64);

void teredo_limits_init(struct teredo_limits *limits)
{
	teredo_buckets_init(&limits->keyed);
	teredo_buckets_init(&limits->shares);
	get_random_bytes(&limits->secret, sizeof(limits->secret));
}

bool teredo_limit_ok(struct teredo_dev *td, enum teredo_limit limit, u64 key,
		     unsigned int keep)
{
	struct teredo_limits *limits = &td->limits;
	const struct teredo_rate *rate = &rates[limit];
	u64 now = ktime_get_ns();

	if (limit < TEREDO_LIMIT_SINGLE)
		return teredo_bucket_take(&limits->single[limit], rate, keep,
					  now);
	return teredo_buckets_take(&limits->keyed, rate, limit, key, keep, now);
}

unsigned int teredo_limit_keep(struct teredo_dev *td, enum teredo_limit limit,
			       u64 initiator)
{
	return teredo_buckets_use(&td->limits.shares, &share, limit, initiator,
				  ktime_get_ns()) * 3 / 4;
}

u32 teredo_initiator(const struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct sk_buff *skb, const struct in6_addr *to)
{
	const struct in6_addr *who = to;

	if (skb && skb->skb_iif)
		who = &ipv6_hdr(skb)->saddr;
	return siphash_1u64(teredo_config_covers(cfg, who) ?
			    (__force u32)who->s6_addr32[3] : teredo_site(who),
			    &td->limits.secret);
}
