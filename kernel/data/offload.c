// SPDX-License-Identifier: GPL-2.0
#include "data/offload.h"

#include <linux/netdevice.h>
#include <net/gro.h>
#include <net/inet_sock.h>
#include <net/ipv6.h>

#include "codec/wire.h"

/* Of those that wait, the first that is from and to where @skb is, outside and
 * inside (that is at @off): as @skb cannot wait, that one has to go first.
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

/* When it has been merged, the kernel looks for the socket again. Since 6.9 it takes
 * the inner header for the outer one there if a tunnel of this host has sent the
 * packet, over a veth, as that is still marked as encapsulated. A socket that has an
 * address of its own is not found then, and what was merged would be dropped.
 */
static bool is_lost_when_merged(const struct sock *sk, const struct sk_buff *skb)
{
	return skb->encapsulation && inet_sk(sk)->inet_rcv_saddr;
}

/* UDP and IPv4 have told the datagrams of different peers apart by address
 * and port; IPv6 and what is above do the same for the inner flows. Whatever
 * is not an IPv6 packet and nothing else (an origin indication, trailers, a
 * bubble) is flushed and comes in by itself.
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
	/* Before 6.9, this is where the kernel looks for the socket's address. */
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
	/* where the outer headers end, should it be segmented again */
	skb_set_inner_mac_header(skb, nhoff);
	/* The socket is found; before 6.9, TCP looks for its addresses there. */
	skb_set_network_header(skb, nhoff);
	return ops->callbacks.gro_complete(skb, nhoff);
}
