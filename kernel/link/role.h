/* SPDX-License-Identifier: GPL-2.0 */
/* A role is a table of operations; the packet's way asks it, never the mode. The floors
 * below role/ know no more of roles than this.
 */
#ifndef TEREDO_ROLE_H
#define TEREDO_ROLE_H

#include <linux/bits.h>
#include <linux/types.h>
#include <uapi/linux/teredo.h>

struct sk_buff;
struct teredo_config;
struct teredo_dev;
struct teredo_probe;
struct teredo_rx;

/* How a peer may be reached. */
#define TEREDO_WAY_LOCAL	BIT(0)	/* bubble to where discovery found it */
#define TEREDO_WAY_DIRECT	BIT(1)	/* bubble to the mapping in its address */
#define TEREDO_WAY_INDIRECT	BIT(2)	/* bubble by the server in its address */
#define TEREDO_WAY_ECHO		BIT(3)	/* echo request by our server */

/**
 * struct teredo_role - rules of one role
 * @start_state: state of the service when the link is up and nobody said more
 * @default_port: service port if none is configured, 0: random
 * @second_socket: the role listens on its secondary address, too
 * @xmit: rules for an IPv6 packet to send. Returns TEREDO_TAKEN, or the reason
 *	to drop it. RCU, BH off. The headers of @skb are in its linear part.
 * @rcv: rules for a datagram. Returns TEREDO_GO_ON to have the inner packet
 *	delivered, TEREDO_TAKEN if @skb is gone, or the reason to drop it. RCU,
 *	BH off. @skb->data is at the UDP payload; the IPv6 header is in the
 *	linear part.
 * @probe: one attempt to reach a peer that waits, by probe->ways. True if something
 *	was sent. RCU, BH off.
 * @ways: by which it can reach peers, TEREDO_WAY_...
 */
struct teredo_role {
	enum teredo_state start_state;
	u16 default_port;
	bool second_socket;
	u8 ways;
	int (*xmit)(struct teredo_dev *td, struct sk_buff *skb,
		    const struct teredo_config *cfg);
	int (*rcv)(struct teredo_dev *td, struct sk_buff *skb,
		   const struct teredo_rx *rx);
	bool (*probe)(struct teredo_dev *td, const struct teredo_probe *probe);
};

#endif /* TEREDO_ROLE_H */
