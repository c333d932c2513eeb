// SPDX-License-Identifier: GPL-2.0
#include "peer/peer.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/ledger.h"
#include "base/trace.h"
#include "data/reject.h"
#include "data/send.h"
#include "link/device.h"
#include "peer/neighbour.h"
#include "peer/path.h"
#include "peer/probe.h"
#include "peer/queue.h"
#include "peer/table.h"
#include "peer/timers.h"

void teredo_peer_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			 enum teredo_peer_cause cause)
{
	trace_teredo_peer(td->dev, &peer->addr, peer->state, peer->mapped,
			  peer->proven);
	teredo_event_changed(td, peer, cause);
}

void teredo_peer_set_state(struct teredo_dev *td, struct teredo_peer *peer,
			   enum teredo_peer_state state,
			   enum teredo_peer_cause cause)
{
	lockdep_assert_held(&td->peers->lock);
	if (peer->state == state)
		return;
	WRITE_ONCE(peer->state, state);
	teredo_peer_changed(td, peer, cause);
}

/* Return the cause to report to listeners for a peer that was created or probed. */
static enum teredo_peer_cause told_as(enum teredo_cause cause)
{
	switch (cause) {
	case TEREDO_BY_US:
		return TEREDO_PEER_CAUSE_PACKET;
	case TEREDO_BY_STRANGER:
		return TEREDO_PEER_CAUSE_DATAGRAM;
	default:
		return TEREDO_PEER_CAUSE_HAND;
	}
}

struct teredo_peer *teredo_peer_create(struct teredo_dev *td,
				       const struct teredo_config *cfg,
				       const struct in6_addr *addr,
				       enum teredo_peer_kind kind,
				       enum teredo_cause cause, u32 initiator,
				       struct sk_buff_head *evicted)
{
	struct teredo_peer *peer, *victim;
	struct mem_cgroup *memcg;

	lockdep_assert_held(&td->peers->lock);
	if (!teredo_quota_admit(td, cfg, cause, &victim))
		return ERR_PTR(-ENOSPC);
	if (victim) {
		teredo_peer_remove(td, victim, TEREDO_PEER_CAUSE_EVICTED,
				   evicted);
		teredo_count(td->stats, TEREDO_A_STATS_PEERS_EVICTED);
	}
	memcg = set_active_memcg(td->memcg);
	peer = kzalloc(sizeof(*peer), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	if (!teredo_made(TEREDO_OBJECT_PEER, peer))
		return ERR_PTR(-ENOMEM);
	peer->addr = *addr;
	peer->kind = kind;
	peer->state = TEREDO_PEER_STATE_PROBING;
	if (teredo_peer_insert(td, peer)) {
		kfree(teredo_gone(TEREDO_OBJECT_PEER, peer));
		return ERR_PTR(-ENOMEM);
	}
	teredo_quota_enter(td, peer, cause, initiator);
	teredo_peer_changed(td, peer, told_as(cause));
	return peer;
}

void teredo_peer_remove(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_peer_cause cause,
			struct sk_buff_head *dropped)
{
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers->lock);
	if (!teredo_peer_unhash(td, peer))
		return;
	trace_teredo_peer_del(td->dev, &peer->addr, peer->state, peer->mapped,
			      peer->proven);
	teredo_event_gone(td, peer, cause);
	teredo_quota_leave(td, peer);
	teredo_extra_remove(td, peer);
	if (wait) {
		teredo_queue_take(td, wait, dropped);
		if (wait->releasing) {
			/* confirm() is using it, and frees it */
			wait->dead = true;
		} else {
			list_del(&wait->node);
			WRITE_ONCE(peer->wait, NULL);
			teredo_wait_free(wait);
		}
	}
	teredo_gone(TEREDO_OBJECT_PEER, peer);
	/* frees in bulk from a worker, not one by one in softirq */
	kfree_rcu(peer, rcu);
}

void teredo_peer_forget_packets(struct teredo_dev *td,
				struct sk_buff_head *list)
{
	/* for sending errors */
	rcu_read_lock();
	local_bh_disable();
	teredo_reject_all(td, list, TEREDO_A_STATS_TX_FORGOTTEN);
	local_bh_enable();
	rcu_read_unlock();
}

void teredo_peer_info(struct teredo_dev *td, const struct teredo_peer *peer,
		      struct teredo_peer_info *info)
{
	const struct teredo_neighbour *neighbour = teredo_neighbour_of(td, peer);
	bool by_local = teredo_path_leads_local(td, peer);
	unsigned long now = jiffies;
	unsigned long rx, tx;

	lockdep_assert_held(&td->peers->lock);
	rx = READ_ONCE(peer->last_rx);
	tx = READ_ONCE(peer->last_tx);
	info->addr = peer->addr;
	info->mapped = peer->mapped;
	info->state = peer->state;
	info->kind = by_local || (neighbour && teredo_neighbour_is_known(neighbour)) ?
		     TEREDO_PEER_KIND_LOCAL : peer->kind;
	info->path = by_local ? TEREDO_PEER_PATH_LOCAL :
				TEREDO_PEER_PATH_DIRECT;
	info->permanent = peer->permanent;
	info->heard = rx;
	info->idle_rx = rx ? jiffies_to_msecs(now - rx) : 0;
	info->sent = tx;
	info->idle_tx = tx ? jiffies_to_msecs(now - tx) : 0;
	info->queued = peer->wait ? skb_queue_len(&peer->wait->queue) : 0;
	info->bubbles = READ_ONCE(peer->bubbles);
}

/* Send @skb to @to, or drop it with an error to its sender. RCU, BH off, no lock. */
static void send(struct teredo_dev *td, struct sk_buff *skb,
		 union teredo_endpoint to)
{
	int reason;
	u32 mtu = 0;

	reason = teredo_send_packet(td, skb, to, &mtu);
	if (unlikely(reason))
		teredo_reject_to(td, skb, reason, to, mtu);
}

/* -- trust -- */

/* Trust @peer at @src. The held packets are sent before the peer can be seen as open, so
 * that packets stay in order: until then, other senders append to the queue. Called with
 * the lock, returns without it; RCU keeps @peer.
 */
static void confirm(struct teredo_dev *td, struct teredo_peer *peer,
		    union teredo_endpoint src, enum teredo_peer_cause cause)
	__releases(&td->peers->lock)
{
	struct teredo_peers *peers = td->peers;
	struct teredo_wait *wait = peer->wait;
	struct sk_buff_head queue;
	struct sk_buff *skb;
	int rounds = 8;
	bool news;

	teredo_path_leave(td, peer, src);
	news = peer->state != TEREDO_PEER_STATE_TRUSTED ||
	       peer->mapped.word != src.word ||
	       cause == TEREDO_PEER_CAUSE_HAND;
	teredo_endpoint_write(&peer->mapped, src);
	WRITE_ONCE(peer->last_rx, teredo_now());
	WRITE_ONCE(peer->bubbles, 0);
	if (wait && wait->releasing) {
		/* Another CPU is sending the queue. */
		spin_unlock_bh(&peers->lock);
		return;
	}
	if (wait) {
		wait->releasing = true;
		list_del(&wait->node);
		__skb_queue_head_init(&queue);
		/* A fast sender must not keep us here for ever. Packets that are queued
		 * after the last round may be reordered.
		 */
		while (!skb_queue_empty(&wait->queue) && rounds--) {
			teredo_queue_take(td, wait, &queue);
			spin_unlock_bh(&peers->lock);
			while ((skb = __skb_dequeue(&queue)))
				send(td, skb, src);
			spin_lock_bh(&peers->lock);
		}
		teredo_queue_take(td, wait, &queue);
		WRITE_ONCE(peer->wait, NULL);
	}
	if (wait && wait->dead)
		news = false;
	else
		/* pairs with smp_load_acquire() in teredo_peer_is_open() */
		smp_store_release(&peer->state, TEREDO_PEER_STATE_TRUSTED);
	if (news)
		teredo_peer_changed(td, peer, cause);
	spin_unlock_bh(&peers->lock);

	if (wait) {
		WRITE_ONCE(peer->last_tx, teredo_now());
		while ((skb = __skb_dequeue(&queue)))
			send(td, skb, src);
		teredo_wait_free(wait);
	}
}

bool teredo_peer_trust(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind,
		       union teredo_endpoint src, enum teredo_trust how,
		       u64 nonce)
{
	struct sk_buff_head evicted;
	struct teredo_peer *peer;
	bool trusted = false;
	bool proof;

	__skb_queue_head_init(&evicted);
	spin_lock_bh(&td->peers->lock);
	peer = teredo_peer_lookup(td, addr);
	if (!peer && how == TEREDO_TRUST_NEW && !td->peers->closed)
		peer = teredo_peer_create(td, cfg, addr, kind, TEREDO_BY_STRANGER,
					  teredo_initiator(td, cfg, NULL, addr), &evicted);
	if (IS_ERR_OR_NULL(peer))
		goto out;
	/* A peer set by the administrator keeps the mapping it was given. */
	if (peer->permanent && peer->mapped.word != src.word)
		goto out;
	proof = nonce && peer->nonce == nonce &&
		!time_after(jiffies, peer->last_probe + TEREDO_NONCE_VALID);
	if (how == TEREDO_TRUST_NONCE && !proof)
		goto out;
	if (how == TEREDO_TRUST_LOCAL && !teredo_peer_is_local(peer, src))
		goto out;
	/* Only an answer with the nonce uses it up. */
	if (proof) {
		WRITE_ONCE(peer->nonce, 0);
		teredo_quota_prove(td, cfg, peer);
	}
	trusted = true;
	if (!teredo_path_stay(td, peer, src)) {
		confirm(td, peer, src, TEREDO_PEER_CAUSE_DATAGRAM);
		goto unlocked;
	}
out:
	spin_unlock_bh(&td->peers->lock);
unlocked:
	teredo_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	return trusted;
}

void teredo_peer_fail(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff_head *dropped)
{
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers->lock);
	teredo_queue_take(td, wait, dropped);
	WRITE_ONCE(peer->wait, NULL);
	teredo_wait_free(wait);
	teredo_peer_set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE,
			      TEREDO_PEER_CAUSE_SILENCE);
}

/* -- use -- */

/* Return true if a probe of the trusted @peer is due. Without the lock, which a one-way
 * flow must not take for each packet, this is only a hint.
 */
static bool may_refresh(const struct teredo_peer *peer)
{
	unsigned long last = READ_ONCE(peer->last_probe);

	return !READ_ONCE(peer->permanent) && !READ_ONCE(peer->wait) &&
	       READ_ONCE(peer->bubbles) < TEREDO_REFRESH_TRIES &&
	       (!last || time_after(jiffies, last + TEREDO_REFRESH_SPACING));
}

static void refresh(struct teredo_dev *td, struct teredo_peer *peer)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_probe probe;
	bool send = false;
	u32 initiator;

	if (!may_refresh(peer))
		return;
	initiator = teredo_initiator(td, cfg, NULL, &peer->addr);
	spin_lock_bh(&td->peers->lock);
	if (may_refresh(peer))
		send = teredo_probe_start(td, peer, initiator, &probe);
	spin_unlock_bh(&td->peers->lock);
	if (send)
		teredo_probe_send(td, &probe);
}

void teredo_peer_doubt(struct teredo_dev *td, struct teredo_peer *peer)
{
	refresh(td, peer);
}

/* Prove @peer: the sender of a packet has confirmed that its packets arrive. */
static void vouch(struct teredo_dev *td, struct teredo_peer *peer)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);

	if (teredo_quota_is_full(td, cfg))
		return;
	spin_lock_bh(&td->peers->lock);
	teredo_quota_prove(td, cfg, peer);
	spin_unlock_bh(&td->peers->lock);
}

void teredo_peer_send(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff *skb)
{
	union teredo_endpoint to = teredo_endpoint_read(&peer->mapped);

	teredo_peer_spoken_to(peer);
	if (unlikely(!READ_ONCE(peer->proven)) &&
	    skb_get_dst_pending_confirm(skb))
		vouch(td, peer);
	send(td, skb, to);
	if (unlikely(time_after(jiffies, READ_ONCE(peer->last_rx) +
				TEREDO_PEER_REFRESH)))
		refresh(td, peer);
}

/* Begin to probe @peer. Returns 0, or the reason to drop the packet that should be held.
 * Sets *@send if the caller has to send @probe. Under the lock.
 */
static int start_waiting(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_cause cause,
			 u32 initiator, struct teredo_probe *probe, bool *send)
{
	struct teredo_wait *wait;

	lockdep_assert_held(&td->peers->lock);
	wait = teredo_wait_new(td);
	if (!wait)
		return TEREDO_A_STATS_TX_NO_MEMORY;
	*send = teredo_probe_start(td, peer, initiator, probe);
	/* If none was started, either no attempt is left, or the last one was too recent.
	 * In the latter case the first attempt comes a whole spacing from now, which keeps
	 * the list in order.
	 */
	if (!*send && READ_ONCE(peer->bubbles) >= TEREDO_PROBE_TRIES) {
		teredo_wait_free(wait);
		teredo_peer_set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE,
				      TEREDO_PEER_CAUSE_SILENCE);
		return TEREDO_A_STATS_TX_UNREACHABLE;
	}
	teredo_quota_probed(td, cfg, peer, cause, initiator);
	wait->peer = peer;
	wait->initiator = initiator;
	wait->tries = *send;
	WRITE_ONCE(peer->wait, wait);
	teredo_peer_set_state(td, peer, TEREDO_PEER_STATE_PROBING, told_as(cause));
	teredo_timer_add(td, wait);
	return 0;
}

int teredo_peer_wait(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct in6_addr *addr, enum teredo_peer_kind kind,
		     struct sk_buff *skb)
{
	enum teredo_cause cause = skb ? TEREDO_BY_US : TEREDO_BY_STRANGER;
	u32 initiator = teredo_initiator(td, cfg, skb, addr);
	struct sk_buff_head dropped, evicted;
	struct teredo_probe probe;
	struct teredo_peer *peer;
	bool send = false;
	int ret = 0;

	__skb_queue_head_init(&dropped);
	__skb_queue_head_init(&evicted);
	spin_lock_bh(&td->peers->lock);
	if (td->peers->closed) {
		spin_unlock_bh(&td->peers->lock);
		return TEREDO_A_STATS_TX_NOT_READY;
	}
	peer = teredo_peer_lookup(td, addr);
	if (!peer)
		peer = teredo_peer_create(td, cfg, addr, kind, cause, initiator, &evicted);
	if (IS_ERR(peer)) {
		ret = PTR_ERR(peer) == -ENOMEM ? TEREDO_A_STATS_TX_NO_MEMORY :
						 TEREDO_A_STATS_TX_PEER_LIMIT;
		goto out;
	}
	teredo_path_fall_back(td, peer);
	if (teredo_peer_is_open(peer)) {
		/* It fell back just now, or was trusted since the caller looked. */
		spin_unlock_bh(&td->peers->lock);
		if (skb)
			teredo_peer_send(td, peer, skb);
		return TEREDO_TAKEN;
	}
	if (!peer->wait)
		ret = start_waiting(td, cfg, peer, cause, initiator, &probe, &send);
	if (!ret && skb)
		teredo_queue_add(td, peer->wait, skb, initiator, cfg->queue,
				 &dropped);
out:
	spin_unlock_bh(&td->peers->lock);
	if (send)
		teredo_probe_send(td, &probe);
	teredo_reject_all(td, &dropped, TEREDO_A_STATS_TX_QUEUE_FULL);
	teredo_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	return ret ?: TEREDO_TAKEN;
}

void teredo_peer_probe(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind)
{
	teredo_peer_wait(td, cfg, addr, kind, NULL);
}

/* -- for the administrator -- */

int teredo_peer_set(struct teredo_dev *td, const struct in6_addr *addr,
		    enum teredo_peer_kind kind, union teredo_endpoint mapped,
		    bool permanent)
{
	const struct teredo_config *cfg;
	struct sk_buff_head evicted;
	struct teredo_peer *peer;
	int err = 0;

	__skb_queue_head_init(&evicted);

	/* for confirm(), which sends */
	rcu_read_lock();
	local_bh_disable();
	cfg = rcu_dereference(td->config);
	spin_lock_bh(&td->peers->lock);
	/* Adding peers as fast as they are removed would keep the link from going down. */
	if (td->peers->closing && !permanent)
		peer = ERR_PTR(-EBUSY);
	else
		peer = teredo_peer_lookup(td, addr) ?:
		       teredo_peer_create(td, cfg, addr, kind, TEREDO_BY_HAND, 0, &evicted);
	if (!IS_ERR(peer)) {
		WRITE_ONCE(peer->permanent, permanent);
		teredo_quota_vouch(td, peer);
		confirm(td, peer, mapped, TEREDO_PEER_CAUSE_HAND);
	} else {
		spin_unlock_bh(&td->peers->lock);
		err = PTR_ERR(peer);
	}
	teredo_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	local_bh_enable();
	rcu_read_unlock();
	return err;
}

int teredo_peer_del(struct teredo_dev *td, const struct in6_addr *addr)
{
	struct sk_buff_head dropped;
	struct teredo_peer *peer;

	__skb_queue_head_init(&dropped);
	rcu_read_lock();
	spin_lock_bh(&td->peers->lock);
	peer = teredo_peer_lookup(td, addr);
	if (peer)
		teredo_peer_remove(td, peer, TEREDO_PEER_CAUSE_HAND, &dropped);
	spin_unlock_bh(&td->peers->lock);
	rcu_read_unlock();
	teredo_peer_forget_packets(td, &dropped);
	return peer ? 0 : -ENOENT;
}
