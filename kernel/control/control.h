/* SPDX-License-Identifier: GPL-2.0 */
/* The controller of a client: a process that qualifies it, over netlink. */
#ifndef TEREDO_CONTROL_H
#define TEREDO_CONTROL_H

#include <linux/spinlock.h>
#include <linux/time64.h>
#include <linux/types.h>

#include "base/endpoint.h"
#include "codec/wire.h"

struct net;
struct netlink_ext_ack;
struct sk_buff;
struct teredo_dev;
struct teredo_rx;

#define TEREDO_ASKED	16	/* solicitations that are remembered */
#define TEREDO_ANSWERS	4	/* to each: a network may duplicate one */

/* A solicitation that the controller has sent */
struct teredo_asked {
	u8 nonce[TEREDO_NONCE_LEN];
	u8 answers;		/* that may still come, 0: none */
	bool error;		/* an ICMP error may still be passed on */
	u16 len;		/* of the UDP payload, octets */
	__wsum sum;		/* of the UDP payload */
};

struct teredo_control {
	spinlock_t lock;	/* protects what follows */
	struct teredo_asked asked[TEREDO_ASKED];	/* the latest, in a ring */
	unsigned int next;	/* place of the next one */
	u32 portid;		/* netlink port, 0: no controller */
	const struct net *net;	/* namespace of that port; only compared */
	time64_t left;		/* when the last one left, s since boot; 0: none did */
};

void teredo_control_init(struct teredo_dev *td);

/* Make @portid in the namespace @net the controller. Returns -EBUSY if there is another
 * one. RTNL.
 */
int teredo_control_bind(struct teredo_dev *td, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack);

/* Return the netlink port of the controller, or 0 if there is none. Any context. */
u32 teredo_control_portid(struct teredo_dev *td);

/* Return true if there was a controller but there is none now, and set *@seconds to how
 * long ago the last one left. Any context.
 */
bool teredo_control_left(struct teredo_dev *td, u32 *seconds);

/* Note that the socket @portid in @net was closed. Returns true if it was the controller of
 * @td. Any context.
 */
bool teredo_control_closed(struct teredo_dev *td, const struct net *net,
			   u32 portid);

/* Forget the controller, in whichever namespace it is. Any context. */
void teredo_control_forget(struct teredo_dev *td);

/* Note a datagram of @len octets that the controller is about to send. If it is a
 * solicitation, its answers are passed on whatever else arrives (SEC-04). Any context.
 */
void teredo_control_expect(struct teredo_dev *td, const u8 *data, size_t len);

/* Pass an ICMP error about a solicitation to the controller, at most one for each. @skb
 * quotes, from offset @off on, a UDP payload of @len octets that was sent to @to. The quote
 * has to hold the nonce or, if it ends before that (RFC 792), the UDP checksum of the
 * solicitation. Returns true if the error was passed on. RCU, BH off.
 */
bool teredo_control_error(struct teredo_dev *td, struct sk_buff *skb,
			  unsigned int off, u32 len, union teredo_endpoint to);

/* Pass a datagram to the controller. Returns TEREDO_TAKEN, or the reason to drop it. RCU,
 * BH off.
 */
int teredo_control_recv(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx);

#endif /* TEREDO_CONTROL_H */
