/* SPDX-License-Identifier: GPL-2.0 */
/* GRO below the tunnel: packets of one inner flow are merged before they are
 * decapsulated, so that the tunnel's work is done once for all of them.
 */
#ifndef TEREDO_OFFLOAD_H
#define TEREDO_OFFLOAD_H

struct list_head;
struct sk_buff;
struct sock;

/* Hooks of the UDP sockets. RCU, BH off. */
struct sk_buff *teredo_gro_receive(struct sock *sk, struct list_head *head,
				   struct sk_buff *skb);
int teredo_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff);

#endif /* TEREDO_OFFLOAD_H */
