/* SPDX-License-Identifier: GPL-2.0 */
/* State that only few peers need, kept out of struct teredo_peer. Each part is a structure
 * with a file, a limit and an owner of its own; this one only holds them together. It is
 * attached together with the first part, and freed with the peer, as the parts are.
 */
#ifndef TEREDO_EXTRA_H
#define TEREDO_EXTRA_H

#include "peer/peer.h"

struct teredo_neighbour;

struct teredo_extra {
	struct teredo_neighbour __rcu *neighbour;	/* set once, under the lock */
	unsigned long lower_rx;		/* when last heard by a path of lower rank than the
					 * one in use (path.c), jiffies, 0 is never; lock
					 */
	struct rcu_head rcu;
};

/* Return the extra of @peer, or NULL. Under the lock. */
struct teredo_extra *teredo_extra_of(struct teredo_dev *td, const struct teredo_peer *peer);

/* Return the extra of @peer, and allocate it if there is none. Returns NULL without memory.
 * Under the lock.
 */
struct teredo_extra *teredo_extra_make(struct teredo_dev *td, struct teredo_peer *peer);

/* Free the extra of @peer with all its parts; the peer is being removed. Under the lock. */
void teredo_extra_remove(struct teredo_dev *td, struct teredo_peer *peer);

#endif /* TEREDO_EXTRA_H */
