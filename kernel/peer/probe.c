// SPDX-License-Identifier: GPL-2.0
#include "peer/probe.h"

#include <linux/random.h>

#include "link/device.h"
#include "link/role.h"
#include "peer/neighbour.h"
#include "peer/path.h"
#include "peer/table.h"

/* Return how long to leave a peer alone that has not answered a series of probes, in
 * jiffies. The RFC limits bubbles; echo requests to native hosts only have to be rare.
 */
static unsigned long quiet_time(const struct teredo_peer *peer)
{
	return peer->kind == TEREDO_PEER_KIND_NATIVE ? TEREDO_ECHO_RETRY :
						       TEREDO_BUBBLE_WINDOW;
}

bool teredo_probe_is_due(const struct teredo_peer *peer)
{
	unsigned long last = READ_ONCE(peer->last_probe), pause;

	pause = READ_ONCE(peer->bubbles) < TEREDO_PROBE_TRIES ?
		TEREDO_PROBE_SPACING : quiet_time(peer);
	return !READ_ONCE(peer->wait) &&
	       (!last || !time_before(jiffies, last + pause));
}

/* Choose which ways of the role to try (C-49, C-51). For a neighbour, try the local one
 * first, and from the second attempt on also the mapping in its address, in case it has
 * left the link.
 */
static void choose_ways(struct teredo_dev *td, const struct teredo_peer *peer,
			struct teredo_probe *probe)
{
	const struct teredo_neighbour *neighbour = teredo_neighbour_of(td, peer);
	u8 ways = READ_ONCE(td->role)->ways;

	probe->local = TEREDO_NOWHERE;
	if (peer->kind == TEREDO_PEER_KIND_NATIVE && ways & TEREDO_WAY_ECHO) {
		probe->ways = TEREDO_WAY_ECHO;
	} else if (!neighbour || !teredo_neighbour_is_known(neighbour)) {
		probe->ways = TEREDO_WAY_DIRECT | TEREDO_WAY_INDIRECT;
	} else {
		probe->local = neighbour->local;
		probe->ways = TEREDO_WAY_LOCAL;
		if (peer->bubbles > 1 ||
		    (teredo_peer_is_open(peer) &&
		     !teredo_path_leads_local(td, peer)))
			probe->ways |= TEREDO_WAY_DIRECT | TEREDO_WAY_INDIRECT;
	}
	probe->ways &= ways;
}

/* Return true if an answer to an earlier attempt of this series may still arrive.
 * Unanswered attempts share a nonce (RFC 4380 5.2.9): on a path of more than 2 s each
 * answer arrives after the next attempt was sent.
 */
static bool is_awaited(const struct teredo_peer *peer, unsigned long now)
{
	return peer->nonce && peer->bubbles &&
	       time_before(now, peer->last_probe + TEREDO_NONCE_VALID);
}

bool teredo_probe_start(struct teredo_dev *td, struct teredo_peer *peer,
			u32 initiator, struct teredo_probe *probe)
{
	unsigned long now = jiffies;

	lockdep_assert_held(&td->peers->lock);
	if (peer->last_probe &&
	    time_before(now, peer->last_probe + TEREDO_PROBE_SPACING))
		return false;
	if (peer->bubbles >= TEREDO_PROBE_TRIES) {
		if (time_before(now, peer->last_probe + quiet_time(peer)))
			return false;
		WRITE_ONCE(peer->bubbles, 0);
	}
	/* For the echo request of a client (C-89) and the bubble of a relay; 0 means
	 * none.
	 */
	if (!is_awaited(peer, now))
		WRITE_ONCE(peer->nonce, get_random_u64() ?: 1);
	WRITE_ONCE(peer->bubbles, peer->bubbles + 1);
	WRITE_ONCE(peer->last_probe, teredo_now());

	probe->addr = peer->addr;
	probe->nonce = peer->nonce;
	probe->again = peer->bubbles > 1;
	probe->initiator = initiator;
	probe->when = peer->last_probe;
	choose_ways(td, peer, probe);
	return true;
}

/* Undo the count of an attempt that was not sent, and so is not unanswered (C-68). The
 * spacing stays: the next attempt comes no sooner than after one that was sent.
 */
static void withdraw(struct teredo_dev *td, const struct teredo_probe *probe)
{
	struct teredo_peer *peer;

	spin_lock_bh(&td->peers->lock);
	peer = teredo_peer_lookup(td, &probe->addr);
	if (peer && peer->last_probe == probe->when && peer->bubbles)
		WRITE_ONCE(peer->bubbles, peer->bubbles - 1);
	spin_unlock_bh(&td->peers->lock);
}

void teredo_probe_send(struct teredo_dev *td, struct teredo_probe *probe)
{
	bool sent = false;

	/* First attempts have priority over later ones, and initiators of few attempts over
	 * initiators of many.
	 */
	probe->keep = teredo_limit_keep(td, TEREDO_LIMIT_PROBES, probe->initiator);
	if (probe->again)
		probe->keep = teredo_limit_behind(probe->keep);
	/* Limit the traffic that others can make us send, wherever it goes (SEC-28). */
	if (teredo_limit_ok(td, TEREDO_LIMIT_PROBES, 0, probe->keep))
		sent = READ_ONCE(td->role)->probe(td, probe);
	else
		teredo_count(td->stats, TEREDO_A_STATS_TX_LIMITED);
	if (!sent)
		withdraw(td, probe);
}

bool teredo_probe_may_ask(struct teredo_dev *td, __be32 server,
			  const struct teredo_probe *probe)
{
	/* Packets to many clients of one server must not make us flood it (SEC-28). */
	if (teredo_limit_ok(td, TEREDO_LIMIT_SERVER_PROBES,
			    (__force u32)server, probe->keep))
		return true;
	teredo_count(td->stats, TEREDO_A_STATS_TX_LIMITED);
	return false;
}
