/* SPDX-License-Identifier: GPL-2.0 */
/* Discovery bubbles between clients on one IPv4 link (RFC 4380 5.2.8). Which clients take
 * part, and on which link, is up to discovery.c.
 */
#ifndef TEREDO_ANNOUNCE_H
#define TEREDO_ANNOUNCE_H

#include <linux/list.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "method/discovery.h"

struct sk_buff;

/* Upper bound of the random delay of the first announcement, and of one for a newcomer, so
 * that clients do not all speak at once.
 */
#define TEREDO_ANNOUNCE_SOON	HZ
/* Least time between two announcements */
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

/* Schedule the work to run within @delay. Any context. */
void teredo_discovery_wake(struct teredo_discovery_net *dn, unsigned long delay);

/* Send a discovery bubble to the link, and hand it to the clients of our own namespace, which
 * multicast from a tunnel's socket would not reach. Returns false if it was not sent. RCU, BH
 * off.
 */
bool teredo_announce(struct teredo_dev *td, const struct teredo_status *status);

/* Receive a datagram to the group for all members on the link it came by, as encap_rcv() of
 * udp_tunnel_sock_cfg. RCU, BH off.
 */
int teredo_announce_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* TEREDO_ANNOUNCE_H */
