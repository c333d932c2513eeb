/* SPDX-License-Identifier: GPL-2.0 */
/* What is limited in rate, and how those who ask share it. The numbers are in
 * limit.c, what they mean for an attacker and for others in internals.rst.
 *
 * An event has a cause: whoever makes us send. Some limit is common to many causes
 * (one server's, one address's, all of a kind). There, whoever has asked for much
 * lately leaves a part of the burst to the others, up to three quarters; so who
 * asks for little finds tokens however much the others ask for, and nothing is
 * kept from anybody while nobody else wants it.
 */
#ifndef TEREDO_LIMIT_H
#define TEREDO_LIMIT_H

#include "base/ratelimiter.h"
#include "codec/wire.h"

struct sk_buff;
struct teredo_config;
struct teredo_dev;

enum teredo_limit {
	/* One bucket each */
	TEREDO_LIMIT_PROBES,		/* attempts to reach peers, SEC-28 */
	TEREDO_LIMIT_NATIVE_TESTS,	/* tests of native strangers, SEC-28 */
	TEREDO_LIMIT_ICMPV6_ERRORS,	/* SEC-29 */
	TEREDO_LIMIT_VERIFICATIONS,	/* of signatures */
	TEREDO_LIMIT_ALL_PUNTS,		/* to the controller */
	TEREDO_LIMIT_SINGLE,		/* number of those */

	/* One for each key */
	TEREDO_LIMIT_SERVER_PROBES = TEREDO_LIMIT_SINGLE, /* server, SEC-28 */
	TEREDO_LIMIT_NEW_DESTINATIONS,	/* site, SEC-26 */
	TEREDO_LIMIT_INDIRECT_ANSWERS,	/* IPv4 address, C-72 */
	TEREDO_LIMIT_ADVERTISEMENTS,	/* IPv4 address, SEC-35 */
	TEREDO_LIMIT_PUNTS,		/* the same; IPv4 address */
	TEREDO_LIMIT_ICMPV4_ERRORS,	/* believed; mapping of the peer */
	TEREDO_LIMITS,
};

/* To teredo_limit_ok(): what has to be left to others. */
#define TEREDO_KEEP_NOTHING	0
#define TEREDO_KEEP_MOST	(TEREDO_WHOLE * 7 / 8)

struct teredo_limits {
	atomic64_t single[TEREDO_LIMIT_SINGLE];
	struct teredo_buckets keyed;
	struct teredo_buckets shares;
	siphash_key_t secret;
};

void teredo_limits_init(struct teredo_limits *limits);

/* True if one more of @limit may happen now and @keep is left afterwards. @key is 0
 * for a limit that has one bucket. Any context, as all below.
 */
bool teredo_limit_ok(struct teredo_dev *td, enum teredo_limit limit, u64 key,
		     unsigned int keep);

/* Note that @cause asks for one of @limit. Returns what it has to leave to others. */
unsigned int teredo_limit_keep(struct teredo_dev *td, enum teredo_limit limit,
			       u64 cause);

/* Where one kind of events goes before another: what the first, the next, and the last
 * of three kinds leave, if @keep is what they would leave otherwise. No share makes the
 * better kind leave more than the other: so who has shown something about himself finds
 * tokens even when causes are made up faster than the table of shares forgets, and
 * everybody seems to have asked for much.
 */
static inline unsigned int teredo_limit_ahead(unsigned int keep)
{
	return keep * 2 / 3;			/* up to half */
}

static inline unsigned int teredo_limit_behind(unsigned int keep)
{
	return TEREDO_WHOLE * 5 / 8 + keep / 6;	/* up to three quarters */
}

static inline unsigned int teredo_limit_last(unsigned int keep)
{
	return TEREDO_WHOLE * 3 / 4 + keep / 8;	/* never TEREDO_KEEP_MOST */
}

/* The site of @addr: its first 48 bits. Never 0 for an address that is routed. */
static inline u64 teredo_site(const struct in6_addr *addr)
{
	return (u64)ntohl(addr->s6_addr32[0]) << 16 | ntohs(addr->s6_addr16[2]);
}

/* Who makes us hold @skb for @to, or test @to if @skb is NULL: the site that it was
 * forwarded for; of what comes from this host, be it an answer or not, whoever is
 * at the other end, a site or a client's IPv4 address. The number is secret.
 */
u32 teredo_cause(const struct teredo_dev *td, const struct teredo_config *cfg,
		 const struct sk_buff *skb, const struct in6_addr *to);

#endif /* TEREDO_LIMIT_H */
