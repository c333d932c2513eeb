// SPDX-License-Identifier: GPL-2.0
/* Who may be in the list of peers, and who is evicted.
 *
 * Forged sources create a peer each, and make us answer each: bubbles need no nonce (RFC
 * 4380 5.2.3). So neither what a peer sent nor what was sent to it says anything about it.
 * A round trip does. It shows in what only a host that receives our packets can know:
 *	- the nonce of our echo request (C-39) or of our relay's bubble,
 *	- a segment that our TCP saw acknowledged, or MSG_CONFIRM of a program, as in
 *	  neighbour discovery.
 * Such a peer is proven, and is removed only when idle. All others share a part of the
 * list, where a new one evicts another: of a few candidates, one of the initiator with the
 * most peers; else one that was not heard since it was last a candidate; else the oldest.
 * Peers that we addressed have a part of their own, which strangers cannot fill. Proven
 * peers cannot take either part. So there is always room for a new peer, and a flood costs
 * others at most another bubble.
 */
#include "peer/quota.h"

#include "base/trace.h"
#include "link/device.h"
#include "peer/table.h"

#define UNPROVEN_MAX	65535U		/* addressed by us; half as many strangers */
#define LOOKS		8U		/* candidates for an eviction */

static_assert(UNPROVEN_MAX <= U16_MAX);		/* one share may hold all of them */

/* Return how many unproven peers there may be for @cause. */
static unsigned int quota_of(const struct teredo_config *cfg,
			     enum teredo_cause cause)
{
	unsigned int ours = clamp(cfg->peers_max / 4,
				  min(cfg->peers_max, 16U), UNPROVEN_MAX);

	return cause == TEREDO_BY_STRANGER ? max(ours / 2, 1U) : ours;
}

/* Return how many peers may be proven: what the other parts leave. */
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

bool teredo_quota_is_even(const struct teredo_quota *quota)
{
	return !memchr_inv(quota->count, 0, sizeof(quota->count)) &&
	       !memchr_inv(quota->share, 0, sizeof(quota->share)) &&
	       !quota->proven;
}

/* Return the share of @peer in a row. */
static u16 *share_of(struct teredo_quota *quota,
		     const struct teredo_peer *peer, unsigned int row)
{
	return &quota->share[peer->cause][row][peer->share[row]];
}

/* Return the number of peers of the initiator of @peer, or more: another initiator may have
 * the same place in one row, but hardly in both.
 */
static unsigned int held_by_initiator(struct teredo_quota *quota,
				      const struct teredo_peer *peer)
{
	return min(*share_of(quota, peer, 0), *share_of(quota, peer, 1));
}

/* Append @peer, which is in no list. */
static void enqueue(struct teredo_quota *quota, struct teredo_peer *peer,
		    enum teredo_cause cause, u32 initiator)
{
	unsigned int row;

	peer->cause = cause;
	peer->queued_at = jiffies;
	list_add_tail(&peer->unproven, &quota->list[cause]);
	quota->count[cause]++;
	for (row = 0; row < TEREDO_QUOTA_ROWS; row++) {
		peer->share[row] = (initiator >> row * 8) % TEREDO_QUOTA_SHARES;
		++*share_of(quota, peer, row);
	}
}

static void dequeue(struct teredo_quota *quota, struct teredo_peer *peer)
{
	unsigned int row;

	list_del(&peer->unproven);
	quota->count[peer->cause]--;
	for (row = 0; row < TEREDO_QUOTA_ROWS; row++)
		--*share_of(quota, peer, row);
}

static bool heard_since_queued(const struct teredo_peer *peer)
{
	unsigned long rx = READ_ONCE(peer->last_rx);

	return rx && time_after(rx, peer->queued_at);
}

/* A candidate for eviction */
struct candidate {
	struct teredo_peer *peer;
	unsigned int held;	/* peers of its initiator; 0 if these are not many */
	bool heard;
};

/* Return true if @a is to be evicted rather than @b. */
static bool goes_before(const struct candidate *a, const struct candidate *b)
{
	if (a->held != b->held)
		return a->held > b->held;
	if (a->heard != b->heard)
		return b->heard;
	return time_before(a->peer->queued_at, b->peer->queued_at);
}

/* Return the peer to evict, or NULL. Look at a few peers, and at others the next time: so
 * the cost does not depend on the number of peers, and an initiator with many of them is
 * still found. Many is more than eight times an even share: initiators that share a place
 * by chance do not have as many.
 */
static struct teredo_peer *find_victim(struct teredo_quota *quota,
				       enum teredo_cause cause)
{
	unsigned int looks = min(quota->count[cause], LOOKS);
	unsigned int much = quota->count[cause] / (TEREDO_QUOTA_SHARES / 8);
	struct candidate next, victim = { };

	while (looks--) {
		next.peer = list_first_entry(&quota->list[cause],
					     struct teredo_peer, unproven);
		list_move_tail(&next.peer->unproven, &quota->list[cause]);
		next.held = held_by_initiator(quota, next.peer);
		if (next.held <= much)
			next.held = 0;
		next.heard = heard_since_queued(next.peer);
		if (!victim.peer || goes_before(&next, &victim))
			swap(next, victim);
		/* a peer that stays has to be heard again */
		if (next.peer && next.heard)
			next.peer->queued_at = jiffies;
	}
	return victim.peer;
}

bool teredo_quota_admit(struct teredo_dev *td, const struct teredo_config *cfg,
			enum teredo_cause cause, struct teredo_peer **victim)
{
	bool full = teredo_peers_count(td->peers) >= cfg->peers_max;
	struct teredo_quota *quota = &td->peers->quota;

	lockdep_assert_held(&td->peers->lock);
	*victim = NULL;
	if (full)
		teredo_peers_press(td);
	else if (cause == TEREDO_BY_HAND ||
		 quota->count[cause] < quota_of(cfg, cause))
		return true;
	if (cause != TEREDO_BY_HAND)
		*victim = find_victim(quota, cause);
	/* A stranger may evict only another stranger. */
	if (!*victim && full && cause != TEREDO_BY_STRANGER)
		*victim = find_victim(quota, TEREDO_BY_STRANGER) ?:
			  find_victim(quota, TEREDO_BY_US);
	return *victim;
}

void teredo_quota_enter(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_cause cause, u32 initiator)
{
	lockdep_assert_held(&td->peers->lock);
	if (cause == TEREDO_BY_HAND) {
		WRITE_ONCE(peer->proven, true);
		td->peers->quota.proven++;
	} else {
		enqueue(&td->peers->quota, peer, cause, initiator);
	}
}

void teredo_quota_leave(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers->lock);
	if (peer->proven) {
		td->peers->quota.proven--;
	} else {
		dequeue(&td->peers->quota, peer);
		/* RCU readers that still find it must not prove it */
		WRITE_ONCE(peer->proven, true);
	}
}

void teredo_quota_probed(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_cause cause,
			 u32 initiator)
{
	struct teredo_quota *quota = &td->peers->quota;

	lockdep_assert_held(&td->peers->lock);
	if (peer->proven)
		return;
	if (cause == TEREDO_BY_STRANGER ||
	    quota->count[cause] >= quota_of(cfg, cause))
		cause = peer->cause;
	dequeue(quota, peer);
	enqueue(quota, peer, cause, initiator);
}

void teredo_quota_vouch(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers->lock);
	if (peer->proven)
		return;
	dequeue(&td->peers->quota, peer);
	teredo_quota_enter(td, peer, TEREDO_BY_HAND, 0);
	trace_teredo_peer(td->dev, &peer->addr, peer->state, peer->mapped,
			  peer->proven);
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
	return READ_ONCE(td->peers->quota.proven) >= proven_max(cfg);
}

bool teredo_quota_is_pressed(const struct teredo_dev *td,
			     const struct teredo_config *cfg)
{
	unsigned int room = proven_max(cfg);

	return READ_ONCE(td->peers->quota.proven) >= room - room / 8 ||
	       teredo_peers_count(td->peers) >=
	       cfg->peers_max - cfg->peers_max / 8;
}
