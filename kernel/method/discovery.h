/* SPDX-License-Identifier: GPL-2.0 */
/* Clients on one IPv4 link find each other (RFC 4380 5.2.8).
 *
 * A namespace has one socket for the discovery group, however many clients it
 * has that want to listen (D-21). It exists while one of them is up, and is bound
 * to the group's address, so it leaves UDP port 3544 of all other addresses to
 * servers. Each client takes part on one link: the one on its way to its server,
 * for that is where others behind the same NAT are; and only while it has an
 * address to announce. No more than 64 of a namespace do.
 *
 * Under RTNL: all but the reception of bubbles and the sending of those that
 * probe a peer, which are under RCU.
 */
#ifndef TEREDO_DISCOVERY_H
#define TEREDO_DISCOVERY_H

#include <linux/in6.h>
#include <linux/list.h>

#include "base/endpoint.h"

struct net;
struct sock;
struct teredo_dev;
struct teredo_probe;
struct teredo_status;

/* The part of discovery in a device. */
struct teredo_discovery {
	struct teredo_dev *td;
	struct list_head list;		/* of the clients of a namespace */
	struct list_head member;	/* of those that take part; RCU */
	int ifindex;			/* of the link, 0: takes no part */
	int wanted;			/* the link it should be on */
	struct in6_addr address;	/* announced there */
	unsigned long due;		/* jiffies, of the next announcement */
	unsigned long sent;		/* jiffies, of the last one */
	bool asked;			/* by somebody who does not know us yet */
};

void teredo_discovery_setup(struct teredo_dev *td);

/* Begin or end, as often as one likes. To begin fails as bind(2) does. */
int teredo_discovery_set(struct teredo_dev *td, bool on);

/* Routes, addresses or the state of @td may have changed. RTNL. */
void teredo_discovery_update(struct teredo_dev *td);

/* A neighbour seems not to know us: announce ourselves soon. RCU, BH off. */
void teredo_discovery_ask(struct teredo_dev *td);

/* Ask the client at probe->local for a sign of life (C-49). RCU, BH off. */
bool teredo_discovery_probe(struct teredo_dev *td,
			    const struct teredo_status *status,
			    const struct teredo_probe *probe);

/* A link of ours is about to bind port 3544 of all addresses, at which the
 * group's socket is in the way. It comes back with the second call: @sk is the
 * socket that got the port, or NULL. RTNL.
 */
void teredo_discovery_yield(struct net *net);
void teredo_discovery_return(struct net *net, struct sock *sk);

/* @sk, if it was one of those, is about to go. RTNL. */
void teredo_discovery_forget(struct net *net, const struct sock *sk);

int teredo_discovery_init(void);
void teredo_discovery_exit(void);

#endif /* TEREDO_DISCOVERY_H */
