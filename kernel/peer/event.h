/* SPDX-License-Identifier: GPL-2.0 */
/* Events about peers, for netlink listeners. An event is recorded under the lock that
 * protects the change, and sent later by a worker, in the same order.
 *
 * Most events are caused by remote hosts. So nothing is recorded without listeners. With
 * listeners, a change costs its softirq a small allocation, and the worker puts many events
 * into one message. Beyond EVENTS_MAX (event.c), or without memory, listeners get ENOBUFS
 * after all earlier events.
 */
#ifndef TEREDO_EVENT_H
#define TEREDO_EVENT_H

#include <linux/in6.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct teredo_dev;
struct teredo_peer;
struct teredo_peers;

/* What netlink reports about a peer; filled in under the lock */
struct teredo_peer_info {
	struct in6_addr addr;
	union teredo_endpoint mapped;
	enum teredo_peer_state state;
	enum teredo_peer_kind kind;
	enum teredo_peer_path path;
	bool heard, sent, permanent;	/* heard, sent: idle_rx, idle_tx are valid */
	u32 idle_rx, idle_tx;		/* milliseconds */
	u32 queued, bubbles;		/* held packets, unanswered probes */
};

/* A change of a peer, and its state after the change */
struct teredo_event {
	struct list_head node;
	enum teredo_cmd cmd;
	enum teredo_peer_cause cause;
	struct teredo_peer_info peer;
};

struct teredo_events {
	struct list_head list;		/* to be sent, oldest first; peers.lock */
	unsigned int count;		/*  their number */
	bool lost;			/*  later ones could not be recorded */
	bool on;			/*  the device is in a namespace */
	struct mutex telling;		/* serialises senders, to keep the order */
	struct work_struct work;
};

void teredo_events_init(struct teredo_peers *peers);

/* Wait for the worker, once nothing is recorded any more. May sleep. */
void teredo_events_uninit(struct teredo_peers *peers);

/* Record that @peer is new or has changed. Under teredo_peers.lock. */
void teredo_event_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			  enum teredo_peer_cause cause);

/* Record that @peer is about to be removed. Under teredo_peers.lock. */
void teredo_event_gone(struct teredo_dev *td, const struct teredo_peer *peer,
		       enum teredo_peer_cause cause);

/* Send all recorded events now. May sleep. */
void teredo_events_tell(struct teredo_dev *td);

#endif /* TEREDO_EVENT_H */
