/* SPDX-License-Identifier: GPL-2.0 */
/* Lifetime of the list of peers: set-up, ageing, flush, teardown. */
#ifndef TEREDO_AGE_H
#define TEREDO_AGE_H

#include "peer/peer.h"

int teredo_peers_init(struct teredo_dev *td);
void teredo_peers_uninit(struct teredo_dev *td);

/* Link up and link down. A closed list holds no packets. RTNL. */
void teredo_peers_open(struct teredo_dev *td);
void teredo_peers_close(struct teredo_dev *td);

/* Remove all peers, also permanent ones if @all. Process context. */
void teredo_peers_flush(struct teredo_dev *td, bool all,
			enum teredo_peer_cause cause);

/* The device has entered a namespace, or is about to leave it: tell the listeners there of
 * every peer. RTNL.
 */
void teredo_peers_appear(struct teredo_dev *td);
void teredo_peers_disappear(struct teredo_dev *td);

/* Remove all neighbours, after discovery has ended. Process context. */
void teredo_peers_flush_local(struct teredo_dev *td);

#endif /* TEREDO_AGE_H */
