/* SPDX-License-Identifier: GPL-2.0 */
/* What clients on one link say to each other: discovery bubbles (RFC 4380 5.2.8). Who takes
 * part, and where, is discovery.c's business.
 */
#ifndef TEREDO_ANNOUNCE_H
#define TEREDO_ANNOUNCE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "method/discovery.h"

struct sk_buff;

/* The first announcement, and the one that a newcomer gets: soon, but not with
 * all others on the link.
 */
#define TEREDO_ANNOUNCE_SOON	HZ
/* Between two announcements, whoever asks for them. */
#define TEREDO_ANNOUNCE_SPACING	(HZ / 4)
/* Discovery in a namespace. */
struct teredo_discovery_net {
	struct net *net;
	struct list_head clients;	/* teredo_discovery.list; RTNL */
	struct list_head members;	/* teredo_discovery.member; RCU */
	unsigned int members_count;	/* RTNL */
	struct socket *sock;		/* of the group, or NULL */
	struct sock *holder;		/* ours that has the port elsewhere */
	struct delayed_work work;	/* announces, follows changes */
	spinlock_t lock;		/* protects the two below */
	bool awaited;			/* the work has yet to run */
	unsigned long due;		/* jiffies, when */
};

struct teredo_discovery_net *teredo_discovery_net(const struct net *net);

/* Have the work run after @delay, or earlier. Any context. */
void teredo_discovery_wake(struct teredo_discovery_net *dn, unsigned long delay);

/* A discovery bubble to the link, and to those of our own namespace, whom
 * multicast from a tunnel's socket would not reach. False if it could not be sent. RCU, BH
 * off.
 */
bool teredo_announce(struct teredo_dev *td, const struct teredo_status *status);

/* What came to the group, for all members of the namespace that are where it came from; as
 * encap_rcv() of udp_tunnel_sock_cfg. RCU, BH off.
 */
int teredo_announce_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* TEREDO_ANNOUNCE_H */
