/* SPDX-License-Identifier: GPL-2.0 */
/* What few peers need. Each part is a structure of its own, with a file, a limit and an owner;
 * this one only holds them together. Attached when the first part is, freed with the peer, as
 * the parts are.
 */
#ifndef TEREDO_EXTRA_H
#define TEREDO_EXTRA_H

#include "peer/peer.h"

struct teredo_neighbour;

struct teredo_extra {
	struct teredo_neighbour __rcu *neighbour;	/* set once, under the lock */
	unsigned long lower_rx;		/* jiffies, 0 is never: heard by a path of lower rank
					 * than the one in use (path.c); lock
					 */
	struct rcu_head rcu;
};

/* Return the extra of @peer, or NULL. Under the lock. */
struct teredo_extra *teredo_extra_of(struct teredo_dev *td, const struct teredo_peer *peer);

/* Return the extra of @peer, which is allocated if it has none; NULL without memory. Under the
 * lock.
 */
struct teredo_extra *teredo_extra_make(struct teredo_dev *td, struct teredo_peer *peer);

/* Free the extra of @peer, which is being removed, with all its parts. Under the lock. */
void teredo_extra_remove(struct teredo_dev *td, struct teredo_peer *peer);

#endif /* TEREDO_EXTRA_H */
