/* SPDX-License-Identifier: GPL-2.0 */
/* Local client discovery (RFC 4380 5.2.8): clients on one IPv4 link find each other.
 *
 * A namespace has one socket for the discovery group, shared by all its clients (D-21). It
 * exists while one of them is up, and is bound to the address of the group, which leaves
 * UDP port 3544 of all other addresses to servers. A client takes part on the link that
 * leads to its server, where others behind the same NAT are, and only while it has an
 * address to announce. At most 64 clients of a namespace take part.
 *
 * All under RTNL, except for receiving bubbles and sending those that probe a peer, which
 * happens under RCU.
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

/* Discovery, per device */
struct teredo_discovery {
	struct teredo_dev *td;
	struct list_head list;		/* in clients of the namespace */
	struct list_head member;	/* in members, while it takes part; RCU */
	int ifindex;			/* of the IPv4 link, 0: takes no part */
	int wanted;			/* what ifindex should be */
	struct in6_addr address;	/* announced there */
	unsigned long due;		/* jiffies, of the next announcement */
	unsigned long sent;		/* jiffies, of the last one */
	bool asked;			/* a newcomer does not know us yet */
};

/* Initialise td->discovery. */
void teredo_discovery_setup(struct teredo_dev *td);

/* Start or stop discovery on @td; idempotent. Returns 0, or the error of opening the
 * group's socket: -EADDRINUSE and others. May sleep. RTNL.
 */
int teredo_discovery_set(struct teredo_dev *td, bool on);

/* Check soon which link to use: routes, addresses or the state may have changed. RTNL. */
void teredo_discovery_update(struct teredo_dev *td);

/* Announce ourselves soon, to a neighbour that seems not to know us. RCU, BH off. */
void teredo_discovery_ask(struct teredo_dev *td);

/* Probe the neighbour at probe->local (C-49). Returns true if a datagram was sent. RCU, BH
 * off.
 */
bool teredo_discovery_probe(struct teredo_dev *td,
			    const struct teredo_status *status,
			    const struct teredo_probe *probe);

/* Close the group's socket while a link of ours binds port 3544 of all addresses, and
 * reopen it afterwards. @sk is the socket that got the port, or NULL. RTNL.
 */
void teredo_discovery_yield(struct net *net);
void teredo_discovery_return(struct net *net, struct sock *sk);

/* Forget @sk, which is about to be closed, if it is the socket that has the port. RTNL. */
void teredo_discovery_forget(struct net *net, const struct sock *sk);

int teredo_discovery_init(void);
void teredo_discovery_exit(void);

#endif /* TEREDO_DISCOVERY_H */
