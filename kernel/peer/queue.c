// SPDX-License-Identifier: GPL-2.0
#include "peer/queue.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "base/ledger.h"
#include "link/device.h"

struct teredo_wait *teredo_wait_new(struct teredo_dev *td)
{
	struct teredo_wait *wait;
	struct mem_cgroup *memcg;

	memcg = set_active_memcg(td->memcg);
	wait = kzalloc(sizeof(*wait), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	if (wait)
		__skb_queue_head_init(&wait->queue);
	return teredo_made(TEREDO_OBJECT_WAIT, wait);
}

void teredo_wait_free(struct teredo_wait *wait)
{
	kfree(teredo_gone(TEREDO_OBJECT_WAIT, wait));
}

/* Control block of a held packet */
struct held {
	struct list_head node;		/* in backlog.packets[share] */
	struct teredo_wait *wait;
	u8 share;
};

static_assert(sizeof(struct held) <= sizeof_field(struct sk_buff, cb));
static_assert(TEREDO_QUEUE_SHARES - 1 <= U8_MAX);

/* Limit of packets to drop in order to hold another one */
#define VICTIMS		128

static struct held *held(struct sk_buff *skb)
{
	return (struct held *)skb->cb;
}

void teredo_queue_init(struct teredo_dev *td)
{
	unsigned int i;

	for (i = 0; i < TEREDO_QUEUE_SHARES; i++)
		INIT_LIST_HEAD(&td->peers->backlog.packets[i]);
}

bool teredo_queue_is_even(const struct teredo_dev *td)
{
	const struct teredo_backlog *backlog = &td->peers->backlog;

	return !backlog->octets &&
	       !memchr_inv(backlog->share, 0, sizeof(backlog->share));
}

static void hold(struct teredo_backlog *backlog, struct teredo_wait *wait,
		 struct sk_buff *skb, u32 initiator)
{
	u8 share = initiator % TEREDO_QUEUE_SHARES;

	held(skb)->wait = wait;
	held(skb)->share = share;
	list_add_tail(&held(skb)->node, &backlog->packets[share]);
	backlog->octets += skb->truesize;
	backlog->share[share] += skb->truesize;
	__skb_queue_tail(&wait->queue, teredo_made(TEREDO_OBJECT_WAITING, skb));
}

static void release(struct teredo_backlog *backlog, struct sk_buff *skb,
		    struct sk_buff_head *to)
{
	list_del(&held(skb)->node);
	backlog->octets -= skb->truesize;
	backlog->share[held(skb)->share] -= skb->truesize;
	__skb_unlink(skb, &held(skb)->wait->queue);
	__skb_queue_tail(to, teredo_gone(TEREDO_OBJECT_WAITING, skb));
}

/* Return the oldest packet of the largest share. Reads one KiB, as fq_codel does, but only
 * at the limit.
 */
static struct sk_buff *find_victim(const struct teredo_backlog *backlog)
{
	unsigned int i, most = 0;
	struct held *first;

	for (i = 1; i < TEREDO_QUEUE_SHARES; i++)
		if (backlog->share[i] > backlog->share[most])
			most = i;
	first = list_first_entry(&backlog->packets[most], struct held, node);
	return container_of((void *)first, struct sk_buff, cb);
}

/* Make room for @skb. Returns false if there is none. */
static bool make_room(struct teredo_backlog *backlog, const struct sk_buff *skb,
		      struct sk_buff_head *dropped)
{
	unsigned int victims = 0;

	if (skb->truesize > TEREDO_QUEUED_MAX)
		return false;
	while (skb->truesize > TEREDO_QUEUED_MAX - backlog->octets) {
		if (victims++ >= VICTIMS)
			return false;
		release(backlog, find_victim(backlog), dropped);
	}
	return true;
}

/* Uncharge a packet of the stack. A held packet of a program stays charged to its socket,
 * so that the program has to wait. But one socket of each CPU sends the ICMPv6 of all
 * namespaces, and answers to a few hundred strangers would block it (SEC-27).
 */
static void release_stack(struct sk_buff *skb)
{
	if (skb->sk && sk_fullsock(skb->sk) && skb->sk->sk_kern_sock)
		skb_orphan(skb);
}

void teredo_queue_add(struct teredo_dev *td, struct teredo_wait *wait,
		      struct sk_buff *skb, u32 initiator, unsigned int limit,
		      struct sk_buff_head *dropped)
{
	struct teredo_backlog *backlog = &td->peers->backlog;

	lockdep_assert_held(&td->peers->lock);
	if (!limit || !make_room(backlog, skb, dropped)) {
		__skb_queue_tail(dropped, skb);
		return;
	}
	while (skb_queue_len(&wait->queue) >= limit)
		release(backlog, skb_peek(&wait->queue), dropped);
	release_stack(skb);
	hold(backlog, wait, skb, initiator);
}

void teredo_queue_take(struct teredo_dev *td, struct teredo_wait *wait,
		       struct sk_buff_head *to)
{
	lockdep_assert_held(&td->peers->lock);
	while (!skb_queue_empty(&wait->queue))
		release(&td->peers->backlog, skb_peek(&wait->queue), to);
}
