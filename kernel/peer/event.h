/* SPDX-License-Identifier: GPL-2.0 */
/* What happens to peers, for those who listen by netlink: recorded under the lock that
 * the change is made under, told later and by somebody else, in the same order.
 *
 * Remote hosts drive most of it. So without listeners nothing is recorded; with some,
 * a change costs its softirq a small allocation, and a worker makes messages of many
 * at a time. Past EVENTS_MAX, or without memory, listeners learn that they missed
 * something, after all that came before.
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

/* A peer as others see it, taken under the lock. */
struct teredo_peer_info {
	struct in6_addr addr;
	union teredo_endpoint mapped;
	enum teredo_peer_state state;
	enum teredo_peer_kind kind;
	enum teredo_peer_path path;
	bool heard, sent, permanent;	/* idle_rx, idle_tx are valid */
	u32 idle_rx, idle_tx;		/* milliseconds */
	u32 queued, bubbles;
};

/* What became of a peer. */
struct teredo_event {
	struct list_head node;
	enum teredo_cmd cmd;
	enum teredo_peer_cause cause;
	struct teredo_peer_info peer;
};

struct teredo_events {
	struct list_head list;		/* not told yet, oldest first; peers.lock */
	unsigned int count;		/*  of them */
	bool lost;			/*  there were more */
	bool on;			/*  the device is in a namespace */
	struct mutex telling;		/* one tells at a time */
	struct work_struct work;
};

void teredo_events_init(struct teredo_peers *peers);
void teredo_events_uninit(struct teredo_peers *peers);

/* @peer is new or has changed. Under teredo_peers.lock. */
void teredo_event_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			  enum teredo_peer_cause cause);

/* @peer is about to go. Under teredo_peers.lock. */
void teredo_event_gone(struct teredo_dev *td, const struct teredo_peer *peer,
		       enum teredo_peer_cause cause);

/* Tell all that was recorded; process context. */
void teredo_events_tell(struct teredo_dev *td);

#endif /* TEREDO_EVENT_H */
