/* SPDX-License-Identifier: GPL-2.0 */
/* Packets held for a peer that is being probed. All under teredo_peers.lock. */
#ifndef TEREDO_QUEUE_H
#define TEREDO_QUEUE_H

#include <linux/skbuff.h>

#include "peer/peer.h"

/* State of a peer while it is being probed */
struct teredo_wait {
	struct list_head node;		/* in peers.waiting, by deadline */
	struct teredo_peer *peer;
	unsigned long deadline;		/* of the current attempt, jiffies */
	u32 initiator;			/* of the probes, teredo_initiator() */
	u8 tries;			/* attempts begun, sent or not */
	bool releasing;			/* a CPU is sending the queue, unlocked */
	bool dead;			/* the peer was removed meanwhile */
	struct sk_buff_head queue;
};

/* Allocate a wait with an empty queue. Returns NULL without memory. */
struct teredo_wait *teredo_wait_new(struct teredo_dev *td);
void teredo_wait_free(struct teredo_wait *wait);

void teredo_queue_init(struct teredo_dev *td);

/* Return true if no octet is accounted for. At teardown. */
bool teredo_queue_is_even(const struct teredo_dev *td);

/* Append @skb on behalf of @initiator. Packets that have to make room for it move to
 * @dropped: the oldest of this peer beyond @limit packets, and the oldest of the largest
 * share at the memory limit. If there is no room at all, @skb itself moves there.
 */
void teredo_queue_add(struct teredo_dev *td, struct teredo_wait *wait,
		      struct sk_buff *skb, u32 initiator, unsigned int limit,
		      struct sk_buff_head *dropped);

/* Move all packets to the end of @to, in order. */
void teredo_queue_take(struct teredo_dev *td, struct teredo_wait *wait,
		       struct sk_buff_head *to);

#endif /* TEREDO_QUEUE_H */
