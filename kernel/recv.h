/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_RECV_H
#define TEREDO_RECV_H

#include <linux/types.h>

struct sk_buff;
struct sock;
struct teredo_rx;

/* Hooks of the UDP sockets; the first takes every datagram. RCU, BH off. */
int teredo_encap_rcv(struct sock *sk, struct sk_buff *skb);
int teredo_encap_err_lookup(struct sock *sk, struct sk_buff *skb);

/* The whole inner packet of a small datagram in one piece, for those who read
 * more of it than its header; NULL without memory. Old pointers into @skb are
 * void.
 */
const u8 *teredo_rx_payload(struct sk_buff *skb, const struct teredo_rx *rx);

/* Read what follows the inner packet; true if it asks to have the packet
 * discarded (F-40).
 */
bool teredo_rx_read_trailers(struct sk_buff *skb, const struct teredo_rx *rx);

#endif /* TEREDO_RECV_H */
