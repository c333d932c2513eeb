// SPDX-License-Identifier: GPL-2.0
#include "peer/event.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/ledger.h"
#include "link/device.h"
#include "link/notify.h"
#include "peer/peer.h"

#define EVENTS_MAX	1024	/* events of a device that are not sent yet */

/* Allocate an event. Returns NULL beyond the limit, or without memory. */
static struct teredo_event *event_new(struct teredo_dev *td)
{
	struct teredo_event *event;
	struct mem_cgroup *memcg;

	if (td->peers->events.count >= EVENTS_MAX)
		return NULL;
	memcg = set_active_memcg(td->memcg);
	event = kmalloc(sizeof(*event), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	return teredo_made(TEREDO_OBJECT_EVENT, event);
}

static void record(struct teredo_dev *td, const struct teredo_peer *peer,
		   enum teredo_cmd cmd, enum teredo_peer_cause cause)
{
	struct teredo_events *events = &td->peers->events;
	struct teredo_event *event;

	lockdep_assert_held(&td->peers->lock);
	if (!events->on || !teredo_notify->peers_heard(td) || events->lost)
		return;
	event = event_new(td);
	if (event) {
		event->cmd = cmd;
		event->cause = cause;
		teredo_peer_info(td, peer, &event->peer);
		list_add_tail(&event->node, &events->list);
		events->count++;
	} else {
		events->lost = true;
	}
	queue_work(system_unbound_wq, &events->work);
}

void teredo_event_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			  enum teredo_peer_cause cause)
{
	record(td, peer, TEREDO_CMD_PEER_NTF, cause);
}

void teredo_event_gone(struct teredo_dev *td, const struct teredo_peer *peer,
		       enum teredo_peer_cause cause)
{
	record(td, peer, TEREDO_CMD_PEER_DEL_NTF, cause);
}

void teredo_events_tell(struct teredo_dev *td)
{
	struct teredo_events *events = &td->peers->events;
	struct teredo_event *event, *next;
	LIST_HEAD(list);
	bool lost;

	mutex_lock(&events->telling);
	spin_lock_bh(&td->peers->lock);
	list_splice_init(&events->list, &list);
	events->count = 0;
	lost = events->lost;
	events->lost = false;
	spin_unlock_bh(&td->peers->lock);

	teredo_notify->peers(td, &list, lost);
	mutex_unlock(&events->telling);
	list_for_each_entry_safe(event, next, &list, node)
		kfree(teredo_gone(TEREDO_OBJECT_EVENT, event));
}

static void work(struct work_struct *work)
{
	teredo_events_tell(container_of(work, struct teredo_peers,
					events.work)->td);
}

void teredo_events_init(struct teredo_peers *peers)
{
	struct teredo_events *events = &peers->events;

	INIT_LIST_HEAD(&events->list);
	mutex_init(&events->telling);
	INIT_WORK(&events->work, work);
}

/* All peers are removed and the device has left its namespace, so nothing is recorded. */
void teredo_events_uninit(struct teredo_peers *peers)
{
	struct teredo_events *events = &peers->events;

	cancel_work_sync(&events->work);
	WARN_ON_ONCE(!list_empty(&events->list));
}
