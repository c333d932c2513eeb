// SPDX-License-Identifier: GPL-2.0
#include "peer/age.h"

#include "link/device.h"
#include "link/notify.h"
#include "peer/event.h"
#include "peer/neighbour.h"
#include "peer/queue.h"
#include "peer/table.h"
#include "peer/timers.h"

/* Peers to visit between two pauses of a walk */
#define SLICE	1024

/* -- ageing -- */

/* Return true if the peer was neither used nor probed for @limit jiffies: the least
 * recently used peers are to be removed (RFC 4380 5.2).
 */
static bool is_idle(const struct teredo_peer *peer, unsigned long limit)
{
	unsigned long now = jiffies;
	unsigned long rx = READ_ONCE(peer->last_rx);
	unsigned long tx = READ_ONCE(peer->last_tx);
	unsigned long probe = READ_ONCE(peer->last_probe);
	const struct teredo_neighbour *neighbour = teredo_neighbour_rcu(peer);

	/* Neighbours announce themselves every 300 s at the latest. */
	if (neighbour &&
	    !time_after(now, READ_ONCE(neighbour->announced) + 2 * limit))
		return false;
	return (!rx || time_after(now, rx + limit)) &&
	       (!tx || time_after(now, tx + limit)) &&
	       (!probe || time_after(now, probe + limit));
}

static bool may_go(const struct teredo_peer *peer, unsigned long limit)
{
	return !READ_ONCE(peer->permanent) && !READ_ONCE(peer->wait) &&
	       is_idle(peer, limit);
}

static bool any(const struct teredo_peer *peer, unsigned long limit)
{
	return true;
}

static bool not_by_hand(const struct teredo_peer *peer, unsigned long limit)
{
	return !READ_ONCE(peer->permanent);
}

static bool by_discovery(const struct teredo_peer *peer, unsigned long limit)
{
	return teredo_neighbour_rcu(peer) && not_by_hand(peer, limit);
}

/* Remove all peers for which @match is true. A concurrent resize may show some twice, and
 * hide some until the next walk. Process context.
 */
static unsigned int
remove_matching(struct teredo_dev *td,
		bool (*match)(const struct teredo_peer *, unsigned long),
		unsigned long limit, enum teredo_peer_cause cause)
{
	struct teredo_peers *peers = td->peers;
	unsigned int removed = 0, seen = 0;
	struct rhashtable_iter iter;
	struct sk_buff_head dropped;
	struct teredo_peer *peer;

	__skb_queue_head_init(&dropped);
	rhashtable_walk_enter(&peers->table, &iter);
	rhashtable_walk_start(&iter);
	while ((peer = rhashtable_walk_next(&iter))) {
		if (IS_ERR(peer))
			continue;
		if (match(peer, limit)) {
			spin_lock_bh(&peers->lock);
			/* again, under the lock */
			if (match(peer, limit)) {
				teredo_peer_remove(td, peer, cause, &dropped);
				removed++;
			}
			spin_unlock_bh(&peers->lock);
		}
		if (++seen % SLICE == 0) {
			rhashtable_walk_stop(&iter);
			teredo_peer_forget_packets(td, &dropped);
			teredo_events_tell(td);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
	teredo_peer_forget_packets(td, &dropped);
	teredo_events_tell(td);
	return removed;
}

static void age(struct work_struct *work)
{
	struct teredo_peers *peers = container_of(work, struct teredo_peers,
						  gc.work);
	struct teredo_dev *td = peers->td;
	unsigned int removed;
	bool pressed;

	rcu_read_lock();
	pressed = teredo_quota_is_pressed(td, rcu_dereference(td->config));
	rcu_read_unlock();

	/* If room is short, remove peers as soon as they have expired. */
	removed = remove_matching(td, may_go, pressed ? TEREDO_PEER_VALID :
							TEREDO_PEER_IDLE,
				  TEREDO_PEER_CAUSE_IDLE);
	if (removed)
		this_cpu_add(td->stats->count[TEREDO_A_STATS_PEERS_EXPIRED],
			     removed);
	spin_lock_bh(&td->peers->lock);
	teredo_peers_schedule_age(td, TEREDO_GC_INTERVAL);
	spin_unlock_bh(&td->peers->lock);
}

void teredo_peers_flush(struct teredo_dev *td, bool all,
			enum teredo_peer_cause cause)
{
	int passes = 8;

	/* Removals and resizes can hide peers from a walk, so walk again; but not for ever,
	 * as traffic may add peers all the time.
	 */
	while (remove_matching(td, all ? any : not_by_hand, 0, cause) &&
	       --passes)
		cond_resched();
}

void teredo_peers_flush_local(struct teredo_dev *td)
{
	/* No neighbour is added any more, so this ends. */
	while (READ_ONCE(td->peers->locals_count) &&
	       remove_matching(td, by_discovery, 0, TEREDO_PEER_CAUSE_LEFT))
		cond_resched();
}

/* -- namespaces -- */

/* Send an event about every peer to the listeners in the current namespace. A concurrent
 * resize may show some twice. Process context.
 */
static void tell_all(struct teredo_dev *td,
		     void (*event)(struct teredo_dev *,
				   const struct teredo_peer *,
				   enum teredo_peer_cause))
{
	struct teredo_peers *peers = td->peers;
	struct rhashtable_iter iter;
	struct teredo_peer *peer;
	unsigned int seen = 0;

	if (!teredo_notify->peers_heard(td))
		return;
	rhashtable_walk_enter(&peers->table, &iter);
	rhashtable_walk_start(&iter);
	while ((peer = rhashtable_walk_next(&iter))) {
		if (IS_ERR(peer))
			continue;
		spin_lock_bh(&peers->lock);
		event(td, peer, TEREDO_PEER_CAUSE_DEVICE);
		spin_unlock_bh(&peers->lock);
		if (++seen % SLICE == 0) {
			rhashtable_walk_stop(&iter);
			teredo_events_tell(td);
			cond_resched();
			rhashtable_walk_start(&iter);
		}
	}
	rhashtable_walk_stop(&iter);
	rhashtable_walk_exit(&iter);
}

void teredo_peers_appear(struct teredo_dev *td)
{
	spin_lock_bh(&td->peers->lock);
	td->peers->events.on = true;
	spin_unlock_bh(&td->peers->lock);
	tell_all(td, teredo_event_changed);
	teredo_events_tell(td);
}

/* The device is down and unlisted, so peers do not change meanwhile. All events are sent
 * before it leaves the namespace of the listeners.
 */
void teredo_peers_disappear(struct teredo_dev *td)
{
	tell_all(td, teredo_event_gone);
	spin_lock_bh(&td->peers->lock);
	td->peers->events.on = false;
	spin_unlock_bh(&td->peers->lock);
	teredo_events_tell(td);
}

/* -- life -- */

void teredo_peers_open(struct teredo_dev *td)
{
	spin_lock_bh(&td->peers->lock);
	td->peers->closed = false;
	teredo_peers_schedule_age(td, TEREDO_GC_INTERVAL);
	spin_unlock_bh(&td->peers->lock);
}

/* Called after the sockets are closed: no datagram arrives any more, but the stack may
 * still pass packets to the transmit path. So close the list first: then no more packets
 * are held, and the timer cannot be armed again.
 */
void teredo_peers_close(struct teredo_dev *td)
{
	spin_lock_bh(&td->peers->lock);
	td->peers->closed = true;
	td->peers->closing = true;
	spin_unlock_bh(&td->peers->lock);
	timer_delete_sync(&td->peers->timer);
	cancel_delayed_work_sync(&td->peers->gc);
	/* Repeat until no peer is left that is not permanent, and none holds packets. This
	 * ends, as only permanent peers can be added now: netlink adds peers without RTNL,
	 * which we hold, but not others while @closing is set.
	 */
	while (remove_matching(td, not_by_hand, 0, TEREDO_PEER_CAUSE_DOWN) ||
	       !list_empty_careful(&td->peers->waiting))
		cond_resched();
	spin_lock_bh(&td->peers->lock);
	td->peers->closing = false;
	spin_unlock_bh(&td->peers->lock);
}

int teredo_peers_init(struct teredo_dev *td)
{
	struct teredo_peers *peers = td->peers;

	peers->td = td;
	spin_lock_init(&peers->lock);
	teredo_quota_init(&peers->quota);
	teredo_queue_init(td);
	INIT_LIST_HEAD(&peers->locals);
	INIT_LIST_HEAD(&peers->waiting);
	teredo_timer_init(td);
	teredo_events_init(peers);
	teredo_buckets_init(&peers->answers);
	INIT_DELAYED_WORK(&peers->gc, age);
	peers->closed = true;
	return teredo_table_init(peers);
}

/* The device is unregistered: nothing sends, receives or configures any more. RCU readers
 * may still use single peers, which are freed after them.
 */
void teredo_peers_uninit(struct teredo_dev *td)
{
	teredo_dumps_end(td->peers);
	/* No peer is added any more, so this ends. */
	while (teredo_peers_count(td->peers)) {
		teredo_peers_flush(td, true, TEREDO_PEER_CAUSE_DEVICE);
		cond_resched();
	}
	teredo_events_uninit(td->peers);
	WARN_ON_ONCE(!list_empty(&td->peers->waiting));
	WARN_ON_ONCE(td->peers->locals_count);
	WARN_ON_ONCE(!teredo_queue_is_even(td));
	WARN_ON_ONCE(!teredo_quota_is_even(&td->peers->quota));
	teredo_table_uninit(td->peers);
}
