/* SPDX-License-Identifier: GPL-2.0 */
/* A received datagram: its context, and access to its payload. */
#ifndef TEREDO_RX_H
#define TEREDO_RX_H

#include <linux/compiler.h>

#include "base/endpoint.h"
#include "codec/parse.h"

struct sk_buff;
struct teredo_config;
struct teredo_sock;
struct teredo_status;

/* Context of a datagram, on the stack of its receiver */
struct teredo_rx {
	const struct teredo_config *cfg;
	const struct teredo_status *status;
	const struct teredo_sock *ts;	/* socket that received it */
	struct teredo_packet pkt;
	union teredo_endpoint src;	/* outer source */
	union teredo_endpoint dst;	/* outer destination */
	u32 data_len;			/* octets of UDP payload */
};

/* Pull the headers into the linear part and parse them into rx->pkt. skb->data is at the
 * UDP payload, of which rx->data_len is the length. Returns TEREDO_GO_ON, or the reason to
 * drop the datagram.
 */
int teredo_rx_parse(struct sk_buff *skb, struct teredo_rx *rx);

/* Pull the whole inner packet into the linear part and return its payload, or NULL without
 * memory. For small datagrams. Invalidates pointers into @skb.
 */
const u8 *teredo_rx_payload(struct sk_buff *skb, const struct teredo_rx *rx);

/* Check the trailers. Returns TEREDO_GO_ON, or the reason to drop the datagram. */
int teredo_rx_read_trailers(struct sk_buff *skb, const struct teredo_rx *rx);

/* The same, inline for a datagram without trailers (F-40). */
static inline int teredo_rx_check_trailers(struct sk_buff *skb,
					   const struct teredo_rx *rx)
{
	if (likely(rx->data_len == rx->pkt.ipv6 + TEREDO_IPV6_LEN +
				   rx->pkt.payload_len))
		return 0;
	return teredo_rx_read_trailers(skb, rx);
}

#endif /* TEREDO_RX_H */
