/* SPDX-License-Identifier: GPL-2.0 */
/* The table of peers: lookup, ageing by slices, walks for dumps. */
#ifndef TEREDO_TABLE_H
#define TEREDO_TABLE_H

#include "peer/peer.h"

/* Put @peer into the table; -EEXIST, -ENOMEM, ... Under the lock. */
int teredo_peer_insert(struct teredo_dev *td, struct teredo_peer *peer);

/* Take it out; false if it was not there. Under the lock. */
bool teredo_peer_unhash(struct teredo_dev *td, struct teredo_peer *peer);

static inline unsigned int teredo_peers_count(const struct teredo_peers *peers)
{
	return atomic_read(&peers->table.nelems);
}

/* Have the ageing look at all peers soon: the table is full. Under the lock. */
void teredo_peers_press(struct teredo_dev *td);

/* Forget all peers; @all: those set by hand, too. Process context. */
void teredo_peers_flush(struct teredo_dev *td, bool all,
			enum teredo_peer_cause cause);

/* The device came to a namespace, with the peers that it has, or is leaving it. RTNL. */
void teredo_peers_appear(struct teredo_dev *td);
void teredo_peers_disappear(struct teredo_dev *td);

/* Forget those that discovery found, after it has ended. Process context. */
void teredo_peers_flush_local(struct teredo_dev *td);

/* A walk that lasts over several messages. It holds neither lock nor
 * reference between them: a device that goes ends its walks.
 */
struct teredo_dump {
	struct list_head list;		/* in peers.dumps */
	struct teredo_dev *td;		/* NULL: none, or it is gone */
	struct rhashtable_iter iter;
	int ifindex;			/* of the last device, 0 at start */
};

/* Protects the binding of dumps to devices; taken inside of RTNL. */
extern struct mutex teredo_dump_mutex;

void teredo_dump_begin(struct teredo_dump *dump, struct teredo_dev *td);
void teredo_dump_end(struct teredo_dump *dump);

#endif /* TEREDO_TABLE_H */
