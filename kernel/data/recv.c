// SPDX-License-Identifier: GPL-2.0
/* Receive path, from the UDP socket: parse, check what all roles require, ask the role;
 * then the inner packet is given to the stack, or the datagram is dropped. Both happen
 * here only.
 */
#include "data/recv.h"

#include <net/busy_poll.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp.h>

#include "base/trace.h"
#include "data/drop.h"
#include "data/rx.h"
#include "data/socket.h"
#include "link/device.h"
#include "link/role.h"

/* Check the outer header. The stack has dropped invalid sources (multicast, broadcast,
 * loopback); it accepts any destination that the host listens to (SEC-18).
 */
static int check_outer(const struct teredo_sock *ts, const struct sk_buff *skb)
{
	const struct iphdr *iph = ip_hdr(skb);
	const struct rtable *rt = skb_rtable(skb);

	if (unlikely(ipv4_is_multicast(iph->daddr) ||
		     (rt && rt->rt_flags & (RTCF_BROADCAST | RTCF_MULTICAST))))
		return TEREDO_A_STATS_RX_OUTER_DEST;
	if (unlikely(!udp_hdr(skb)->source))
		return TEREDO_A_STATS_RX_OUTER_SOURCE;
	/* sent by ourselves (S-28, SEC-50) */
	if (unlikely(udp_hdr(skb)->source == ts->port &&
		     iph->saddr == iph->daddr))
		return TEREDO_A_STATS_RX_LOOP;
	return TEREDO_GO_ON;
}

/* Extension headers to look at. More are never needed, and ipv6_skip_exthdr() would walk
 * through 8000 of them in one datagram.
 */
#define EXTENSIONS	8

/* Neighbour discovery is for hosts on one link, and a tunnel to strangers is none: they
 * could forge neighbours and routers (C-45, SEC-03). It is valid only with a hop limit of
 * 255, so no other packet pays for the search. Too many headers may hide it.
 */
static bool may_be_neighbour_discovery(const struct sk_buff *skb,
				       const struct teredo_packet *pkt)
{
	unsigned int off = pkt->ipv6 + TEREDO_IPV6_LEN, left = EXTENSIONS;
	u8 nexthdr = pkt->nexthdr, buf[4];
	const u8 *head;

	if (likely(pkt->hop_limit != 255))
		return false;
	while (ipv6_ext_hdr(nexthdr)) {
		if (nexthdr == NEXTHDR_NONE)
			return false;
		if (!left--)
			return true;
		head = skb_header_pointer(skb, off, sizeof(buf), buf);
		if (!head)
			return false;
		if (nexthdr == NEXTHDR_FRAGMENT) {
			/* The first fragment has the type. */
			if ((head[2] << 8 | head[3]) & ~7)
				return false;
			off += sizeof(struct frag_hdr);
		} else if (nexthdr == NEXTHDR_AUTH) {
			off += (head[1] + 2) * 4;
		} else {
			off += (head[1] + 1) * 8;
		}
		nexthdr = head[0];
	}
	if (nexthdr != TEREDO_NEXTHDR_ICMPV6)
		return false;
	head = skb_header_pointer(skb, off, 1, buf);
	return head && *head >= TEREDO_ICMP_RS && *head <= TEREDO_ICMP_REDIRECT;
}

/* Return true if the datagram came by NAPI, from a wire, so that merging may pay. What
 * comes from this host is as large as it will ever be.
 */
static bool by_napi(const struct sk_buff *skb)
{
#ifdef CONFIG_NET_RX_BUSY_POLL
	return skb->napi_id >= MIN_NAPI_ID;
#else
	return true;
#endif
}

static DEFINE_PER_CPU(bool, inside);

/* Give @skb to the stack: by a queue where merging may pay, else directly. If the route of
 * the inner packet leads back here by another kind of tunnel that does the same, a queue
 * limits the depth of the stack.
 */
static int give(struct teredo_dev *td, struct sk_buff *skb)
{
	int ret;

	/* With PREEMPT_RT other softirqs run in between and would see the mark of this
	 * one.
	 */
	if (by_napi(skb) || IS_ENABLED(CONFIG_PREEMPT_RT))
		return gro_cells_receive(&td->gro_cells, skb);
	if (unlikely(__this_cpu_read(inside)))
		return netif_rx(skb);
	__this_cpu_write(inside, true);
	ret = netif_receive_skb(skb);
	__this_cpu_write(inside, false);
	return ret;
}

/* Strip everything but the inner packet and give it to the stack as received on the device
 * (SEC-02).
 */
static int deliver(struct teredo_dev *td, struct sk_buff *skb,
		   const struct teredo_rx *rx, u8 outer_tos)
{
	u32 len = TEREDO_IPV6_LEN + rx->pkt.payload_len;
	struct iphdr outer = { .tos = outer_tos };
	bool xnet = !net_eq(td->underlay, dev_net(td->dev));

	if (unlikely(pskb_trim_rcsum(skb, rx->pkt.ipv6 + len)))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	if (unlikely(rx->pkt.ipv6))
		skb_pull_rcsum(skb, rx->pkt.ipv6);
	skb->dev = td->dev;
	skb->protocol = htons(ETH_P_IPV6);
	skb_clear_hash_if_not_l4(skb);
	__vlan_hwaccel_clear_tag(skb);
	skb_set_queue_mapping(skb, 0);
	skb_scrub_packet(skb, xnet);
	if (unlikely(iptunnel_pull_offloads(skb)))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);

	/* Without an outer mark, the inner one stays (RFC 6040). */
	if (unlikely(outer_tos & INET_ECN_MASK &&
		     IP_ECN_decapsulate(&outer, skb) > 1))
		return TEREDO_A_STATS_RX_ECN;

	trace_teredo_rcv(td->dev, rx->src, rx->dst, &rx->pkt.saddr,
			 &rx->pkt.daddr, len);
	dev_sw_netstats_rx_add(td->dev, len);
	/* One flow always takes the same way, which keeps its order. */
	give(td, skb);
	return TEREDO_TAKEN;
}

static int receive(const struct teredo_sock *ts, struct sk_buff *skb,
		   struct teredo_rx *rx)
{
	struct teredo_dev *td = ts->td;
	u8 outer_tos = ip_hdr(skb)->tos;
	int verdict;

	rx->ts = ts;
	rx->src = teredo_endpoint(ip_hdr(skb)->saddr, udp_hdr(skb)->source);
	rx->dst = teredo_endpoint(ip_hdr(skb)->daddr, ts->port);
	rx->cfg = rcu_dereference(td->config);
	rx->status = rcu_dereference(td->status);

	verdict = check_outer(ts, skb);
	/* From here on skb->data is the payload, and may be reallocated. */
	__skb_pull(skb, sizeof(struct udphdr));
	skb_postpull_rcsum(skb, udp_hdr(skb), sizeof(struct udphdr));
	rx->data_len = skb->len;
	if (likely(!verdict))
		verdict = teredo_rx_parse(skb, rx);
	if (unlikely(verdict)) {
		/* nothing is known of the inner packet */
		memset(&rx->pkt, 0, sizeof(rx->pkt));
		return verdict;
	}

	verdict = READ_ONCE(td->role)->rcv(td, skb, rx);
	if (unlikely(verdict))
		return verdict;
	if (unlikely(may_be_neighbour_discovery(skb, &rx->pkt)))
		return TEREDO_A_STATS_RX_INNER_SOURCE;
	return deliver(td, skb, rx, outer_tos);
}

int teredo_rcv(struct sock *sk, struct sk_buff *skb)
{
	const struct teredo_sock *ts = rcu_dereference_sk_user_data(sk);
	struct teredo_rx rx __uninitialized;	/* receive() sets all of it */
	int verdict;

	/* The link is going down, and the socket has no reader. */
	if (unlikely(!ts)) {
		kfree_skb(skb);
		return 0;
	}
	verdict = receive(ts, skb, &rx);
	if (unlikely(verdict > 0))
		teredo_drop_rx(skb, &rx, verdict);
	return 0;
}
