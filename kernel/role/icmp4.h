/* SPDX-License-Identifier: GPL-2.0 */
/* ICMPv4 errors about our datagrams: which peer they are about, and what the
 * sender of the packet inside hears of it.
 */
#ifndef TEREDO_ICMP4_H
#define TEREDO_ICMP4_H

struct sk_buff;
struct teredo_sock;

/* An ICMPv4 error about a datagram that claims to come from @ts. @skb->data is
 * what it quotes, the transport header its own. @skb stays the caller's. RCU, BH
 * off.
 */
void teredo_icmp4_rcv(const struct teredo_sock *ts, struct sk_buff *skb);

#endif /* TEREDO_ICMP4_H */
