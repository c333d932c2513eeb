/* SPDX-License-Identifier: GPL-2.0 */
/* Neighbours: peers on our own IPv4 link, found by discovery (RFC 4380 5.2.8). */
#ifndef TEREDO_NEIGHBOUR_H
#define TEREDO_NEIGHBOUR_H

#include "peer/extra.h"

/* Limit of neighbours of a device. All of them share our own mapped IPv4 address. */
#define TEREDO_LOCALS_MAX	1024

/* A peer on our own link: a second path to it (RFC 4380 5.2.8), besides the mapping in its
 * address. Protected by the lock, except for single words that are read without it.
 * peer->mapped is the path in use, and peer->last_rx is about that path, so the fast paths
 * never look at this structure (D-18).
 */
struct teredo_neighbour {
	struct teredo_peer *peer;
	struct list_head node;		/* in peers.locals */
	union teredo_endpoint local;	/* outer source of its discovery bubble */
	unsigned long announced;	/* jiffies, its last discovery bubble */
	unsigned long answered;		/* jiffies, our last answer to one */
	struct rcu_head rcu;
};

/* Return the neighbour structure of @peer, or NULL if it is no neighbour. RCU. */
static inline struct teredo_neighbour *
teredo_neighbour_rcu(const struct teredo_peer *peer)
{
	const struct teredo_extra *extra = rcu_dereference(peer->extra);

	return extra ? rcu_dereference(extra->neighbour) : NULL;
}

/* The same under the lock. */
struct teredo_neighbour *teredo_neighbour_of(struct teredo_dev *td,
					     const struct teredo_peer *peer);

/* Return true if the peer was recently announced from @src (RFC 4380 5.2.3 case 5). RCU. */
static inline bool teredo_peer_is_local(const struct teredo_peer *peer,
					union teredo_endpoint src)
{
	const struct teredo_neighbour *neighbour = teredo_neighbour_rcu(peer);

	return neighbour && teredo_endpoint_read(&neighbour->local).word == src.word &&
	       time_before(jiffies, READ_ONCE(neighbour->announced) +
				    TEREDO_LOCAL_KNOWN);
}

/* Return true if the last announcement is recent enough (C-49, D-18). Under the lock. */
static inline bool teredo_neighbour_is_known(const struct teredo_neighbour *neighbour)
{
	return time_before(jiffies, neighbour->announced + TEREDO_LOCAL_KNOWN);
}

/* Record a discovery bubble of the client @addr from @src on our own link (C-87). Returns
 * TEREDO_GO_ON if it is to be answered, else the reason to drop it. Sets *@news if the
 * neighbour may not know us. RCU, BH off.
 */
int teredo_peer_announced(struct teredo_dev *td,
			  const struct teredo_config *cfg,
			  const struct in6_addr *addr,
			  union teredo_endpoint src, bool *news);

/* Free the neighbour structure of @peer, which is being removed. For extra.c, under the
 * lock.
 */
void teredo_neighbour_remove(struct teredo_dev *td, struct teredo_peer *peer);

#endif /* TEREDO_NEIGHBOUR_H */
