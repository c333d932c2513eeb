/* SPDX-License-Identifier: GPL-2.0 */
/* Lifetime of the list of peers: set-up, ageing, flush, teardown. */
#ifndef TEREDO_AGE_H
#define TEREDO_AGE_H

#include "peer/peer.h"

/* Set up the list, closed. Returns 0 or -errno. */
int teredo_peers_init(struct teredo_dev *td);

/* Remove all peers and end all dumps, once the device is unregistered. May sleep. */
void teredo_peers_uninit(struct teredo_dev *td);

/* Open the list when the link comes up; close it, and remove all peers that are not
 * permanent, when it goes down. A closed list accepts no packets to hold. May sleep. RTNL.
 */
void teredo_peers_open(struct teredo_dev *td);
void teredo_peers_close(struct teredo_dev *td);

/* Remove all peers, permanent ones only if @all. Process context. */
void teredo_peers_flush(struct teredo_dev *td, bool all,
			enum teredo_peer_cause cause);

/* Report every peer to the listeners in the namespace that the device has just entered, or
 * is about to leave. RTNL.
 */
void teredo_peers_appear(struct teredo_dev *td);
void teredo_peers_disappear(struct teredo_dev *td);

/* Remove all neighbours, once discovery cannot add any more. Process context. */
void teredo_peers_flush_local(struct teredo_dev *td);

#endif /* TEREDO_AGE_H */
