/* SPDX-License-Identifier: GPL-2.0 */
/* The table of peers: lookup, and walks for dumps. */
#ifndef TEREDO_TABLE_H
#define TEREDO_TABLE_H

#include "peer/peer.h"

/* The peer, valid until the end of the RCU section, or NULL. */
struct teredo_peer *teredo_peer_lookup(struct teredo_dev *td,
				       const struct in6_addr *addr);

/* Put @peer into the table; -EEXIST, -ENOMEM, ... Under the lock. */
int teredo_peer_insert(struct teredo_dev *td, struct teredo_peer *peer);

/* Take it out; false if it was not there. Under the lock. */
bool teredo_peer_unhash(struct teredo_dev *td, struct teredo_peer *peer);

static inline unsigned int teredo_peers_count(const struct teredo_peers *peers)
{
	return atomic_read(&peers->table.nelems);
}

/* Have the ageing (age.c) run after @delay, or soon, since the table is full. Under the
 * lock.
 */
void teredo_peers_schedule_age(struct teredo_dev *td, unsigned long delay);
void teredo_peers_press(struct teredo_dev *td);

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

/* The device goes, and all dumps about it end. */
void teredo_dumps_end(struct teredo_peers *peers);

int teredo_table_init(struct teredo_peers *peers);
void teredo_table_uninit(struct teredo_peers *peers);

#endif /* TEREDO_TABLE_H */
