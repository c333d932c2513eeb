// SPDX-License-Identifier: GPL-2.0
#include "peer/peer.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "link/device.h"
#include "peer/event.h"
#include "data/reject.h"
#include "base/ledger.h"
#include "peer/table.h"
#include "peer/probe.h"
#include "peer/queue.h"
#include "peer/timers.h"
#include "base/trace.h"

struct teredo_extra *teredo_peer_extra(struct teredo_dev *td,
				       const struct teredo_peer *peer)
{
	return rcu_dereference_protected(peer->extra,
					 lockdep_is_held(&td->peers.lock));
}

bool teredo_peer_uses_local(struct teredo_dev *td,
			    const struct teredo_peer *peer)
{
	const struct teredo_extra *extra = teredo_peer_extra(td, peer);

	return extra && peer->mapped.word == extra->local.word;
}

#define LOCAL_LOOKS	8	/* at neighbours to evict */

/* Tell whoever watches that @peer is new, or not what it was. */
static void changed(struct teredo_dev *td, const struct teredo_peer *peer,
		    enum teredo_peer_cause cause)
{
	trace_teredo_peer(td->dev, peer);
	teredo_event_changed(td, peer, cause);
}

/* To any state but TRUSTED, which confirm() takes care to show last. */
static void set_state(struct teredo_dev *td, struct teredo_peer *peer,
		      enum teredo_peer_state state,
		      enum teredo_peer_cause cause)
{
	lockdep_assert_held(&td->peers.lock);
	if (peer->state == state)
		return;
	WRITE_ONCE(peer->state, state);
	changed(td, peer, cause);
}

/* What made us make a peer, or probe it. */
static enum teredo_peer_cause cause_of(enum teredo_origin origin)
{
	switch (origin) {
	case TEREDO_BY_US:
		return TEREDO_PEER_CAUSE_PACKET;
	case TEREDO_BY_STRANGER:
		return TEREDO_PEER_CAUSE_DATAGRAM;
	default:
		return TEREDO_PEER_CAUSE_HAND;
	}
}

/* ERR_PTR(-ENOSPC) if the list has no room for it. */
static struct teredo_peer *create(struct teredo_dev *td,
				  const struct teredo_config *cfg,
				  const struct in6_addr *addr,
				  enum teredo_peer_kind kind,
				  enum teredo_origin origin, u32 cause,
				  struct sk_buff_head *evicted)
{
	struct mem_cgroup *memcg;
	struct teredo_peer *peer;

	lockdep_assert_held(&td->peers.lock);
	if (!teredo_quota_admit(td, cfg, origin, evicted))
		return ERR_PTR(-ENOSPC);
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
	teredo_quota_enter(td, peer, origin, cause);
	changed(td, peer, cause_of(origin));
	return peer;
}

void teredo_peer_remove(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_peer_cause cause,
			struct sk_buff_head *dropped)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers.lock);
	if (!teredo_peer_unhash(td, peer))
		return;
	trace_teredo_peer_del(td->dev, peer);
	teredo_event_gone(td, peer, cause);
	teredo_quota_leave(td, peer);
	if (extra) {
		list_del(&extra->node);
		td->peers.locals_count--;
		teredo_gone(TEREDO_OBJECT_NEIGHBOUR, extra);
		kfree_rcu(extra, rcu);
	}
	if (wait) {
		teredo_queue_take(td, wait, dropped);
		if (wait->releasing) {
			/* confirm() has it, and frees it */
			wait->dead = true;
		} else {
			list_del(&wait->node);
			WRITE_ONCE(peer->wait, NULL);
			teredo_wait_free(wait);
		}
	}
	teredo_gone(TEREDO_OBJECT_PEER, peer);
	/* in bulk and by a worker, not one by one in softirq */
	kfree_rcu(peer, rcu);
}

void teredo_peer_forget_packets(struct teredo_dev *td,
				struct sk_buff_head *list)
{
	/* sends */
	rcu_read_lock();
	local_bh_disable();
	teredo_icmp_reject_all(td, list, TEREDO_A_STATS_TX_FORGOTTEN);
	local_bh_enable();
	rcu_read_unlock();
}

static bool is_known(const struct teredo_extra *extra)
{
	return time_before(jiffies, extra->announced + TEREDO_LOCAL_KNOWN);
}

void teredo_peer_info(struct teredo_dev *td, const struct teredo_peer *peer,
		      struct teredo_peer_info *info)
{
	const struct teredo_extra *extra = teredo_peer_extra(td, peer);
	bool by_local = teredo_peer_uses_local(td, peer);
	unsigned long now = jiffies;
	unsigned long rx, tx;

	lockdep_assert_held(&td->peers.lock);
	rx = READ_ONCE(peer->last_rx);
	tx = READ_ONCE(peer->last_tx);
	info->addr = peer->addr;
	info->mapped = peer->mapped;
	info->state = peer->state;
	info->kind = by_local || (extra && is_known(extra)) ?
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

/* -- two ways to one peer (D-18) -- */

/* Packets to @peer are about to go to @src. If that is on our link, remember
 * when its mapping was last heard.
 */
static void leave_for_local(struct teredo_dev *td, struct teredo_peer *peer,
			    union teredo_endpoint src)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);

	if (extra && extra->local.word == src.word &&
	    peer->mapped.word != src.word && teredo_peer_is_open(peer))
		extra->direct_rx = READ_ONCE(peer->last_rx);
}

/* @peer was heard from @src, but we have a better way, on our link, that is
 * valid: stay there, and remember.
 */
static bool stay_local(struct teredo_dev *td, struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	if (peer->mapped.word == src.word || !teredo_peer_is_open(peer) ||
	    !teredo_peer_uses_local(td, peer))
		return false;
	teredo_peer_extra(td, peer)->direct_rx = teredo_now();
	return true;
}

/* @peer was silent on our link for too long. If its mapping was not, go on
 * there at once.
 */
static void fall_back(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);
	struct teredo_addr ta;

	if (!extra || !extra->direct_rx || peer->wait ||
	    peer->state != TEREDO_PEER_STATE_TRUSTED ||
	    teredo_peer_is_open(peer) || !teredo_peer_uses_local(td, peer) ||
	    !time_before(jiffies, extra->direct_rx + TEREDO_PEER_VALID))
		return;
	teredo_addr_unpack(&ta, &peer->addr);
	teredo_endpoint_write(&peer->mapped,
			      teredo_endpoint(ta.client, ta.port));
	WRITE_ONCE(peer->last_rx, extra->direct_rx);
	WRITE_ONCE(peer->bubbles, 0);
	changed(td, peer, TEREDO_PEER_CAUSE_SILENCE);
}

static bool uses_local_now(struct teredo_dev *td,
			   const struct teredo_peer *peer)
{
	return teredo_peer_uses_local(td, peer) && teredo_peer_is_open(peer);
}

/* Of all who are on our link, whoever announced himself the longest ago goes for
 * a new one, but nobody whose path is in use or about to be.
 */
static bool make_room(struct teredo_dev *td, struct sk_buff_head *evicted)
{
	struct teredo_peers *peers = &td->peers;
	int looks = LOCAL_LOOKS;

	lockdep_assert_held(&peers->lock);
	if (peers->locals_count < TEREDO_LOCALS_MAX)
		return true;
	while (looks--) {
		struct teredo_extra *oldest;

		oldest = list_first_entry(&peers->locals, struct teredo_extra,
					  node);
		if (!oldest->peer->permanent && !oldest->peer->wait &&
		    !uses_local_now(td, oldest->peer)) {
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
	list_add_tail(&extra->node, &td->peers.locals);
	td->peers.locals_count++;
	return extra;
}

/* Note that @peer is at @src on our link; the reason if we do not believe it. */
static int set_local(struct teredo_dev *td, struct teredo_peer *peer,
		     union teredo_endpoint src, bool *news,
		     struct sk_buff_head *evicted)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);
	bool moved = !extra || extra->local.word != src.word;
	bool told = extra && !moved && is_known(extra);

	lockdep_assert_held(&td->peers.lock);
	/* Whom we talk with may have begun anew, or ask for us. */
	*news = moved || (READ_ONCE(peer->last_tx) &&
			  time_before(jiffies, extra->announced +
					       TEREDO_ANNOUNCE_MIN - HZ));
	if (moved) {
		/* By hand is by hand; and nobody takes over a path that is in
		 * use by one multicast.
		 */
		if (peer->permanent || uses_local_now(td, peer))
			return TEREDO_A_STATS_RX_MAPPING;
		if (!extra)
			extra = attach_extra(td, peer, evicted);
		if (!extra)
			return TEREDO_A_STATS_RX_LIMITED;
		/* The old one, no longer valid, is not a mapping either. */
		if (extra->local.word &&
		    peer->mapped.word == extra->local.word && !peer->wait)
			set_state(td, peer, TEREDO_PEER_STATE_PROBING,
				  TEREDO_PEER_CAUSE_DISCOVERY);
		teredo_endpoint_write(&extra->local, src);
	}
	WRITE_ONCE(extra->announced, teredo_now());
	extra->answered = teredo_now();
	list_move_tail(&extra->node, &td->peers.locals);
	/* only now complete */
	rcu_assign_pointer(peer->extra, extra);
	/* It speaks, so it may be asked again (C-71). */
	if (!teredo_peer_is_open(peer))
		WRITE_ONCE(peer->bubbles, 0);
	if (!told)
		changed(td, peer, TEREDO_PEER_CAUSE_DISCOVERY);
	return TEREDO_GO_ON;
}

/* Those with whom we have a local path are answered whatever others say in the
 * meantime; all the rest share a rate by source (SEC-11).
 */
static bool may_answer(struct teredo_dev *td, const struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	static const struct teredo_rate strangers = TEREDO_RATE(5, 20);
	const struct teredo_extra *extra;

	extra = peer ? teredo_peer_extra(td, peer) : NULL;
	if (extra && extra->local.word == src.word && uses_local_now(td, peer))
		return !time_before(jiffies, extra->answered +
					     TEREDO_LOCAL_SPACING);
	return teredo_buckets_take(&td->discovery.answers, &strangers, 0,
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
	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (td->peers.closed || !may_answer(td, peer, src))
		goto out;
	if (!peer) {
		made = create(td, cfg, addr, TEREDO_PEER_KIND_TEREDO,
			      TEREDO_BY_STRANGER,
			      teredo_cause(td, cfg, NULL, addr), &evicted);
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
	spin_unlock_bh(&td->peers.lock);
	teredo_icmp_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	return verdict;
}

/* -- trust -- */

/* @peer is at @src. Sends what waited before anybody who asks can find the
 * peer open, so that packets stay in order: until then, others append to the
 * queue. Takes the lock and returns without it; RCU keeps @peer.
 */
static void confirm(struct teredo_dev *td, struct teredo_peer *peer,
		    union teredo_endpoint src, enum teredo_peer_cause cause)
	__releases(&td->peers.lock)
{
	struct teredo_peers *peers = &td->peers;
	struct teredo_wait *wait = peer->wait;
	struct sk_buff_head queue;
	struct sk_buff *skb;
	int rounds = 8;
	bool news;

	leave_for_local(td, peer, src);
	news = peer->state != TEREDO_PEER_STATE_TRUSTED ||
	       peer->mapped.word != src.word ||
	       cause == TEREDO_PEER_CAUSE_HAND;
	teredo_endpoint_write(&peer->mapped, src);
	WRITE_ONCE(peer->last_rx, teredo_now());
	WRITE_ONCE(peer->bubbles, 0);
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
	if (news)
		changed(td, peer, cause);
	spin_unlock_bh(&peers->lock);

	if (wait) {
		WRITE_ONCE(peer->last_tx, teredo_now());
		while ((skb = __skb_dequeue(&queue)))
			teredo_send_packet(td, skb, src);
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
	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (!peer && how == TEREDO_TRUST_NEW && !td->peers.closed)
		peer = create(td, cfg, addr, kind, TEREDO_BY_STRANGER,
			      teredo_cause(td, cfg, NULL, addr), &evicted);
	if (IS_ERR_OR_NULL(peer))
		goto out;
	/* by hand is by hand */
	if (peer->permanent && peer->mapped.word != src.word)
		goto out;
	proof = nonce && peer->nonce == nonce &&
		!time_after(jiffies, peer->last_probe + TEREDO_NONCE_VALID);
	if (how == TEREDO_TRUST_NONCE && !proof)
		goto out;
	if (how == TEREDO_TRUST_LOCAL && !teredo_peer_is_local(peer, src))
		goto out;
	/* Only who knows the nonce uses it up. */
	if (proof) {
		WRITE_ONCE(peer->nonce, 0);
		teredo_quota_prove(td, cfg, peer);
	}
	trusted = true;
	if (!stay_local(td, peer, src)) {
		confirm(td, peer, src, TEREDO_PEER_CAUSE_DATAGRAM);
		goto unlocked;
	}
out:
	spin_unlock_bh(&td->peers.lock);
unlocked:
	teredo_icmp_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
	return trusted;
}

void teredo_peer_fail(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff_head *dropped)
{
	struct teredo_wait *wait = peer->wait;

	lockdep_assert_held(&td->peers.lock);
	teredo_queue_take(td, wait, dropped);
	WRITE_ONCE(peer->wait, NULL);
	teredo_wait_free(wait);
	set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE,
		  TEREDO_PEER_CAUSE_SILENCE);
}

/* -- use -- */

/* True if @peer may be asked for a sign of life now. Without the lock it is a hint:
 * a one-way flow asks with each packet.
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
	u32 cause;

	if (!may_refresh(peer))
		return;
	cause = teredo_cause(td, cfg, NULL, &peer->addr);
	spin_lock_bh(&td->peers.lock);
	if (may_refresh(peer))
		send = teredo_probe_start(td, peer, cause, &probe);
	spin_unlock_bh(&td->peers.lock);
	if (send)
		teredo_probe_send(td, &probe);
}

void teredo_peer_doubt(struct teredo_dev *td, struct teredo_peer *peer)
{
	refresh(td, peer);
}

/* The sender of a packet knows that its peer gets them. */
static void vouch(struct teredo_dev *td, struct teredo_peer *peer)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);

	if (teredo_quota_is_full(td, cfg))
		return;
	spin_lock_bh(&td->peers.lock);
	teredo_quota_prove(td, cfg, peer);
	spin_unlock_bh(&td->peers.lock);
}

void teredo_peer_send(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff *skb)
{
	union teredo_endpoint to = teredo_endpoint_read(&peer->mapped);

	teredo_peer_spoken_to(peer);
	if (unlikely(!READ_ONCE(peer->proven)) &&
	    skb_get_dst_pending_confirm(skb))
		vouch(td, peer);
	teredo_send_packet(td, skb, to);
	if (unlikely(time_after(jiffies, READ_ONCE(peer->last_rx) +
				TEREDO_PEER_REFRESH)))
		refresh(td, peer);
}

/* Begin to probe @peer; 0 or the reason why not. */
static int start_waiting(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_origin origin,
			 u32 cause, struct teredo_probe *probe, bool *send)
{
	struct teredo_wait *wait;

	lockdep_assert_held(&td->peers.lock);
	wait = teredo_wait_new(td);
	if (!wait)
		return TEREDO_A_STATS_TX_NO_MEMORY;
	*send = teredo_probe_start(td, peer, cause, probe);
	/* No attempt left, or the last one is too young: the list stays in
	 * order if the first attempt comes a whole spacing later.
	 */
	if (!*send && READ_ONCE(peer->bubbles) >= TEREDO_PROBE_TRIES) {
		teredo_wait_free(wait);
		set_state(td, peer, TEREDO_PEER_STATE_UNREACHABLE,
			  TEREDO_PEER_CAUSE_SILENCE);
		return TEREDO_A_STATS_TX_UNREACHABLE;
	}
	teredo_quota_probed(td, cfg, peer, origin, cause);
	wait->peer = peer;
	wait->cause = cause;
	wait->tries = *send;
	WRITE_ONCE(peer->wait, wait);
	set_state(td, peer, TEREDO_PEER_STATE_PROBING, cause_of(origin));
	teredo_timer_add(td, wait);
	return 0;
}

int teredo_peer_wait(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct in6_addr *addr, enum teredo_peer_kind kind,
		     struct sk_buff *skb)
{
	enum teredo_origin origin = skb ? TEREDO_BY_US : TEREDO_BY_STRANGER;
	u32 cause = teredo_cause(td, cfg, skb, addr);
	struct sk_buff_head dropped, evicted;
	struct teredo_probe probe;
	struct teredo_peer *peer;
	bool send = false;
	int ret = 0;

	__skb_queue_head_init(&dropped);
	__skb_queue_head_init(&evicted);
	spin_lock_bh(&td->peers.lock);
	if (td->peers.closed) {
		spin_unlock_bh(&td->peers.lock);
		return TEREDO_A_STATS_TX_NOT_READY;
	}
	peer = teredo_peer_lookup(td, addr);
	if (!peer)
		peer = create(td, cfg, addr, kind, origin, cause, &evicted);
	if (IS_ERR(peer)) {
		ret = PTR_ERR(peer) == -ENOMEM ? TEREDO_A_STATS_TX_NO_MEMORY :
						 TEREDO_A_STATS_TX_PEER_LIMIT;
		goto out;
	}
	fall_back(td, peer);
	if (teredo_peer_is_open(peer)) {
		/* just now, or since the caller looked */
		spin_unlock_bh(&td->peers.lock);
		if (skb)
			teredo_peer_send(td, peer, skb);
		return TEREDO_TAKEN;
	}
	if (!peer->wait)
		ret = start_waiting(td, cfg, peer, origin, cause, &probe, &send);
	if (!ret && skb)
		teredo_queue_add(td, peer->wait, skb, cause, cfg->queue,
				 &dropped);
out:
	spin_unlock_bh(&td->peers.lock);
	if (send)
		teredo_probe_send(td, &probe);
	teredo_icmp_reject_all(td, &dropped, TEREDO_A_STATS_TX_QUEUE_FULL);
	teredo_icmp_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
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
	struct sk_buff_head evicted;
	struct teredo_peer *peer;
	int err = 0;

	__skb_queue_head_init(&evicted);

	/* confirm() sends */
	rcu_read_lock();
	local_bh_disable();
	cfg = rcu_dereference(td->config);
	spin_lock_bh(&td->peers.lock);
	/* Who comes as fast as others go would have the link never go down. */
	if (td->peers.closing && !permanent)
		peer = ERR_PTR(-EBUSY);
	else
		peer = teredo_peer_lookup(td, addr) ?:
		       create(td, cfg, addr, kind, TEREDO_BY_HAND, 0, &evicted);
	if (!IS_ERR(peer)) {
		WRITE_ONCE(peer->permanent, permanent);
		teredo_quota_vouch(td, peer);
		confirm(td, peer, mapped, TEREDO_PEER_CAUSE_HAND);
	} else {
		spin_unlock_bh(&td->peers.lock);
		err = PTR_ERR(peer);
	}
	teredo_icmp_reject_all(td, &evicted, TEREDO_A_STATS_TX_PEER_LIMIT);
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
	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (peer)
		teredo_peer_remove(td, peer, TEREDO_PEER_CAUSE_HAND, &dropped);
	spin_unlock_bh(&td->peers.lock);
	rcu_read_unlock();
	teredo_peer_forget_packets(td, &dropped);
	return peer ? 0 : -ENOENT;
}
