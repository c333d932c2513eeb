/* SPDX-License-Identifier: GPL-2.0 */
/* Early demultiplexing: datagrams find their socket, and the route that leads to
 * it, before the stack looks for them.
 */
#ifndef TEREDO_DEMUX_H
#define TEREDO_DEMUX_H

#include <linux/local_lock.h>
#include <linux/netfilter.h>
#include <linux/percpu.h>

#include "data/socket.h"

#if IS_ENABLED(CONFIG_NETFILTER)

#define TEREDO_DEMUX_BITS	6

/* All that the stack's decision about a datagram to a port depends on. */
union teredo_demux_key {
	struct {
		__be32 saddr;
		__be32 daddr;
		int iif;
		u32 mark;
		int genid;		/* of the routing tables */
		__be16 sport;
		u16 tos;
	};
	u64 word[3];
};

static_assert(sizeof(union teredo_demux_key) == 3 * sizeof(u64));

/* The decision: it is for us. A memo of one CPU. */
struct teredo_memo {
	union teredo_demux_key key;
	unsigned long until;		/* jiffies */
	const struct dst_entry *dst;	/* that of the socket, or NULL; not counted */
};

struct teredo_demux {
	local_lock_t lock;		/* PREEMPT_RT only, as that of the routes */
	struct teredo_memo memo[1 << TEREDO_DEMUX_BITS];
	struct teredo_memo *open;	/* waits for the stack's answer, or NULL */
};

/* Have datagrams to @ts come in early. RTNL. -ENOMEM and the like. */
int teredo_demux_add(struct net *net, struct teredo_sock *ts);

/* Undo that. An RCU grace period has to pass before @ts and teredo_demux_free().
 * RTNL.
 */
void teredo_demux_del(struct net *net, struct teredo_sock *ts);
void teredo_demux_free(struct teredo_sock *ts);

/* For teredo_demux_arrived() only. */
void teredo_demux_note(const struct teredo_sock *ts, const struct sk_buff *skb);

/* @skb has come to @ts, and skb->data is at the UDP header. RCU, BH off. */
static inline void teredo_demux_arrived(const struct teredo_sock *ts,
					const struct sk_buff *skb)
{
	if (unlikely(this_cpu_read(ts->demux->open)))
		teredo_demux_note(ts, skb);
}

int teredo_demux_init(void);
void teredo_demux_exit(void);

#else

static inline int teredo_demux_add(struct net *net, struct teredo_sock *ts)
{
	return 0;
}

static inline void teredo_demux_del(struct net *net, struct teredo_sock *ts) {}
static inline void teredo_demux_free(struct teredo_sock *ts) {}
static inline void teredo_demux_arrived(const struct teredo_sock *ts,
					const struct sk_buff *skb) {}

static inline int teredo_demux_init(void)
{
	return 0;
}

static inline void teredo_demux_exit(void) {}

#endif

#endif /* TEREDO_DEMUX_H */
