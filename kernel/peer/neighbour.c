// SPDX-License-Identifier: GPL-2.0
#include "peer/neighbour.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/ledger.h"
#include "data/reject.h"
#include "link/device.h"
#include "peer/path.h"
#include "peer/table.h"

#define LOOKS		8	/* candidates for an eviction */

struct teredo_neighbour *teredo_neighbour_of(struct teredo_dev *td,
					     const struct teredo_peer *peer)
{
	const struct teredo_extra *extra = teredo_extra_of(td, peer);

	return extra ? rcu_dereference_protected(extra->neighbour,
						 lockdep_is_held(&td->peers->lock)) : NULL;
}

/* If there are too many neighbours, evict the one with the oldest announcement. Skip
 * permanent ones, those being probed, and those whose local path is open. Returns false if
 * there is still no room.
 */
static bool make_room(struct teredo_dev *td, struct sk_buff_head *evicted)
{
	struct teredo_peers *peers = td->peers;
	int looks = LOOKS;

	lockdep_assert_held(&peers->lock);
	if (peers->locals_count < TEREDO_LOCALS_MAX)
		return true;
	while (looks--) {
		struct teredo_neighbour *oldest;

		oldest = list_first_entry(&peers->locals, struct teredo_neighbour,
					  node);
		if (!oldest->peer->permanent && !oldest->peer->wait &&
		    !teredo_path_is_local(td, oldest->peer)) {
			teredo_peer_remove(td, oldest->peer,
					   TEREDO_PEER_CAUSE_EVICTED, evicted);
			return true;
		}
		list_move_tail(&oldest->node, &peers->locals);
	}
	return false;
}

/* Make @peer a neighbour. Readers see that only when set_local() publishes it. Returns NULL
 * without room or memory.
 */
static struct teredo_neighbour *attach(struct teredo_dev *td, struct teredo_peer *peer,
				       struct sk_buff_head *evicted)
{
	struct teredo_neighbour *neighbour;
	struct mem_cgroup *memcg;

	if (!make_room(td, evicted) || !teredo_extra_make(td, peer))
		return NULL;
	memcg = set_active_memcg(td->memcg);
	neighbour = kzalloc(sizeof(*neighbour), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	if (!teredo_made(TEREDO_OBJECT_NEIGHBOUR, neighbour))
		return NULL;
	neighbour->peer = peer;
	list_add_tail(&neighbour->node, &td->peers->locals);
	td->peers->locals_count++;
	return neighbour;
}

/* Note that @peer is at @src on our link. Returns TEREDO_GO_ON, or the reason why not. */
static int set_local(struct teredo_dev *td, struct teredo_peer *peer,
		     union teredo_endpoint src, bool *news,
		     struct sk_buff_head *evicted)
{
	struct teredo_neighbour *neighbour = teredo_neighbour_of(td, peer);
	bool moved = !neighbour || neighbour->local.word != src.word;
	bool told = neighbour && !moved && teredo_neighbour_is_known(neighbour);

	lockdep_assert_held(&td->peers->lock);
	/* A peer that we talk with may have restarted, or may be asking for us. */
	*news = moved || (READ_ONCE(peer->last_tx) &&
			  time_before(jiffies, neighbour->announced +
					       TEREDO_ANNOUNCE_MIN - HZ));
	if (moved) {
		/* A peer set by the administrator keeps the mapping it was given. And a
		 * single multicast must not take over a path in use.
		 */
		if (peer->permanent || teredo_path_is_local(td, peer))
			return TEREDO_A_STATS_RX_MAPPING;
		if (!neighbour)
			neighbour = attach(td, peer, evicted);
		if (!neighbour)
			return TEREDO_A_STATS_RX_LIMITED;
		/* The peer has left its previous endpoint: do not send there any more. */
		if (neighbour->local.word &&
		    peer->mapped.word == neighbour->local.word && !peer->wait)
			teredo_peer_set_state(td, peer, TEREDO_PEER_STATE_PROBING,
					      TEREDO_PEER_CAUSE_DISCOVERY);
		teredo_endpoint_write(&neighbour->local, src);
	}
	WRITE_ONCE(neighbour->announced, teredo_now());
	neighbour->answered = teredo_now();
	list_move_tail(&neighbour->node, &td->peers->locals);
	/* Publish it now that it is complete. */
	rcu_assign_pointer(teredo_extra_of(td, peer)->neighbour, neighbour);
	/* The peer was heard, so it may be probed again (C-71). */
	if (!teredo_peer_is_open(peer))
		WRITE_ONCE(peer->bubbles, 0);
	if (!told)
		teredo_peer_changed(td, peer, TEREDO_PEER_CAUSE_DISCOVERY);
	return TEREDO_GO_ON;
}

/* Return true if a discovery bubble may be answered. Neighbours with an open local path are
 * answered whatever others send; for all others there is a limit per source (SEC-11).
 */
static bool may_answer(struct teredo_dev *td, const struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	static const struct teredo_rate strangers = TEREDO_RATE(5, 20);
	const struct teredo_neighbour *neighbour;

	neighbour = peer ? teredo_neighbour_of(td, peer) : NULL;
	if (neighbour && neighbour->local.word == src.word && teredo_path_is_local(td, peer))
		return !time_before(jiffies, neighbour->answered +
					     TEREDO_LOCAL_SPACING);
	return teredo_buckets_take(&td->peers->answers, &strangers, 0,
				   (__force u32)src.addr, TEREDO_KEEP_NOTHING,
				   ktime_get_ns());
}

int teredo_peer_announced(struct teredo_dev *td,
			  const struct teredo_config *cfg,
			  const struct in6_addr *addr,
			  union teredo_endpoint src, bool *news)
{
	int verdict = TEREDO_A_STATS_RX_LIMITED;
	struct teredo_peer *peer, *made = NULL;
	struct sk_buff_head evicted;

	__skb_queue_head_init(&evicted);
	spin_lock_bh(&td->peers->lock);
	peer = teredo_peer_lookup(td, addr);
	if (td->peers->closed || !may_answer(td, peer, src))
		goto out;
	if (!peer) {
		made = teredo_peer_create(td, cfg, addr, TEREDO_PEER_KIND_TEREDO,
					  TEREDO_BY_STRANGER,
					  teredo_initiator(td, cfg, NULL, addr),
					  &evicted);
		if (IS_ERR(made)) {
			if (PTR_ERR(made) == -ENOMEM)
				verdict = TEREDO_A_STATS_RX_NO_MEMORY;
			goto out;
		}
		WRITE_ONCE(made->last_rx, teredo_now());	/* C-87 */
		peer = made;
	}
	verdict = set_local(td, peer, src, news, &evicted);
	if (verdict && made)
		teredo_peer_remove(td, made, TEREDO_PEER_CAUSE_EVICTED,
				   &evicted);
out:
	spin_unlock_bh(&td->peers->lock);
	teredo_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	return verdict;
}

void teredo_neighbour_remove(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_neighbour *neighbour = teredo_neighbour_of(td, peer);

	lockdep_assert_held(&td->peers->lock);
	if (!neighbour)
		return;
	list_del(&neighbour->node);
	td->peers->locals_count--;
	teredo_gone(TEREDO_OBJECT_NEIGHBOUR, neighbour);
	kfree_rcu(neighbour, rcu);
}
