/* SPDX-License-Identifier: GPL-2.0 */
/* Two ways to one peer, on our own link and by its mapping, and which of them packets take
 * (D-18). All under teredo_peers.lock.
 */
#ifndef TEREDO_PATH_H
#define TEREDO_PATH_H

#include "peer/peer.h"

/* True if packets to @peer go to where discovery found it, be that path open or not. */
bool teredo_path_leads_local(struct teredo_dev *td, const struct teredo_peer *peer);

/* The same, and it is open. */
bool teredo_path_is_local(struct teredo_dev *td, const struct teredo_peer *peer);

/* Packets to @peer are about to go to @src. If that is on our link, remember
 * when its mapping was last heard.
 */
void teredo_path_leave(struct teredo_dev *td, struct teredo_peer *peer,
		       union teredo_endpoint src);

/* @peer was heard from @src. True if we have a better way, on our link, that is open: stay
 * there; that is remembered.
 */
bool teredo_path_stay(struct teredo_dev *td, struct teredo_peer *peer,
		      union teredo_endpoint src);

/* @peer was silent on our link for too long. If its mapping was not, go on
 * there at once.
 */
void teredo_path_fall_back(struct teredo_dev *td, struct teredo_peer *peer);

#endif /* TEREDO_PATH_H */
