// SPDX-License-Identifier: GPL-2.0
/* Whoever sends with sources that he made up has a peer made for each, and can
 * have us answer each: bubbles need no nonce (RFC 4380 5.2.3). So neither that a
 * peer spoke nor that it was spoken to says anything about it. What does is a
 * round trip, something that only he can know who receives our packets:
 *	- the nonce of our echo request (C-39) or of our relay's bubble,
 *	- a segment that our TCP saw acknowledged, or MSG_CONFIRM of a program: what
 *	  tells neighbour discovery that a neighbour is there tells us, too.
 * Such a peer is proven, and goes only when it is idle. All others share a part of
 * the list. In it the oldest goes for the newest, unless it was heard again since
 * it was last looked at. Those whom we address have a part of their own, which
 * strangers cannot fill, and the proven cannot take either part: so there is room
 * for somebody new however long the list is, and a flood costs others at most
 * another bubble.
 */
#include "quota.h"

#include "device.h"
#include "peerlookup.h"
#include "trace.h"

#define UNPROVEN_MAX	65536U		/* addressed by us; strangers half of it */
#define LOOKS		8		/* at candidates to evict */

static unsigned int quota_of(const struct teredo_config *cfg,
			     enum teredo_origin origin)
{
	unsigned int ours = clamp(cfg->peers_max / 4,
				  min(cfg->peers_max, 16U), UNPROVEN_MAX);

	return origin == TEREDO_BY_STRANGER ? max(ours / 2, 1U) : ours;
}

/* What the others leave. */
static unsigned int proven_max(const struct teredo_config *cfg)
{
	unsigned int others = quota_of(cfg, TEREDO_BY_US) +
			      quota_of(cfg, TEREDO_BY_STRANGER);

	return cfg->peers_max - min(cfg->peers_max, others);
}

void teredo_quota_init(struct teredo_quota *quota)
{
	unsigned int i;

	for (i = 0; i < TEREDO_QUOTAS; i++)
		INIT_LIST_HEAD(&quota->list[i]);
}

/* Put @peer, which is in no list, behind all others. */
static void enqueue(struct teredo_quota *quota, struct teredo_peer *peer,
		    enum teredo_origin origin)
{
	peer->origin = origin;
	peer->queued_at = jiffies;
	list_add_tail(&peer->unproven, &quota->list[origin]);
	quota->count[origin]++;
}

static void dequeue(struct teredo_quota *quota, struct teredo_peer *peer)
{
	list_del(&peer->unproven);
	quota->count[peer->origin]--;
}

static bool heard_since_queued(const struct teredo_peer *peer)
{
	unsigned long rx = READ_ONCE(peer->last_rx);

	return rx && time_after(rx, peer->queued_at);
}

static bool evict(struct teredo_dev *td, enum teredo_origin origin,
		  struct sk_buff_head *evicted)
{
	struct teredo_quota *quota = &td->peers.quota;
	struct teredo_peer *peer;
	int looks = LOOKS;

	while (looks-- && quota->count[origin]) {
		peer = list_first_entry(&quota->list[origin],
					struct teredo_peer, unproven);
		if (!heard_since_queued(peer)) {
			teredo_peer_remove(td, peer, TEREDO_PEER_CAUSE_EVICTED,
					   evicted);
			teredo_count(td->stats, TEREDO_A_STATS_PEERS_EVICTED);
			return true;
		}
		dequeue(quota, peer);
		enqueue(quota, peer, origin);
	}
	return false;
}

bool teredo_quota_admit(struct teredo_dev *td, const struct teredo_config *cfg,
			enum teredo_origin origin, struct sk_buff_head *evicted)
{
	bool full = teredo_peers_count(&td->peers) >= cfg->peers_max;

	lockdep_assert_held(&td->peers.lock);
	if (full)
		teredo_peers_press(td);
	else if (origin == TEREDO_BY_HAND ||
		 td->peers.quota.count[origin] < quota_of(cfg, origin))
		return true;
	if (origin != TEREDO_BY_HAND && evict(td, origin, evicted))
		return true;
	/* nobody goes for a stranger but another one */
	return full && origin != TEREDO_BY_STRANGER &&
	       (evict(td, TEREDO_BY_STRANGER, evicted) ||
		evict(td, TEREDO_BY_US, evicted));
}

void teredo_quota_enter(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_origin origin)
{
	lockdep_assert_held(&td->peers.lock);
	if (origin == TEREDO_BY_HAND) {
		WRITE_ONCE(peer->proven, true);
		td->peers.quota.proven++;
	} else {
		enqueue(&td->peers.quota, peer, origin);
	}
}

void teredo_quota_leave(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers.lock);
	if (peer->proven) {
		td->peers.quota.proven--;
	} else {
		dequeue(&td->peers.quota, peer);
		/* who still finds it has nothing left to prove */
		WRITE_ONCE(peer->proven, true);
	}
}

void teredo_quota_probed(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_origin origin)
{
	struct teredo_quota *quota = &td->peers.quota;

	lockdep_assert_held(&td->peers.lock);
	if (peer->proven)
		return;
	if (origin == TEREDO_BY_STRANGER ||
	    quota->count[origin] >= quota_of(cfg, origin))
		origin = peer->origin;
	dequeue(quota, peer);
	enqueue(quota, peer, origin);
}

void teredo_quota_vouch(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers.lock);
	if (peer->proven)
		return;
	dequeue(&td->peers.quota, peer);
	teredo_quota_enter(td, peer, TEREDO_BY_HAND);
	trace_teredo_peer(td->dev, peer);
}

void teredo_quota_prove(struct teredo_dev *td, const struct teredo_config *cfg,
			struct teredo_peer *peer)
{
	if (teredo_quota_is_full(td, cfg))
		teredo_peers_press(td);
	else
		teredo_quota_vouch(td, peer);
}

bool teredo_quota_is_full(const struct teredo_dev *td,
			  const struct teredo_config *cfg)
{
	return READ_ONCE(td->peers.quota.proven) >= proven_max(cfg);
}

bool teredo_quota_is_pressed(const struct teredo_dev *td,
			     const struct teredo_config *cfg)
{
	unsigned int room = proven_max(cfg);

	return READ_ONCE(td->peers.quota.proven) >= room - room / 8 ||
	       teredo_peers_count(&td->peers) >=
	       cfg->peers_max - cfg->peers_max / 8;
}
