/* SPDX-License-Identifier: GPL-2.0 */
/* Operations of a role: client, relay, server. The packet paths call them and never test
 * the mode; folders below role/ know no more of roles than this.
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

/* Ways to reach a peer */
#define TEREDO_WAY_LOCAL	BIT(0)	/* bubble to its local endpoint (discovery) */
#define TEREDO_WAY_DIRECT	BIT(1)	/* bubble to the mapping in its address */
#define TEREDO_WAY_INDIRECT	BIT(2)	/* bubble through the server in its address */
#define TEREDO_WAY_ECHO		BIT(3)	/* echo request through our server */

/**
 * struct teredo_role - operations of a role
 * @start_state: state of the service when the link comes up
 * @default_port: service port if none is configured; 0: random
 * @second_socket: the role also listens on its secondary address
 * @xmit: handle an IPv6 packet to send, whose headers are in the linear part. Returns
 *	TEREDO_TAKEN, or the reason to drop it. RCU, BH off.
 * @rcv: handle a datagram. @skb->data is at the UDP payload, and the IPv6 header is in
 *	the linear part. Returns TEREDO_GO_ON to deliver the inner packet, TEREDO_TAKEN if
 *	@skb was consumed, or the reason to drop it. RCU, BH off.
 * @probe: make one attempt to reach a peer, by probe->ways. Returns true if a datagram
 *	was sent. RCU, BH off.
 * @ways: the ways by which the role can reach peers, TEREDO_WAY_...
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
