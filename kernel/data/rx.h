/* SPDX-License-Identifier: GPL-2.0 */
/* A received datagram, and what it is made of: for who reads more of it than recv.c does. */
#ifndef TEREDO_RX_H
#define TEREDO_RX_H

#include <linux/compiler.h>

#include "base/endpoint.h"
#include "codec/parse.h"

struct sk_buff;
struct teredo_config;
struct teredo_sock;
struct teredo_status;

/* On its way through recv.c and a role. */
struct teredo_rx {
	const struct teredo_config *cfg;
	const struct teredo_status *status;
	const struct teredo_sock *ts;	/* socket it came to */
	struct teredo_packet pkt;
	union teredo_endpoint src;	/* outer source */
	union teredo_endpoint dst;	/* outer destination */
	u32 data_len;			/* octets of UDP payload */
};

/* Pull what the parser wants to see and run it. The reason to drop the datagram,
 * or TEREDO_GO_ON.
 */
int teredo_rx_parse(struct sk_buff *skb, struct teredo_rx *rx);

/* The whole inner packet of a small datagram in one piece, for those who read
 * more of it than its header; NULL without memory. Old pointers into @skb are
 * void.
 */
const u8 *teredo_rx_payload(struct sk_buff *skb, const struct teredo_rx *rx);

/* Read what follows the inner packet. The reason to drop it, or TEREDO_GO_ON. */
int teredo_rx_read_trailers(struct sk_buff *skb, const struct teredo_rx *rx);

/* The same for a datagram that most likely has no trailers (F-40). */
static inline int teredo_rx_check_trailers(struct sk_buff *skb,
					   const struct teredo_rx *rx)
{
	if (likely(rx->data_len == rx->pkt.ipv6 + TEREDO_IPV6_LEN +
				   rx->pkt.payload_len))
		return 0;
	return teredo_rx_read_trailers(skb, rx);
}

#endif /* TEREDO_RX_H */
