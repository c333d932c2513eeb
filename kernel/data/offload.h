/* SPDX-License-Identifier: GPL-2.0 */
/* GRO below the tunnel: packets of one inner flow are merged before they are decapsulated,
 * so that the tunnel handles them all at once.
 */
#ifndef TEREDO_OFFLOAD_H
#define TEREDO_OFFLOAD_H

struct list_head;
struct sk_buff;
struct sock;

/* gro_receive() and gro_complete() of struct udp_tunnel_sock_cfg. RCU, BH off. */
struct sk_buff *teredo_gro_receive(struct sock *sk, struct list_head *head,
				   struct sk_buff *skb);
int teredo_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

#endif /* TEREDO_OFFLOAD_H */
