/* SPDX-License-Identifier: GPL-2.0 */
/* Path selection: a neighbour can be reached on our own link and at its mapping, and the
 * local path is preferred (D-18). All under teredo_peers.lock.
 */
#ifndef TEREDO_PATH_H
#define TEREDO_PATH_H

#include "peer/peer.h"

/* Return true if packets to @peer take the local path, open or not. */
bool teredo_path_leads_local(struct teredo_dev *td, const struct teredo_peer *peer);

/* Return true if packets to @peer take the local path and it is open. */
bool teredo_path_is_local(struct teredo_dev *td, const struct teredo_peer *peer);

/* Prepare to switch the path of @peer to @src. If that is local, remember when the mapping
 * was last heard.
 */
void teredo_path_leave(struct teredo_dev *td, struct teredo_peer *peer,
		       union teredo_endpoint src);

/* Decide about the path when a datagram of @peer came from @src. Returns true to keep the
 * local path, which is open; then remembers that the mapping was heard.
 */
bool teredo_path_stay(struct teredo_dev *td, struct teredo_peer *peer,
		      union teredo_endpoint src);

/* If the local path has expired but the mapping was heard since, switch to the mapping. */
void teredo_path_fall_back(struct teredo_dev *td, struct teredo_peer *peer);

#endif /* TEREDO_PATH_H */
