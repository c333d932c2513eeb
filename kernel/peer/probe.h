/* SPDX-License-Identifier: GPL-2.0 */
/* Attempts to reach a peer: when they are due, and by which ways (RFC 4380 5.2.4, 5.2.6).
 * The role sends.
 */
#ifndef TEREDO_PROBE_H
#define TEREDO_PROBE_H

#include "peer/peer.h"

/* One attempt to reach a peer, passed to the role without a lock */
struct teredo_probe {
	struct in6_addr addr;
	u64 nonce;			/* to be repeated by the answer */
	union teredo_endpoint local;	/* for TEREDO_WAY_LOCAL */
	u8 ways;			/* to try, TEREDO_WAY_... */
	bool again;			/* earlier attempts went unanswered */
	u32 initiator;			/* teredo_initiator() */
	unsigned int keep;		/* part of a limit to leave to others */
	unsigned long when;		/* peer->last_probe, jiffies */
};

/* Account for an attempt to reach @peer on behalf of @initiator, and describe it in @probe.
 * Returns false if no attempt is due (C-67, C-68). Under teredo_peers.lock.
 */
bool teredo_probe_start(struct teredo_dev *td, struct teredo_peer *peer,
			u32 initiator, struct teredo_probe *probe);

/* Return true if an attempt to reach @peer seems due, so that a token of a rate limit would
 * not be wasted. No lock needed.
 */
bool teredo_probe_is_due(const struct teredo_peer *peer);

/* Make the attempt. If nothing was sent, because of a limit, or without a route or memory,
 * the attempt is not counted. RCU, BH off, no lock.
 */
void teredo_probe_send(struct teredo_dev *td, struct teredo_probe *probe);

/* Take a token of the limit of probes to @server. Returns false, and counts tx-limited, if
 * there is none for @probe. For roles.
 */
bool teredo_probe_may_ask(struct teredo_dev *td, __be32 server,
			  const struct teredo_probe *probe);

#endif /* TEREDO_PROBE_H */
