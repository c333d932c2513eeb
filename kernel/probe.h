/* SPDX-License-Identifier: GPL-2.0 */
/* Attempts to reach a peer: when there may be one (RFC 4380 5.2.4, 5.2.6). What
 * is sent is the role's business.
 */
#ifndef TEREDO_PROBE_H
#define TEREDO_PROBE_H

#include "peer.h"

/* Account for one attempt to reach @peer and describe it in @probe. False if
 * the peer has used up its attempts (C-67, C-68). Under teredo_peers.lock.
 */
bool teredo_probe_start(struct teredo_dev *td, struct teredo_peer *peer,
			struct teredo_probe *probe);

/* Have the role make that attempt. RCU, BH off, no lock. */
void teredo_probe_send(struct teredo_dev *td, const struct teredo_probe *probe);

#endif /* TEREDO_PROBE_H */
