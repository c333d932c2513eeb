/* SPDX-License-Identifier: GPL-2.0 */
/* Packets that wait for a peer. All functions: under teredo_peers.lock. */
#ifndef TEREDO_QUEUE_H
#define TEREDO_QUEUE_H

#include <linux/skbuff.h>

#include "peer/peer.h"

/* Hangs off a peer only while it is being probed. */
struct teredo_wait {
	struct list_head node;		/* in peers.waiting, by deadline */
	struct teredo_peer *peer;
	unsigned long deadline;		/* of the current attempt, jiffies */
	u32 cause;			/* who had us probe, teredo_cause() */
	u8 tries;			/* spacings begun */
	bool releasing;			/* one CPU sends the queue, unlocked */
	bool dead;			/* meanwhile the peer was removed */
	struct sk_buff_head queue;
};

struct teredo_wait *teredo_wait_new(struct teredo_dev *td);
void teredo_wait_free(struct teredo_wait *wait);

void teredo_queue_init(struct teredo_dev *td);

/* True if no octet is counted: nothing waits any more. */
bool teredo_queue_is_even(const struct teredo_dev *td);

/* Append @skb, because of @cause. What has to go for it, or itself, is moved to
 * @dropped: of the same peer, what is beyond @limit packets; of all, what whoever
 * holds the most memory has held the longest.
 */
void teredo_queue_add(struct teredo_dev *td, struct teredo_wait *wait,
		      struct sk_buff *skb, u32 cause, unsigned int limit,
		      struct sk_buff_head *dropped);

/* Move all packets to the end of @to, in order. */
void teredo_queue_take(struct teredo_dev *td, struct teredo_wait *wait,
		       struct sk_buff_head *to);

#endif /* TEREDO_QUEUE_H */
