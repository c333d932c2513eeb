/* SPDX-License-Identifier: GPL-2.0 */
/* Attempts to reach a peer: when there may be one (RFC 4380 5.2.4, 5.2.6). What
 * is sent is the role's business.
 */
#ifndef TEREDO_PROBE_H
#define TEREDO_PROBE_H

#include "peer/peer.h"

/* One attempt to reach a peer, handed to the role without any lock held. */
struct teredo_probe {
	struct in6_addr addr;
	u64 nonce;			/* what the answer has to repeat */
	union teredo_endpoint local;	/* where discovery found it, for that way */
	u8 ways;			/* to try, TEREDO_WAY_... */
	bool again;			/* others went before, in vain */
	u32 cause;			/* teredo_cause() */
	unsigned int keep;		/* what it leaves of a limit to others */
	unsigned long when;		/* peer->last_probe */
};

/* Account for one attempt to reach @peer because of @cause and describe it in
 * @probe. False if the peer has used up its attempts (C-67, C-68). Under
 * teredo_peers.lock.
 */
bool teredo_probe_start(struct teredo_dev *td, struct teredo_peer *peer,
			u32 cause, struct teredo_probe *probe);

/* True if an attempt to reach @peer might be made, so that it is worth asking a limit
 * for it; no lock needed.
 */
bool teredo_probe_is_due(const struct teredo_peer *peer);

/* Have the role make that attempt. If nothing left, be it for a limit, for want of a
 * route or of memory, it does not count as one. RCU, BH off, no lock.
 */
void teredo_probe_send(struct teredo_dev *td, struct teredo_probe *probe);

/* For roles: true if the limit of @server has room for @probe; else that is
 * counted.
 */
bool teredo_probe_may_ask(struct teredo_dev *td, __be32 server,
			  const struct teredo_probe *probe);

#endif /* TEREDO_PROBE_H */
