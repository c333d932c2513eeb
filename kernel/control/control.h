/* SPDX-License-Identifier: GPL-2.0 */
/* The controller of a client, a process at the other end of netlink. */
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

#define TEREDO_ASKED	16	/* solicitations whose answers are awaited */
#define TEREDO_ANSWERS	4	/* to each: a network may repeat one */

struct teredo_asked {
	u8 nonce[TEREDO_NONCE_LEN];
	u8 answers;		/* still expected, 0: none */
	bool error;		/* the controller may be told of one */
	u16 len;		/* of the UDP payload */
	__wsum sum;		/* over it */
};

struct teredo_control {
	spinlock_t lock;	/* protects what follows */
	struct teredo_asked asked[TEREDO_ASKED];	/* the latest, in a ring */
	unsigned int next;	/* where the next one goes */
	u32 portid;		/* netlink port, 0: no controller */
	const struct net *net;	/* where that port is; only compared */
	time64_t left;		/* when the last one went, 0: none has */
};

void teredo_control_init(struct teredo_dev *td);

/* Make @portid in the namespace @net the controller. -EBUSY if there is
 * another one. RTNL.
 */
int teredo_control_bind(struct teredo_dev *td, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack);

/* The netlink port of the controller, 0 if there is none. */
u32 teredo_control_portid(struct teredo_dev *td);

/* True if a controller went and no other came: for how many seconds. */
bool teredo_control_left(struct teredo_dev *td, u32 *seconds);

/* The socket @portid in @net was closed. Any context. True if that was the
 * controller of @td.
 */
bool teredo_control_closed(struct teredo_dev *td, const struct net *net,
			   u32 portid);

/* Forget the controller, wherever it is. Any context. */
void teredo_control_forget(struct teredo_dev *td);

/* The controller is about to send @data: if that is a solicitation, its answer
 * is expected, and no flood of others hides it (SEC-04). Any context.
 */
void teredo_control_expect(struct teredo_dev *td, const u8 *data, size_t len);

/* An ICMP error quotes, from @off on in @skb, a datagram of @len octets to @to that
 * may be the controller's: tell it once of each solicitation, and return true. Who does
 * not know the nonce cannot have seen it; where the UDP header is all that is quoted
 * (RFC 792), its checksum has to be that of the solicitation. RCU, BH off.
 */
bool teredo_control_error(struct teredo_dev *td, struct sk_buff *skb,
			  unsigned int off, u32 len, union teredo_endpoint to);

/* Hand a datagram up. TEREDO_TAKEN, or why not. RCU, BH off. */
int teredo_control_recv(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx);

#endif /* TEREDO_CONTROL_H */
