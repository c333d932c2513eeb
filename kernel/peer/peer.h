/* SPDX-License-Identifier: GPL-2.0 */
/* Peers of a device: who they are, how they become trusted, how they go.
 *
 * Lifetime. A peer is found in the table under RCU, and nobody holds a
 * reference beyond that. It is unhashed once, under teredo_peers.lock, and
 * freed after a grace period. All that changes under the lock says so below;
 * the rest are single words that the packet paths read and write without it.
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

/* All times of the protocol in one place. */
#define TEREDO_PEER_VALID	(30 * HZ)	/* C-46 */
#define TEREDO_PEER_REFRESH	(20 * HZ)	/* ask again before that */
#define TEREDO_PROBE_SPACING	(2 * HZ)	/* C-48, C-51, C-67 */
#define TEREDO_PROBE_TRIES	4		/* C-48, C-51, C-68 */
#define TEREDO_REFRESH_TRIES	2		/* of these, while still valid */
#define TEREDO_REFRESH_SPACING	(4 * HZ)
#define TEREDO_BUBBLE_WINDOW	(300 * HZ)	/* C-68 */
#define TEREDO_ECHO_RETRY	(30 * HZ)	/* tests of a silent host */
#define TEREDO_PEER_IDLE	(300 * HZ)	/* then forgotten */
#define TEREDO_NONCE_VALID	(30 * HZ)	/* SEC-08 */
#define TEREDO_ANNOUNCE_MIN	(200 * HZ)	/* C-83 */
#define TEREDO_ANNOUNCE_MAX	(300 * HZ)
#define TEREDO_LOCAL_KNOWN	(600 * HZ)	/* C-49, D-18 */
#define TEREDO_LOCAL_SPACING	(HZ / 8)	/* answers to one neighbour */
#define TEREDO_GC_INTERVAL	(10 * HZ)
#define TEREDO_ERROR_VALID	(10 * HZ)	/* about what was sent since */

/* Octets of memory in packets that wait on one device (SEC-27). */
#define TEREDO_QUEUED_MAX	(16 << 20)

/* The same packets, by who had us hold them, each share with the oldest first. When
 * there is no room, whoever holds the most gives way (queue.c).
 */
#define TEREDO_QUEUE_SHARES	256

struct teredo_backlog {
	unsigned int octets;		/* in all */
	unsigned int share[TEREDO_QUEUE_SHARES];	/* octets of each */
	struct list_head packets[TEREDO_QUEUE_SHARES];
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
	union teredo_endpoint mapped;	/* where packets go, or 0 */
	unsigned long last_rx;		/* jiffies, 0 is never */
	unsigned long last_tx;		/* likewise */
	u8 state;			/* enum teredo_peer_state; written: lock */
	u8 kind;			/* enum teredo_peer_kind; constant */
	u8 bubbles;			/* without answer; written: lock, cleared by rx */
	bool permanent;			/* set by hand; lock */
	bool proven;			/* by a round trip; written: lock */
	u8 origin;			/* enum teredo_origin, until then; lock */
	u8 share[TEREDO_QUOTA_ROWS];	/* in peers.quota, until then; lock */
	unsigned long last_probe;	/* jiffies, 0 is never; written: lock */
	u64 nonce;			/* of attempts without answer, or 0; lock */
	struct teredo_wait *wait;	/* while probing; lock */
	struct list_head unproven;	/* in peers.quota, until then; lock */
	unsigned long queued_at;	/* there, jiffies; lock */
	struct teredo_extra __rcu *extra;	/* set once, under the lock */
	struct rcu_head rcu;
};

/* kmalloc-128, two cache lines, of which a packet needs the first. */
static_assert(sizeof(struct teredo_peer) <= 128);
static_assert(offsetofend(struct teredo_peer, proven) <= 64);

/* What remote hosts cause to be made is charged to whoever made the link, not to
 * whoever happens to run (SEC-25), and never more than there is room for: GFP_ATOMIC
 * would go beyond a cgroup's limit, and draw on the memory that the machine keeps for
 * when there is no other.
 */
#define TEREDO_GFP_REMOTE	(GFP_NOWAIT | __GFP_NOWARN | __GFP_ACCOUNT)

struct teredo_peers {
	struct teredo_dev *td;
	struct rhashtable table;
	struct list_head dumps;		/* under teredo_dump_mutex */
	spinlock_t lock;		/* protects what is marked above, and */
	struct teredo_quota quota;	/*  who is in the table, and why */
	struct list_head locals;	/*  extras, oldest bubble first */
	unsigned int locals_count;
	struct teredo_backlog backlog;	/*  what waits */
	bool closed;			/*  nobody may wait any more */
	bool closing;			/*  nor come and go with the link */
	struct list_head waiting;	/*  teredo_wait, earliest first */
	struct timer_list timer;	/* first deadline */
	struct delayed_work gc;
	unsigned long gc_due;		/* jiffies, its next run; lock */
	struct teredo_events events;
	struct teredo_buckets answers;	/* to neighbours */
};

/* jiffies, but never 0. */
static inline unsigned long teredo_now(void)
{
	return jiffies ?: 1;
}

/* True if packets may go to peer->mapped now (RFC 4380 5.2.4 case 1). */
static inline bool teredo_peer_is_open(const struct teredo_peer *peer)
{
	/* pairs with the release in confirm() */
	return smp_load_acquire(&peer->state) == TEREDO_PEER_STATE_TRUSTED &&
	       (time_before(jiffies, READ_ONCE(peer->last_rx) +
			    TEREDO_PEER_VALID) || peer->permanent);
}

/* Note that a datagram came from the peer, or goes to it. The times are
 * written at most every quarter of a second, so that CPUs which share a busy
 * peer do not fight for its cache line.
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

/* True if the peer is trusted with the outer source @src (5.2.3 case 1). */
static inline bool teredo_peer_matches(const struct teredo_peer *peer,
				       union teredo_endpoint src)
{
	return READ_ONCE(peer->state) == TEREDO_PEER_STATE_TRUSTED &&
	       teredo_endpoint_read(&peer->mapped).word == src.word;
}

/* Send @skb to an open peer, and ask it for a sign of life in time, so that a
 * one-way flow never sees the path expire. RCU, BH off. Takes @skb.
 */
void teredo_peer_send(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff *skb);

/* Let @skb wait for the peer @addr, who is made and probed if need be.
 * TEREDO_TAKEN, or the reason why not. RCU, BH off.
 */
int teredo_peer_wait(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct in6_addr *addr, enum teredo_peer_kind kind,
		     struct sk_buff *skb);

/* Somebody says that packets do not reach @peer: ask it for a sign of life, if
 * it is time for one. Its trust stays as it is. RCU, BH off.
 */
void teredo_peer_doubt(struct teredo_dev *td, struct teredo_peer *peer);

/* Start to probe @addr without a packet. RCU, BH off. */
void teredo_peer_probe(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind);

/* How teredo_peer_trust() may come by its peer. */
enum teredo_trust {
	TEREDO_TRUST_KNOWN,	/* it is in the table, or nothing happens */
	TEREDO_TRUST_NEW,	/* make it if there is room */
	TEREDO_TRUST_NONCE,	/* known, and the nonce is the one last sent */
	TEREDO_TRUST_LOCAL,	/* known, and @src is its local endpoint */
};

/* A datagram from @src showed the mapping of @addr: trust it and send what
 * waits, in order. @nonce is what it repeated of ours, or 0. False if it was
 * refused. RCU, BH off.
 */
bool teredo_peer_trust(struct teredo_dev *td, const struct teredo_config *cfg,
		       const struct in6_addr *addr, enum teredo_peer_kind kind,
		       union teredo_endpoint src, enum teredo_trust how,
		       u64 nonce);

/* By hand. -ENOSPC when the list is full; -EBUSY for one that goes with the link, while
 * that goes down. Process context.
 */
int teredo_peer_set(struct teredo_dev *td, const struct in6_addr *addr,
		    enum teredo_peer_kind kind, union teredo_endpoint mapped,
		    bool permanent);
int teredo_peer_del(struct teredo_dev *td, const struct in6_addr *addr);

void teredo_peer_info(struct teredo_dev *td, const struct teredo_peer *peer,
		      struct teredo_peer_info *info);

/* For timers.c: nobody answered. The packets go to @dropped. Under the lock. */
void teredo_peer_fail(struct teredo_dev *td, struct teredo_peer *peer,
		      struct sk_buff_head *dropped);

/* Take @peer out of the table and let it go; packets that waited for it
 * go to @dropped. Under the lock.
 */
void teredo_peer_remove(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_peer_cause cause,
			struct sk_buff_head *dropped);

/* A new one, for @addr, if there is room; else ERR_PTR(-ENOSPC) or ERR_PTR(-ENOMEM). One
 * that had to go for it leaves the packets that waited for it in @evicted. Under the lock.
 */
struct teredo_peer *teredo_peer_create(struct teredo_dev *td,
				       const struct teredo_config *cfg,
				       const struct in6_addr *addr,
				       enum teredo_peer_kind kind,
				       enum teredo_origin origin, u32 cause,
				       struct sk_buff_head *evicted);

/* Tell whoever watches that @peer is new, or not what it was. Under the lock. */
void teredo_peer_changed(struct teredo_dev *td, const struct teredo_peer *peer,
			 enum teredo_peer_cause cause);

/* To any state but TRUSTED, which is shown last of all. Under the lock. */
void teredo_peer_set_state(struct teredo_dev *td, struct teredo_peer *peer,
			   enum teredo_peer_state state,
			   enum teredo_peer_cause cause);

/* Packets that waited for a peer which was removed: count them, and tell their
 * senders. Any context.
 */
void teredo_peer_forget_packets(struct teredo_dev *td,
				struct sk_buff_head *list);

#endif /* TEREDO_PEER_H */
