// SPDX-License-Identifier: GPL-2.0
#include "peer/timers.h"

#include "base/compat.h"
#include "data/reject.h"
#include "link/device.h"
#include "peer/probe.h"

/* Peers to handle in one batch, and in one run of the timer. A run also ends when the next
 * jiffy begins: a softirq must not take long, and must not fill the transmit queues.
 */
#define BATCH	8
#define RUN	512

/* Set the timer to the first deadline of the list, which need not be that of the wait that
 * was just added: if the timer is running, it is not pending, and timer_reduce() would
 * accept any later time. Under the lock.
 */
static void arm(struct teredo_dev *td)
{
	struct teredo_peers *peers = td->peers;
	const struct teredo_wait *first;
	unsigned long now = jiffies;

	lockdep_assert_held(&peers->lock);
	first = list_first_entry_or_null(&peers->waiting, struct teredo_wait,
					 node);
	/* A deadline in the past means the next tick. */
	if (first && !peers->closed)
		timer_reduce(&peers->timer,
			     time_before(first->deadline, now) ?
			     now : first->deadline);
}

void teredo_timer_add(struct teredo_dev *td, struct teredo_wait *wait)
{
	lockdep_assert_held(&td->peers->lock);
	wait->deadline = jiffies + TEREDO_PROBE_SPACING;
	list_add_tail(&wait->node, &td->peers->waiting);
	arm(td);
}

/* Work of one batch to be done without the lock */
struct batch {
	unsigned int probes, failures;
	struct teredo_probe probe[BATCH];
	struct sk_buff_head dropped;
};

/* Fill @batch with what is due. Returns false if nothing is. Under the lock. */
static bool collect(struct teredo_dev *td, struct batch *batch)
{
	struct teredo_peers *peers = td->peers;
	struct teredo_wait *wait;

	lockdep_assert_held(&peers->lock);
	batch->probes = 0;
	batch->failures = 0;
	while (batch->probes < BATCH && batch->failures < BATCH) {
		wait = list_first_entry_or_null(&peers->waiting,
						struct teredo_wait, node);
		if (!wait || time_before(jiffies, wait->deadline))
			break;
		list_del(&wait->node);
		if (wait->tries < TEREDO_PROBE_TRIES &&
		    teredo_probe_start(td, wait->peer, wait->initiator,
				       &batch->probe[batch->probes])) {
			batch->probes++;
			wait->tries++;
			teredo_timer_add(td, wait);
		} else {
			teredo_peer_fail(td, wait->peer, &batch->dropped);
			batch->failures++;
		}
	}
	return batch->probes || batch->failures;
}

static void expired(struct timer_list *timer)
{
	struct teredo_peers *peers = timer_container_of(peers, timer, timer);
	struct teredo_dev *td = peers->td;
	unsigned long began = jiffies;
	unsigned int i, done = 0;
	struct batch batch;
	bool more;

	__skb_queue_head_init(&batch.dropped);
	rcu_read_lock();
	do {
		spin_lock_bh(&peers->lock);
		more = collect(td, &batch);
		spin_unlock_bh(&peers->lock);

		for (i = 0; i < batch.probes; i++)
			teredo_probe_send(td, &batch.probe[i]);
		teredo_reject_all(td, &batch.dropped,
				  TEREDO_A_STATS_TX_UNREACHABLE);
		done += batch.probes + batch.failures;
	} while (more && done < RUN && !time_after(jiffies, began));
	rcu_read_unlock();

	spin_lock_bh(&peers->lock);
	arm(td);
	spin_unlock_bh(&peers->lock);
}

void teredo_timer_init(struct teredo_dev *td)
{
	timer_setup(&td->peers->timer, expired, 0);
}
