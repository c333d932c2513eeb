/* SPDX-License-Identifier: GPL-2.0 */
/* How the list of peers begins, grows old, and ends. */
#ifndef TEREDO_AGE_H
#define TEREDO_AGE_H

#include "peer/peer.h"

int teredo_peers_init(struct teredo_dev *td);
void teredo_peers_uninit(struct teredo_dev *td);

/* Link up and down; a closed list lets nobody wait. RTNL. */
void teredo_peers_open(struct teredo_dev *td);
void teredo_peers_close(struct teredo_dev *td);

/* Forget all peers; @all: those set by hand, too. Process context. */
void teredo_peers_flush(struct teredo_dev *td, bool all,
			enum teredo_peer_cause cause);

/* The device came to a namespace, with the peers that it has, or is leaving it. RTNL. */
void teredo_peers_appear(struct teredo_dev *td);
void teredo_peers_disappear(struct teredo_dev *td);

/* Forget those that discovery found, after it has ended. Process context. */
void teredo_peers_flush_local(struct teredo_dev *td);

#endif /* TEREDO_AGE_H */
