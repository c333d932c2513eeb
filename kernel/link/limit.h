/* SPDX-License-Identifier: GPL-2.0 */
/* Rate limits, and how initiators share them. The rates are in limit.c; internals.rst
 * explains what each means for an attacker and for everybody else.
 *
 * Every event has an initiator: the host or site on whose behalf we would send. Many
 * initiators share one limit (that of a server, of an address, of a kind of event). An
 * initiator that has asked for much lately has to leave part of the burst to the others, up
 * to three quarters. So one that asks for little always finds tokens, however much the
 * others ask for, and nothing is withheld while nobody else wants it.
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

	/* One bucket for each key, which is the */
	TEREDO_LIMIT_SERVER_PROBES = TEREDO_LIMIT_SINGLE, /* server, SEC-28 */
	TEREDO_LIMIT_NEW_DESTINATIONS,	/* site, SEC-26 */
	TEREDO_LIMIT_INDIRECT_ANSWERS,	/* IPv4 address, C-72 */
	TEREDO_LIMIT_ADVERTISEMENTS,	/* IPv4 address, SEC-35 */
	TEREDO_LIMIT_PUNTS,		/* IPv4 address */
	TEREDO_LIMIT_ICMPV4_ERRORS,	/* mapping of the peer */
	TEREDO_LIMITS,
};

/* What teredo_limit_ok() has to leave to others, of TEREDO_WHOLE */
#define TEREDO_KEEP_NOTHING	0
#define TEREDO_KEEP_MOST	(TEREDO_WHOLE * 7 / 8)

/* Limits of a device */
struct teredo_limits {
	atomic64_t single[TEREDO_LIMIT_SINGLE];
	struct teredo_buckets keyed;
	struct teredo_buckets shares;
	siphash_key_t secret;		/* of teredo_initiator() */
};

void teredo_limits_init(struct teredo_limits *limits);

/* Take a token of @limit for @key, 0 if the limit has a single bucket. Returns false, and
 * takes none, if less than @keep of TEREDO_WHOLE would be left. Any context, as all below.
 */
bool teredo_limit_ok(struct teredo_dev *td, enum teredo_limit limit, u64 key,
		     unsigned int keep);

/* Count a request of @initiator for @limit. Returns the part of the burst that it has to
 * leave to others: @keep for teredo_limit_ok(), up to three quarters of TEREDO_WHOLE.
 */
unsigned int teredo_limit_keep(struct teredo_dev *td, enum teredo_limit limit,
			       u64 initiator);

/* Three priorities within one limit: turn @keep, from teredo_limit_keep(), into what an
 * event of the first, the second and the last priority has to leave. The worst case of one
 * priority is no worse than the best case of the next. So an initiator that has proved
 * something finds tokens even while initiators are forged faster than the table of shares
 * forgets, and everybody seems to have asked for much.
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

/* Return the site of @addr, its first 48 bits. Not 0 for any routable address. */
static inline u64 teredo_site(const struct in6_addr *addr)
{
	return (u64)ntohl(addr->s6_addr32[0]) << 16 | ntohs(addr->s6_addr16[2]);
}

/* Return the initiator on whose behalf @skb is held for @to, or @to is tested if @skb is
 * NULL: for a forwarded packet, the site it came from; for a packet of this host, be it an
 * answer or not, the other end (a site, or a client's IPv4 address). A keyed hash, which
 * remote hosts cannot predict.
 */
u32 teredo_initiator(const struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct sk_buff *skb, const struct in6_addr *to);

#endif /* TEREDO_LIMIT_H */
