/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_RECV_H
#define TEREDO_RECV_H

struct sk_buff;
struct sock;

/* Receive a datagram, as rcv() of struct teredo_sock_ops. RCU, BH off. */
int teredo_rcv(struct sock *sk, struct sk_buff *skb);

#endif /* TEREDO_RECV_H */
