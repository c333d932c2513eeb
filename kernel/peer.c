// SPDX-License-Identifier: GPL-2.0
#include "peer.h"

#include <linux/slab.h>

#include "device.h"
#include "icmp.h"
#include "netlink.h"
#include "peerlookup.h"
#include "probe.h"
#include "queue.h"
#include "timers.h"
#include "trace.h"

/* A peer that has not both spoken to us and been spoken to costs whoever makes
 * it up nothing. Such peers share a quarter of the list, and some fixed number
 * at most; the oldest goes for the newest, unless it is being probed. Those
 * that strangers can make us probe get half of that, so that they keep nobody
 * from reaching out (SEC-25, SEC-26).
 */
#define UNCONFIRMED_MAX	65536U

enum origin {
	BY_HAND,	/* the administrator */
	BY_US,		/* a packet that we want to send */
	BY_STRANGER,	/* a datagram that came */
};

static unsigned int quota(const struct teredo_config *cfg, enum origin origin)
{
	unsigned int all = clamp(cfg->peers_max / 4, min(cfg->peers_max, 16U),
				 UNCONFIRMED_MAX);

	return origin == BY_STRANGER ? max(all / 2, 1U) : all;
}

static void set_confirmed(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers.lock);
	if (peer->confirmed)
		return;
	WRITE_ONCE(peer->confirmed, true);
	list_del(&peer->unconfirmed);
	td->peers.unconfirmed_count--;
}

/* To any state but TRUSTED, which confirm() takes care to show last. */
static void set_state(struct teredo_dev *td, struct teredo_peer *peer,
		      enum teredo_peer_state state)
{
	lockdep_assert_held(&td->peers.lock);
	if (peer->state == state)
		return;
	WRITE_ONCE(peer->state, state);
	trace_teredo_peer(td->dev, peer);
}

static bool make_room(struct teredo_dev *td, const struct teredo_config *cfg,
		      enum origin origin)
{
	struct teredo_peers *peers = &td->peers;
	struct teredo_peer *oldest;
	struct sk_buff_head none;

	lockdep_assert_held(&peers->lock);
	if (origin != BY_HAND &&
	    peers->unconfirmed_count >= quota(cfg, origin)) {
		oldest = list_first_entry_or_null(&peers->unconfirmed,
						  struct teredo_peer,
						  unconfirmed);
		if (!oldest || oldest->wait)
			return false;
		__skb_queue_head_init(&none);
		teredo_peer_remove(td, oldest, &none);
	}
	if (teredo_peers_count(peers) >= cfg->peers_max) {
		teredo_peers_press(td);
		return false;
	}
	return true;
}

static struct teredo_peer *create(struct teredo_dev *td,
				  const struct teredo_config *cfg,
				  const struct in6_addr *addr,
				  enum teredo_peer_kind kind,
				  enum origin origin)
{
	struct teredo_peer *peer;

	lockdep_assert_held(&td->peers.lock);
	if (!make_room(td, cfg, origin))
		return NULL;
	peer = kzalloc(sizeof(*peer), GFP_ATOMIC | __GFP_NOWARN | __GFP_ACCOUNT);
	if (!peer)
		return NULL;
	peer->addr = *addr;
	peer->kind = kind;
	peer->state = TEREDO_PEER_STATE_PROBING;
	if (teredo_peer_insert(td, peer)) {
		kfree(peer);
		return NULL;
	}
	list_add_tail(&peer->unconfirmed, &td->peers.unconfirmed);
	td->peers.unconfirmed_count++;
	if (origin == BY_HAND)
		set_confirmed(td, peer);
	trace_teredo_peer(td->dev, peer);
	return peer;
}

void teredo_peer_remove(struct teredo_dev *td, struct teredo_peer *peer,
			struct sk_buff_head *dropped)
{
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers.lock);
	if (!teredo_peer_unhash(td, peer))
		return;
	trace_teredo_peer_del(td->dev, peer);
	set_confirmed(td, peer);
	if (wait) {
		teredo_queue_take(td, wait, dropped);
		if (wait->releasing) {
			/* confirm() has it, and frees it */
			wait->dead = true;
		} else {
			list_del(&wait->node);
			WRITE_ONCE(peer->wait, NULL);
			kfree(wait);
		}
	}
	/* in bulk and by a worker, not one by one in softirq */
	kfree_rcu(peer, rcu);
}

void teredo_peer_info(struct teredo_dev *td, const struct teredo_peer *peer,
		      struct teredo_peer_info *info)
{
	unsigned long now = jiffies;
	unsigned long rx, tx;

	lockdep_assert_held(&td->peers.lock);
	rx = READ_ONCE(peer->last_rx);
	tx = READ_ONCE(peer->last_tx);
	info->addr = peer->addr;
	info->mapped.word = READ_ONCE(peer->mapped.word);
	info->state = peer->state;
	info->kind = peer->kind;
	info->permanent = peer->permanent;
	info->heard = rx;
	info->idle_rx = rx ? jiffies_to_msecs(now - rx) : 0;
	info->sent = tx;
	info->idle_tx = tx ? jiffies_to_msecs(now - tx) : 0;
	info->queued = peer->wait ? skb_queue_len(&peer->wait->queue) : 0;
	info->bubbles = READ_ONCE(peer->bubbles);
}

/* -- trust -- */

/* @peer is at @src. Sends what waited before anybody who asks can find the
 * peer open, so that packets stay in order: until then, others append to the
 * queue. Takes the lock and returns without it; RCU keeps @peer.
 */
static void confirm(struct teredo_dev *td, struct teredo_peer *peer,
		    union teredo_endpoint src)
	__releases(&td->peers.lock)
{
	struct teredo_peers *peers = &td->peers;
	struct teredo_wait *wait = peer->wait;
	struct teredo_peer_info info;
	struct sk_buff_head queue;
	struct sk_buff *skb;
	int rounds = 8;
	bool news;

	news = peer->state != TEREDO_PEER_STATE_TRUSTED ||
	       peer->mapped.word != src.word;
	WRITE_ONCE(peer->mapped.word, src.word);
	WRITE_ONCE(peer->last_rx, teredo_now());
	WRITE_ONCE(peer->bubbles, 0);
	WRITE_ONCE(peer->nonce, 0);
	if (peer->last_probe)
		set_confirmed(td, peer);	/* it answered */
	if (wait && wait->releasing) {
		/* another CPU is just here */
		spin_unlock_bh(&peers->lock);
		return;
	}
	if (wait) {
		wait->releasing = true;
		list_del(&wait->node);
		__skb_queue_head_init(&queue);
		/* A sender could keep us here; after some rounds it has to
		 * take its chance.
		 */
		while (!skb_queue_empty(&wait->queue) && rounds--) {
			teredo_queue_take(td, wait, &queue);
			spin_unlock_bh(&peers->lock);
			while ((skb = __skb_dequeue(&queue)))
				teredo_send_packet(td, skb, src);
			spin_lock_bh(&peers->lock);
		}
		teredo_queue_take(td, wait, &queue);
		WRITE_ONCE(peer->wait, NULL);
	}
	if (wait && wait->dead)
		news = false;
	else
		/* pairs with the acquire in teredo_peer_is_open() */
		smp_store_release(&peer->state, TEREDO_PEER_STATE_TRUSTED);
	teredo_peer_info(td, peer, &info);
	if (news)
		trace_teredo_peer(td->dev, peer);
	spin_unlock_bh(&peers->lock);

	if (wait) {
		WRITE_ONCE(peer->last_tx, teredo_now());
		while ((skb = __skb_dequeue(&queue)))
			teredo_send_packet(td, skb, src);
		kfree(wait);
	}
	if (news)
		teredo_nl_peer_event(td, TEREDO_CMD_PEER_NTF, &info);
}

bool teredo_peer_trust(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind,
		       union teredo_endpoint src, enum teredo_trust how,
		       u64 nonce)
{
	struct teredo_peer *peer;

	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (!peer && how == TEREDO_TRUST_NEW && !td->peers.closed)
		peer = create(td, cfg, addr, kind, BY_STRANGER);
	if (!peer)
		goto refuse;
	/* by hand is by hand */
	if (peer->permanent && peer->mapped.word != src.word)
		goto refuse;
	if (how == TEREDO_TRUST_NONCE &&
	    (!peer->nonce || peer->nonce != nonce ||
	     time_after(jiffies, peer->last_probe + TEREDO_NONCE_VALID)))
		goto refuse;
	confirm(td, peer, src);
	return true;

refuse:
	spin_unlock_bh(&td->peers.lock);
	return false;
}

void teredo_peer_fail(struct teredo_dev *td, struct teredo_peer *peer,
		      struct teredo_peer_info *info,
		      struct sk_buff_head *dropped)
{
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers.lock);
	teredo_queue_take(td, wait, dropped);
	WRITE_ONCE(peer->wait, NULL);
	kfree(wait);
	set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE);
	teredo_peer_info(td, peer, info);
}

/* -- use -- */

static void refresh(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_probe probe;
	bool send = false;

	if (peer->permanent)
		return;
	spin_lock_bh(&td->peers.lock);
	if (!peer->wait && READ_ONCE(peer->bubbles) < TEREDO_REFRESH_TRIES &&
	    (!peer->last_probe ||
	     time_after(jiffies, peer->last_probe + TEREDO_REFRESH_SPACING)))
		send = teredo_probe_start(td, peer, &probe);
	spin_unlock_bh(&td->peers.lock);
	if (send)
		teredo_probe_send(td, &probe);
}

void teredo_peer_doubt(struct teredo_dev *td, struct teredo_peer *peer)
{
	refresh(td, peer);
}

/* The first packet to a peer that spoke first. */
static void settle(struct teredo_dev *td, struct teredo_peer *peer)
{
	spin_lock_bh(&td->peers.lock);
	set_confirmed(td, peer);
	spin_unlock_bh(&td->peers.lock);
}

void teredo_peer_send(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff *skb)
{
	union teredo_endpoint to = { .word = READ_ONCE(peer->mapped.word) };

	teredo_peer_spoken_to(peer);
	teredo_send_packet(td, skb, to);
	if (unlikely(!READ_ONCE(peer->confirmed)))
		settle(td, peer);
	if (unlikely(time_after(jiffies, READ_ONCE(peer->last_rx) +
				TEREDO_PEER_REFRESH)))
		refresh(td, peer);
}

/* Begin to probe @peer; 0 or the reason why not. */
static int start_waiting(struct teredo_dev *td, struct teredo_peer *peer,
			 struct teredo_probe *probe, bool *send)
{
	struct teredo_wait *wait;

	lockdep_assert_held(&td->peers.lock);
	wait = kzalloc(sizeof(*wait), GFP_ATOMIC | __GFP_NOWARN);
	if (!wait)
		return TEREDO_A_STATS_TX_NO_MEMORY;
	*send = teredo_probe_start(td, peer, probe);
	/* No attempt left, or the last one is too young: the list stays in
	 * order if the first attempt comes a whole spacing later.
	 */
	if (!*send && READ_ONCE(peer->bubbles) >= TEREDO_PROBE_TRIES) {
		kfree(wait);
		set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE);
		return TEREDO_A_STATS_TX_UNREACHABLE;
	}
	/* Whoever is probed is not the first to go. */
	if (!peer->confirmed)
		list_move_tail(&peer->unconfirmed, &td->peers.unconfirmed);
	wait->peer = peer;
	wait->tries = *send;
	__skb_queue_head_init(&wait->queue);
	WRITE_ONCE(peer->wait, wait);
	set_state(td, peer, TEREDO_PEER_STATE_PROBING);
	teredo_timer_add(td, wait);
	return 0;
}

int teredo_peer_wait(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct in6_addr *addr, enum teredo_peer_kind kind,
		     struct sk_buff *skb)
{
	struct sk_buff_head dropped;
	struct teredo_probe probe;
	struct teredo_peer *peer;
	bool send = false;
	int ret = 0;

	__skb_queue_head_init(&dropped);
	spin_lock_bh(&td->peers.lock);
	if (td->peers.closed) {
		spin_unlock_bh(&td->peers.lock);
		return TEREDO_A_STATS_TX_NOT_READY;
	}
	peer = teredo_peer_lookup(td, addr);
	if (!peer)
		peer = create(td, cfg, addr, kind, skb ? BY_US : BY_STRANGER);
	if (!peer) {
		spin_unlock_bh(&td->peers.lock);
		return TEREDO_A_STATS_TX_PEER_LIMIT;
	}
	if (teredo_peer_is_open(peer)) {
		/* it opened since the caller looked */
		spin_unlock_bh(&td->peers.lock);
		if (skb)
			teredo_peer_send(td, peer, skb);
		return TEREDO_TAKEN;
	}
	if (!peer->wait)
		ret = start_waiting(td, peer, &probe, &send);
	if (!ret && skb)
		teredo_queue_add(td, peer->wait, skb, cfg->queue, &dropped);
	spin_unlock_bh(&td->peers.lock);

	if (send)
		teredo_probe_send(td, &probe);
	teredo_icmp_reject_all(td, &dropped, TEREDO_A_STATS_TX_QUEUE_FULL);
	return ret ?: TEREDO_TAKEN;
}

void teredo_peer_probe(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind)
{
	teredo_peer_wait(td, cfg, addr, kind, NULL);
}

/* -- by hand -- */

int teredo_peer_set(struct teredo_dev *td, const struct in6_addr *addr,
		    enum teredo_peer_kind kind, union teredo_endpoint mapped,
		    bool permanent)
{
	const struct teredo_config *cfg;
	struct teredo_peer *peer;
	int err = 0;

	/* confirm() sends */
	rcu_read_lock();
	local_bh_disable();
	cfg = rcu_dereference(td->config);
	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr) ?:
	       create(td, cfg, addr, kind, BY_HAND);
	if (peer) {
		WRITE_ONCE(peer->permanent, permanent);
		set_confirmed(td, peer);
		confirm(td, peer, mapped);
	} else {
		spin_unlock_bh(&td->peers.lock);
		err = -ENOSPC;
	}
	local_bh_enable();
	rcu_read_unlock();
	return err;
}

int teredo_peer_del(struct teredo_dev *td, const struct in6_addr *addr)
{
	struct teredo_peer_info info;
	struct sk_buff_head dropped;
	struct teredo_peer *peer;

	__skb_queue_head_init(&dropped);
	rcu_read_lock();
	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (peer) {
		teredo_peer_info(td, peer, &info);
		teredo_peer_remove(td, peer, &dropped);
	}
	spin_unlock_bh(&td->peers.lock);
	rcu_read_unlock();
	__skb_queue_purge(&dropped);
	if (!peer)
		return -ENOENT;
	teredo_nl_peer_event(td, TEREDO_CMD_PEER_DEL_NTF, &info);
	return 0;
}
