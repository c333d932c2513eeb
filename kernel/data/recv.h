/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_RECV_H
#define TEREDO_RECV_H

#include "codec/parse.h"
#include "data/socket.h"

struct sk_buff;
struct sock;
struct teredo_status;

/* A received datagram on its way through recv.c and a role. */
struct teredo_rx {
	const struct teredo_config *cfg;
	const struct teredo_status *status;
	const struct teredo_sock *ts;	/* socket it came to */
	struct teredo_packet pkt;
	union teredo_endpoint src;	/* outer source */
	union teredo_endpoint dst;	/* outer destination */
	u32 data_len;			/* octets of UDP payload */
};

/* Hooks of the UDP sockets; the first takes every datagram. RCU, BH off. */
int teredo_encap_rcv(struct sock *sk, struct sk_buff *skb);
int teredo_encap_err_lookup(struct sock *sk, struct sk_buff *skb);
void teredo_encap_err_rcv(struct sock *sk, struct sk_buff *skb);

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

#endif /* TEREDO_RECV_H */
