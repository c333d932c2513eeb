/* SPDX-License-Identifier: GPL-2.0 */
/* The table of peers: lookup, and walks for dumps. */
#ifndef TEREDO_TABLE_H
#define TEREDO_TABLE_H

#include "peer/peer.h"

/* Return the peer @addr, valid until RCU unlock, or NULL. */
struct teredo_peer *teredo_peer_lookup(struct teredo_dev *td,
				       const struct in6_addr *addr);

/* Insert @peer. Returns 0, -EEXIST, -ENOMEM or another error of rhashtable. Under the lock. */
int teredo_peer_insert(struct teredo_dev *td, struct teredo_peer *peer);

/* Remove @peer. Returns false if it was not in the table. Under the lock. */
bool teredo_peer_unhash(struct teredo_dev *td, struct teredo_peer *peer);

static inline unsigned int teredo_peers_count(const struct teredo_peers *peers)
{
	return atomic_read(&peers->table.nelems);
}

/* Schedule the ageing (age.c) after @delay; or soon, since the table is full. Under the
 * lock.
 */
void teredo_peers_schedule_age(struct teredo_dev *td, unsigned long delay);
void teredo_peers_press(struct teredo_dev *td);

/* A walk that spans several netlink messages. It holds neither lock nor reference between
 * them: removing the device ends its walks.
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

/* End all dumps of a device that is being removed. */
void teredo_dumps_end(struct teredo_peers *peers);

int teredo_table_init(struct teredo_peers *peers);
void teredo_table_uninit(struct teredo_peers *peers);

#endif /* TEREDO_TABLE_H */
