/* SPDX-License-Identifier: GPL-2.0 */
/* Peers of a device: their state, how they become trusted, and how they are removed.
 *
 * Lifetime: lookups run under RCU, and no reference outlives the read section. A peer is
 * unhashed exactly once, under teredo_peers.lock ("the lock" in all of peer/), and freed
 * after a grace period. Members marked "lock" change only under that lock; all others are
 * single words that the packet paths read and write without it.
 */
#ifndef TEREDO_PEER_H
#define TEREDO_PEER_H

#include <linux/in6.h>
#include <linux/jiffies.h>
#include <linux/rhashtable.h>
#include <linux/timer.h>
#include <linux/workqueue.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"
#include "base/ratelimiter.h"
#include "peer/event.h"
#include "peer/quota.h"

/* All times of the protocol in one place, in jiffies */
#define TEREDO_PEER_VALID	(30 * HZ)	/* C-46 */
#define TEREDO_PEER_REFRESH	(20 * HZ)	/* silence after which a peer is probed */
#define TEREDO_PROBE_SPACING	(2 * HZ)	/* C-48, C-51, C-67 */
#define TEREDO_PROBE_TRIES	4		/* C-48, C-51, C-68 */
#define TEREDO_REFRESH_TRIES	2		/* probes while it is still valid */
#define TEREDO_REFRESH_SPACING	(4 * HZ)
#define TEREDO_BUBBLE_WINDOW	(300 * HZ)	/* C-68 */
#define TEREDO_ECHO_RETRY	(30 * HZ)	/* between series of tests of a host */
#define TEREDO_PEER_IDLE	(300 * HZ)	/* then removed */
#define TEREDO_NONCE_VALID	(30 * HZ)	/* SEC-08 */
#define TEREDO_ANNOUNCE_MIN	(200 * HZ)	/* C-83 */
#define TEREDO_ANNOUNCE_MAX	(300 * HZ)
#define TEREDO_LOCAL_KNOWN	(600 * HZ)	/* C-49, D-18 */
#define TEREDO_LOCAL_SPACING	(HZ / 8)	/* between answers to one neighbour */
#define TEREDO_GC_INTERVAL	(10 * HZ)
#define TEREDO_ERROR_VALID	(10 * HZ)	/* from sending to an ICMP error */

/* Limit of memory in held packets of one device, in octets (SEC-27) */
#define TEREDO_QUEUED_MAX	(16 << 20)

/* Held packets of a device, by share, a hash of the initiator. At the memory limit, the
 * largest share loses its oldest packet (queue.c).
 */
#define TEREDO_QUEUE_SHARES	256

struct teredo_backlog {
	unsigned int octets;		/* in all */
	unsigned int share[TEREDO_QUEUE_SHARES];	/* octets of each */
	struct list_head packets[TEREDO_QUEUE_SHARES];	/* oldest first */
};

struct sk_buff;
struct sk_buff_head;
struct teredo_config;
struct teredo_dev;
struct teredo_extra;
struct teredo_wait;

struct teredo_peer {
	struct rhash_head node;
	struct in6_addr addr;
	union teredo_endpoint mapped;	/* where packets go, or 0; written: lock */
	unsigned long last_rx;		/* jiffies, 0 is never */
	unsigned long last_tx;		/* likewise */
	u8 state;			/* enum teredo_peer_state; written: lock */
	u8 kind;			/* enum teredo_peer_kind; constant */
	u8 bubbles;			/* unanswered probes; written: lock, 0 by rx */
	bool permanent;			/* set by the administrator; lock */
	bool proven;			/* by a round trip; written: lock */
	u8 cause;			/* enum teredo_cause, while unproven; lock */
	u8 share[TEREDO_QUOTA_ROWS];	/* in peers.quota, while unproven; lock */
	unsigned long last_probe;	/* jiffies, 0 is never; written: lock */
	u64 nonce;			/* of unanswered probes, or 0; lock */
	struct teredo_wait *wait;	/* while probing; lock */
	struct list_head unproven;	/* in peers.quota, while unproven; lock */
	unsigned long queued_at;	/* in there since then, jiffies; lock */
	struct teredo_extra __rcu *extra;	/* set once, under the lock */
	struct rcu_head rcu;
};

/* It fits into kmalloc-128: two cache lines, of which a packet needs the first. */
static_assert(sizeof(struct teredo_peer) <= 128);
static_assert(offsetofend(struct teredo_peer, proven) <= 64);

/* For allocations that remote hosts cause. They are charged to the memory cgroup of the
 * link's creator (td->memcg), not of the current task (SEC-25), and fail at its limit.
 * GFP_ATOMIC would exceed that limit, and use up the reserves of the machine.
 */
#define TEREDO_GFP_REMOTE	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)

struct teredo_peers {
	struct teredo_dev *td;
	struct rhashtable table;
	struct list_head dumps;		/* under teredo_dump_mutex */
	spinlock_t lock;		/* protects what is marked above, and: */
	struct teredo_quota quota;	/*  admission and eviction */
	struct list_head locals;	/*  neighbours, oldest announcement first */
	unsigned int locals_count;
	struct teredo_backlog backlog;	/*  held packets */
	bool closed;			/*  no packet is held any more */
	bool closing;			/*  the administrator adds only permanent ones */
	struct list_head waiting;	/*  teredo_wait, earliest deadline first */
	struct timer_list timer;	/* for the first deadline */
	struct delayed_work gc;		/* ageing, age.c */
	unsigned long gc_due;		/* jiffies, its next run; lock */
	struct teredo_events events;
	struct teredo_buckets answers;	/* to discovery bubbles, by source */
};

/* Return jiffies, or 1 instead of 0, which means "never" in a time stamp. */
static inline unsigned long teredo_now(void)
{
	return jiffies ?: 1;
}

/* Return true if packets may be sent to peer->mapped now (RFC 4380 5.2.4 case 1). */
static inline bool teredo_peer_is_open(const struct teredo_peer *peer)
{
	/* pairs with smp_store_release() in confirm() */
	return smp_load_acquire(&peer->state) == TEREDO_PEER_STATE_TRUSTED &&
	       (time_before(jiffies, READ_ONCE(peer->last_rx) +
			    TEREDO_PEER_VALID) || peer->permanent);
}

/* Note that a datagram came from the peer, or is sent to it. The time stamps are written at
 * most four times a second, so that CPUs that share a busy peer do not bounce its cache
 * line.
 */
static inline void teredo_peer_heard(struct teredo_peer *peer)
{
	if (time_after(jiffies, READ_ONCE(peer->last_rx) + HZ / 4))
		WRITE_ONCE(peer->last_rx, teredo_now());
	if (READ_ONCE(peer->bubbles))
		WRITE_ONCE(peer->bubbles, 0);
}

static inline void teredo_peer_spoken_to(struct teredo_peer *peer)
{
	if (time_after(jiffies, READ_ONCE(peer->last_tx) + HZ / 4))
		WRITE_ONCE(peer->last_tx, teredo_now());
}

/* Return true if the peer is trusted and its mapping is @src (RFC 4380 5.2.3 case 1). */
static inline bool teredo_peer_matches(const struct teredo_peer *peer,
				       union teredo_endpoint src)
{
	return READ_ONCE(peer->state) == TEREDO_PEER_STATE_TRUSTED &&
	       teredo_endpoint_read(&peer->mapped).word == src.word;
}

/* Send @skb, an IPv6 packet, to an open peer. If the peer has been silent, probe it in
 * time, so that a one-way flow never sees the path expire. Consumes @skb. RCU, BH off.
 */
void teredo_peer_send(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff *skb);

/* Hold @skb until the peer @addr is open; create and probe that peer if necessary. Returns
 * TEREDO_TAKEN, or the reason to drop @skb, which the caller still owns. RCU, BH off.
 */
int teredo_peer_wait(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct in6_addr *addr, enum teredo_peer_kind kind,
		     struct sk_buff *skb);

/* Probe @peer, if a probe is due, because an ICMP error says that packets do not reach it.
 * The peer stays trusted. RCU, BH off.
 */
void teredo_peer_doubt(struct teredo_dev *td, struct teredo_peer *peer);

/* The same without a packet: create the peer if necessary, and probe it. RCU, BH off. */
void teredo_peer_probe(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind);

/* What teredo_peer_trust() requires of the peer */
enum teredo_trust {
	TEREDO_TRUST_KNOWN,	/* to be in the table */
	TEREDO_TRUST_NEW,	/* nothing: create it if there is room */
	TEREDO_TRUST_NONCE,	/* to be in the table, with this nonce outstanding */
	TEREDO_TRUST_LOCAL,	/* to be in the table, with @src as local endpoint */
};

/* Trust the peer @addr at @src, where a datagram came from, and send its held packets in
 * order. @nonce is our nonce that the datagram repeats, or 0. Returns false if the peer
 * does not meet @how. RCU, BH off.
 */
bool teredo_peer_trust(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind,
		       union teredo_endpoint src, enum teredo_trust how,
		       u64 nonce);

/* Set or remove a peer for the administrator. Return 0, -ENOSPC if the list is full,
 * -ENOMEM, -EBUSY for a peer that is not permanent while the link goes down, or -ENOENT if
 * there is no peer to remove. Process context; do not sleep.
 */
int teredo_peer_set(struct teredo_dev *td, const struct in6_addr *addr,
		    enum teredo_peer_kind kind, union teredo_endpoint mapped,
		    bool permanent);
int teredo_peer_del(struct teredo_dev *td, const struct in6_addr *addr);

/* Fill in @info. Under the lock. */
void teredo_peer_info(struct teredo_dev *td, const struct teredo_peer *peer,
		      struct teredo_peer_info *info);

/* Mark @peer unreachable, as all attempts went unanswered, and move its held packets to
 * @dropped. For timers.c. Under the lock.
 */
void teredo_peer_fail(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff_head *dropped);

/* Remove @peer from the table and free it after a grace period. Its held packets move to
 * @dropped. Under the lock.
 */
void teredo_peer_remove(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_peer_cause cause,
			struct sk_buff_head *dropped);

/* Create the peer @addr on behalf of @initiator. Returns ERR_PTR(-ENOSPC) if there is no
 * room, ERR_PTR(-ENOMEM) without memory. If another peer is evicted for it, the held
 * packets of that one move to @evicted. Under the lock.
 */
struct teredo_peer *teredo_peer_create(struct teredo_dev *td,
				       const struct teredo_config *cfg,
				       const struct in6_addr *addr,
				       enum teredo_peer_kind kind,
				       enum teredo_cause cause, u32 initiator,
				       struct sk_buff_head *evicted);

/* Trace that @peer is new or has changed, and record an event. Under the lock. */
void teredo_peer_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			 enum teredo_peer_cause cause);

/* Set any state but TRUSTED, which confirm() sets as its last step. Under the lock. */
void teredo_peer_set_state(struct teredo_dev *td, struct teredo_peer *peer,
			   enum teredo_peer_state state,
			   enum teredo_peer_cause cause);

/* Drop packets that were held for a removed peer: count and free them, and send an error to
 * the sender of each. Process context or softirq, without the lock.
 */
void teredo_peer_forget_packets(struct teredo_dev *td,
				struct sk_buff_head *list);

#endif /* TEREDO_PEER_H */
