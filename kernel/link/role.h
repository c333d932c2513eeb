/* SPDX-License-Identifier: GPL-2.0 */
/* A role is a table of operations; the packet's way asks it, never the mode. */
#ifndef TEREDO_ROLE_H
#define TEREDO_ROLE_H

#include "link/device.h"
#include "data/recv.h"

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
 * @probe: one attempt to reach a peer that waits: bubbles or an echo request.
 *	True if something was sent. RCU, BH off.
 */
struct teredo_role {
	enum teredo_state start_state;
	u16 default_port;
	bool second_socket;
	int (*xmit)(struct teredo_dev *td, struct sk_buff *skb,
		    const struct teredo_config *cfg);
	int (*rcv)(struct teredo_dev *td, struct sk_buff *skb,
		   const struct teredo_rx *rx);
	bool (*probe)(struct teredo_dev *td, const struct teredo_probe *probe);
};

extern const struct teredo_role teredo_client_role;	/* client.c */
extern const struct teredo_role teredo_relay_role;	/* relay.c */
extern const struct teredo_role teredo_host_relay_role;
extern const struct teredo_role teredo_server_role;	/* server.c */
extern const struct teredo_role teredo_server_relay_role;

/* relay.c, for a server that is also a relay */
int teredo_relay_xmit(struct teredo_dev *td, struct sk_buff *skb,
		      const struct teredo_config *cfg);
int teredo_relay_rcv(struct teredo_dev *td, struct sk_buff *skb,
		     const struct teredo_rx *rx);
bool teredo_relay_probe(struct teredo_dev *td,
			const struct teredo_probe *probe);
/* Source of the bubble that a relay sends for @probe. */
void teredo_relay_source(const struct teredo_probe *probe,
			 struct in6_addr *out);

/* The role that a configuration asks for, NULL if there is none (main.c). */
const struct teredo_role *teredo_role_find(const struct teredo_config *cfg);

#endif /* TEREDO_ROLE_H */
