/* SPDX-License-Identifier: GPL-2.0 */
/* ICMPv4 errors about our datagrams: find the peer, and send a translated error to the
 * sender of the inner packet.
 */
#ifndef TEREDO_ICMP4_H
#define TEREDO_ICMP4_H

struct sk_buff;
struct teredo_sock;

/* Handle an ICMPv4 error, as error() of struct teredo_sock_ops. RCU, BH off. */
void teredo_icmp4_rcv(const struct teredo_sock *ts, struct sk_buff *skb);

#endif /* TEREDO_ICMP4_H */
