// SPDX-License-Identifier: GPL-2.0
#include "queue.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <net/sock.h>

#include "device.h"
#include "ledger.h"

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

static void move_first(struct teredo_dev *td, struct teredo_wait *wait,
		       struct sk_buff_head *to)
{
	struct sk_buff *skb = __skb_dequeue(&wait->queue);

	td->peers.queued -= skb->truesize;
	__skb_queue_tail(to, teredo_gone(TEREDO_OBJECT_WAITING, skb));
}

/* A program that lets much wait has to wait, too: it is charged. Not so the stack:
 * all ICMPv6 of a CPU, in every namespace, comes from one socket, and whoever has
 * us answer some hundred strangers would keep it busy (SEC-27).
 */
static void release_stack(struct sk_buff *skb)
{
	if (skb->sk && sk_fullsock(skb->sk) && skb->sk->sk_kern_sock)
		skb_orphan(skb);
}

void teredo_queue_add(struct teredo_dev *td, struct teredo_wait *wait,
		      struct sk_buff *skb, unsigned int limit,
		      struct sk_buff_head *dropped)
{
	lockdep_assert_held(&td->peers.lock);
	if (!limit || skb->truesize > TEREDO_QUEUED_MAX - td->peers.queued) {
		__skb_queue_tail(dropped, skb);
		return;
	}
	while (skb_queue_len(&wait->queue) >= limit)
		move_first(td, wait, dropped);
	release_stack(skb);
	td->peers.queued += skb->truesize;
	__skb_queue_tail(&wait->queue, teredo_made(TEREDO_OBJECT_WAITING, skb));
}

void teredo_queue_take(struct teredo_dev *td, struct teredo_wait *wait,
		       struct sk_buff_head *to)
{
	lockdep_assert_held(&td->peers.lock);
	while (!skb_queue_empty(&wait->queue))
		move_first(td, wait, to);
}
