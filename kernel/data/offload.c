// SPDX-License-Identifier: GPL-2.0
#include "data/offload.h"

#include <linux/netdevice.h>
#include <net/gro.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "codec/wire.h"

/* Return the packet in @head with the same outer and inner addresses as the one with the
 * header @ip6, or NULL. @off is the offset of inner headers. The new packet cannot be
 * merged, so the other one has to be flushed first, to keep the order.
 */
static struct sk_buff *ahead_of(struct list_head *head, const struct ipv6hdr *ip6,
				unsigned int off)
{
	const struct ipv6hdr *other;
	struct sk_buff *p;

	list_for_each_entry(p, head, list) {
		other = (const struct ipv6hdr *)(p->data + off);
		if (NAPI_GRO_CB(p)->same_flow &&
		    ipv6_addr_equal(&ip6->saddr, &other->saddr) &&
		    ipv6_addr_equal(&ip6->daddr, &other->daddr))
			return p;
	}
	return NULL;
}

/* After merging, the kernel looks for the socket again. Since 6.9, if a tunnel of this
 * host has sent the packet over a veth, so that it is still marked as encapsulated, the
 * kernel takes the inner header for the outer one. It would not find a socket bound to an
 * address, and would drop the merged packet.
 */
static bool is_lost_when_merged(const struct sock *sk, const struct sk_buff *skb)
{
	return skb->encapsulation && inet_sk(sk)->inet_rcv_saddr;
}

/* UDP and IPv4 have separated the datagrams of different peers by address and port; IPv6
 * and the layers above do the same for inner flows. A datagram that is not just an IPv6
 * packet (an origin indication, trailers, a bubble) flushes the flow and is not merged.
 */
struct sk_buff *teredo_gro_receive(struct sock *sk, struct list_head *head,
				   struct sk_buff *skb)
{
	unsigned int off = skb_gro_offset(skb);
	unsigned int end = off + sizeof(struct ipv6hdr);
	int outer = skb_network_offset(skb);
	const struct packet_offload *ops;
	const struct ipv6hdr *ip6;
	struct sk_buff *pp = NULL;
	bool flush = true;

	ip6 = skb_gro_header(skb, end, off);
	if (unlikely(!ip6) || ip6->version != 6 ||
	    ip6->nexthdr == TEREDO_NEXTHDR_NONE)
		goto out;
	if (ntohs(ip6->payload_len) + sizeof(*ip6) != skb_gro_len(skb) ||
	    unlikely(is_lost_when_merged(sk, skb))) {
		pp = ahead_of(head, ip6, off);
		goto out;
	}

	ops = gro_find_receive_by_type(htons(ETH_P_IPV6));
	if (!ops)
		goto out;
	pp = call_gro_receive(ops->callbacks.gro_receive, head, skb);
	/* Before 6.9, the kernel looks here for the address of the socket. */
	if (!IS_ERR(pp))
		skb_set_network_header(skb, outer);
	flush = false;
out:
	skb_gro_flush_final(skb, pp, flush);
	return pp;
}

int teredo_gro_complete(struct sock *sk, struct sk_buff *skb, int nhoff)
{
	const struct packet_offload *ops;

	ops = gro_find_complete_by_type(htons(ETH_P_IPV6));
	if (!ops)
		return -ENOENT;
	/* the end of the outer headers, for segmenting the packet again */
	skb_set_inner_mac_header(skb, nhoff);
	/* The socket has been found; before 6.9, TCP looks here for its addresses. */
	skb_set_network_header(skb, nhoff);
	return ops->callbacks.gro_complete(skb, nhoff);
}
