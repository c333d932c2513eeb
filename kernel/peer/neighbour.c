// SPDX-License-Identifier: GPL-2.0
#include "peer/neighbour.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/ledger.h"
#include "data/reject.h"
#include "link/device.h"
#include "peer/path.h"
#include "peer/table.h"

#define LOOKS		8	/* at neighbours to evict */

struct teredo_extra *teredo_peer_extra(struct teredo_dev *td,
				       const struct teredo_peer *peer)
{
	return rcu_dereference_protected(peer->extra,
					 lockdep_is_held(&td->peers->lock));
}

/* Evict the neighbour with the oldest announcement. Skip permanent ones, those being probed,
 * and those whose local path is open.
 */
static bool make_room(struct teredo_dev *td, struct sk_buff_head *evicted)
{
	struct teredo_peers *peers = td->peers;
	int looks = LOOKS;

	lockdep_assert_held(&peers->lock);
	if (peers->locals_count < TEREDO_LOCALS_MAX)
		return true;
	while (looks--) {
		struct teredo_extra *oldest;

		oldest = list_first_entry(&peers->locals, struct teredo_extra,
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

static struct teredo_extra *attach_extra(struct teredo_dev *td,
					 struct teredo_peer *peer,
					 struct sk_buff_head *evicted)
{
	struct teredo_extra *extra;
	struct mem_cgroup *memcg;

	if (!make_room(td, evicted))
		return NULL;
	memcg = set_active_memcg(td->memcg);
	extra = kzalloc(sizeof(*extra), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	if (!teredo_made(TEREDO_OBJECT_NEIGHBOUR, extra))
		return NULL;
	extra->peer = peer;
	list_add_tail(&extra->node, &td->peers->locals);
	td->peers->locals_count++;
	return extra;
}

/* Note that @peer is at @src on our link. Returns the reason if that is not believed. */
static int set_local(struct teredo_dev *td, struct teredo_peer *peer,
		     union teredo_endpoint src, bool *news,
		     struct sk_buff_head *evicted)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);
	bool moved = !extra || extra->local.word != src.word;
	bool told = extra && !moved && teredo_neighbour_is_known(extra);

	lockdep_assert_held(&td->peers->lock);
	/* A peer that we talk with may have restarted, or may be asking for us. */
	*news = moved || (READ_ONCE(peer->last_tx) &&
			  time_before(jiffies, extra->announced +
					       TEREDO_ANNOUNCE_MIN - HZ));
	if (moved) {
		/* A peer set by the administrator keeps the mapping it was given; and one
		 * multicast does not take over a path in use.
		 */
		if (peer->permanent || teredo_path_is_local(td, peer))
			return TEREDO_A_STATS_RX_MAPPING;
		if (!extra)
			extra = attach_extra(td, peer, evicted);
		if (!extra)
			return TEREDO_A_STATS_RX_LIMITED;
		/* The previous endpoint is no longer a mapping either. */
		if (extra->local.word &&
		    peer->mapped.word == extra->local.word && !peer->wait)
			teredo_peer_set_state(td, peer, TEREDO_PEER_STATE_PROBING,
					      TEREDO_PEER_CAUSE_DISCOVERY);
		teredo_endpoint_write(&extra->local, src);
	}
	WRITE_ONCE(extra->announced, teredo_now());
	extra->answered = teredo_now();
	list_move_tail(&extra->node, &td->peers->locals);
	/* published when complete */
	rcu_assign_pointer(peer->extra, extra);
	/* It was heard, so it may be probed again (C-71). */
	if (!teredo_peer_is_open(peer))
		WRITE_ONCE(peer->bubbles, 0);
	if (!told)
		teredo_peer_changed(td, peer, TEREDO_PEER_CAUSE_DISCOVERY);
	return TEREDO_GO_ON;
}

/* Neighbours with an open local path are answered regardless of what others send; all
 * others share a rate per source (SEC-11).
 */
static bool may_answer(struct teredo_dev *td, const struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	static const struct teredo_rate strangers = TEREDO_RATE(5, 20);
	const struct teredo_extra *extra;

	extra = peer ? teredo_peer_extra(td, peer) : NULL;
	if (extra && extra->local.word == src.word && teredo_path_is_local(td, peer))
		return !time_before(jiffies, extra->answered +
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
	struct teredo_extra *extra = teredo_peer_extra(td, peer);

	lockdep_assert_held(&td->peers->lock);
	if (!extra)
		return;
	list_del(&extra->node);
	td->peers->locals_count--;
	teredo_gone(TEREDO_OBJECT_NEIGHBOUR, extra);
	kfree_rcu(extra, rcu);
}
