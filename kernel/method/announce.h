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

/* Limit of the random delay of the first announcement, and of one for a newcomer, so that
 * clients do not all send at once
 */
#define TEREDO_ANNOUNCE_SOON	HZ
/* Shortest time between two announcements */
#define TEREDO_ANNOUNCE_SPACING	(HZ / 4)

/* Discovery in a namespace */
struct teredo_discovery_net {
	struct net *net;
	struct list_head clients;	/* all, teredo_discovery.list; RTNL */
	struct list_head members;	/* taking part, teredo_discovery.member; RCU */
	unsigned int members_count;	/* RTNL */
	struct socket *sock;		/* of the group, or NULL */
	struct sock *holder;		/* our socket with port 3544 of any address */
	struct delayed_work work;	/* announces, follows changes of links */
	spinlock_t lock;		/* protects the two below */
	bool awaited;			/* the work is scheduled */
	unsigned long due;		/* when, jiffies */
};

/* Return the discovery state of a namespace. */
struct teredo_discovery_net *teredo_discovery_net(const struct net *net);

/* Schedule the work to run within @delay jiffies. Process context or softirq. */
void teredo_discovery_wake(struct teredo_discovery_net *dn, unsigned long delay);

/* Send a discovery bubble to the link, and pass it to the other clients of our namespace,
 * which a multicast from a tunnel's socket does not reach. Does nothing if the last one was
 * sent just before. Returns false if it could not be sent. RCU, BH off.
 */
bool teredo_announce(struct teredo_dev *td, const struct teredo_status *status);

/* Receive a datagram to the group on behalf of all members on the link that it came by.
 * This is encap_rcv() of struct udp_tunnel_sock_cfg. RCU, BH off.
 */
int teredo_announce_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* TEREDO_ANNOUNCE_H */
