// SPDX-License-Identifier: GPL-2.0
#include "data/send.h"

#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>
#include <net/route.h>
#include <net/udp_tunnel.h>

#include "base/trace.h"
#include "data/drop.h"
#include "data/route.h"
#include "data/socket.h"
#include "link/device.h"

/* Return the reason for an errno of ours, or of the stack, which has many about routes. */
static enum teredo_stats reason_for(int err)
{
	switch (err) {
	case -ELOOP:
		return TEREDO_A_STATS_TX_LOOP;
	case -ENOTUNIQ:
		return TEREDO_A_STATS_TX_NOT_GLOBAL;
	case -EMSGSIZE:
		return TEREDO_A_STATS_TX_TOO_BIG;
	case -EBADMSG:
		return TEREDO_A_STATS_TX_MALFORMED;
	case -ENOMEM:
		return TEREDO_A_STATS_TX_NO_MEMORY;
	case -EPERM:
		return TEREDO_A_STATS_TX_REFUSED;
	case -ENOBUFS:
		return TEREDO_A_STATS_TX_CONGESTED;
	default:
		return TEREDO_A_STATS_TX_NO_ROUTE;
	}
}

/* Ask the stack for more headroom in later packets. Too much would move small packets to
 * the next larger slab.
 */
static void ask_for_headroom(struct net_device *dev, unsigned int headroom)
{
	headroom = min(headroom, 512U);
	if (headroom > READ_ONCE(dev->needed_headroom))
		WRITE_ONCE(dev->needed_headroom, headroom);
}

/* An skb describes one pending checksum. For a single packet it has to be the outer one:
 * NATs, on this host or behind a veth, update a pending checksum correctly only if it is
 * described. So the inner one is completed here, in headers that skb_cow_head() made
 * private. GSO packets describe both.
 */
static __always_inline int complete_inner_checksum(struct sk_buff *skb)
{
	int start, field;
	__wsum sum;

	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return 0;
	start = skb_checksum_start_offset(skb);
	field = start + skb->csum_offset + sizeof(__sum16);
	if (unlikely(start < 0 || field > (int)skb->len))
		return -EBADMSG;
	if (skb_is_nonlinear(skb))
		return pskb_may_pull(skb, field) ? skb_checksum_help(skb) :
						   -ENOMEM;
	sum = csum_partial(skb->data + start, skb->len - start, 0);
	*(__sum16 *)(skb->data + field - sizeof(__sum16)) =
		csum_fold(sum) ?: CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/* Prepare the checksums and the offloads of @skb for encapsulation. */
static __always_inline int prepare_offloads(struct sk_buff *skb)
{
	if (unlikely(skb_is_gso(skb))) {
		/* hw_enc_features is 0, so the stack has resolved the offloads of packets
		 * that are already encapsulated.
		 */
		skb->encapsulation = 0;
		skb_set_inner_protocol(skb, htons(ETH_P_IPV6));
		return udp_tunnel_handle_offloads(skb, true);
	}
	skb->encapsulation = 0;
	return complete_inner_checksum(skb);
}

/* Push the UDP header. Its checksum is left pending; that of a GSO packet in each segment.
 */
static __always_inline void
push_udp(struct sk_buff *skb, __be32 saddr, __be32 daddr, __be16 sport,
	 __be16 dport)
{
	struct udphdr *uh = __skb_push(skb, sizeof(*uh));

	skb_reset_transport_header(skb);
	uh->source = sport;
	uh->dest = dport;
	uh->len = htons(skb->len);
	uh->check = ~udp_v4_check(skb->len, saddr, daddr, 0);
	if (skb_is_gso(skb))
		return;
	skb->ip_summed = CHECKSUM_PARTIAL;
	skb->csum_start = skb_transport_header(skb) - skb->head;
	skb->csum_offset = offsetof(struct udphdr, check);
}

/* Push the IPv4 header. ip_local_out() fills in length and checksum. */
static __always_inline void
push_ipv4(struct sk_buff *skb, const struct teredo_route *route, u8 tos, u8 ttl,
	  __be16 df)
{
	struct iphdr *iph = __skb_push(skb, sizeof(*iph));

	skb_reset_network_header(skb);
	iph->version = 4;
	iph->ihl = sizeof(*iph) / 4;
	iph->tos = tos;
	iph->frag_off = df;
	iph->ttl = ttl;
	iph->protocol = IPPROTO_UDP;
	iph->saddr = route->saddr;
	iph->daddr = route->to.addr;
	iph->id = htons(route->id);
}

/* Return true if @skb, or each of its segments, is no longer than @mtu. */
static bool fits(const struct sk_buff *skb, u32 mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) :
				 skb->len <= mtu;
}

/* Return the longest packet that fits the path to @dst, for the option df, and set DF
 * where it applies. IPv6 requires 1280 octets of any path; if that takes fragments, they
 * are allowed.
 */
static u32 path_mtu(const struct dst_entry *dst, __be16 *df)
{
	u32 mtu = dst_mtu(dst);

	/* The MTU of a route may be smaller than the headers. */
	if (mtu < TEREDO_MTU_MIN + TEREDO_ENCAP_LEN)
		return TEREDO_MTU_MIN;
	if (!ip_mtu_locked(dst))
		*df = htons(IP_DF);
	return mtu - TEREDO_ENCAP_LEN;
}

/* Encapsulate @skb and send it along @route. Nothing else does. Returns 0 if it was sent;
 * -errno if it was not, and the caller still owns it; +errno if the stack dropped it, which
 * is counted. @kept: the cache holds the reference to the route, else @skb takes it over.
 * @mtu is set to the MTU of the path if the option df is set; NULL for control datagrams,
 * which are small and have no sender to be told. udp_tunnel_xmit_skb() would do the same for
 * any tunnel, at twice the price. Inline for teredo_send_packet().
 */
static __always_inline int
send_along(struct teredo_dev *td, const struct teredo_sock *ts,
	   const struct teredo_config *cfg, struct sk_buff *skb,
	   const struct teredo_route *route, bool kept, u8 tos, u8 ttl, u32 *mtu)
{
	struct dst_entry *dst = route->dst;
	struct teredo_trace_inner inner __uninitialized;
	unsigned int headroom;
	__be16 df = 0;			/* F-36 */
	int err;

	if (unlikely(cfg->df == TEREDO_DF_SET) && mtu) {
		*mtu = path_mtu(dst, &df);
		if (!fits(skb, *mtu)) {
			err = -EMSGSIZE;
			goto fail;
		}
	}
	headroom = LL_RESERVED_SPACE(dst->dev) + dst->header_len +
		   TEREDO_ENCAP_LEN;
	if (unlikely(skb_headroom(skb) < headroom))
		ask_for_headroom(td->dev, headroom);
	err = skb_cow_head(skb, headroom);
	if (unlikely(err))
		goto fail;
	err = prepare_offloads(skb);
	if (unlikely(err))
		goto fail;

	/* Leaving the namespace of the link also clears the mark; ours is set afterwards. */
	skb_scrub_packet(skb, !net_eq(td->underlay, dev_net(td->dev)));
	skb->mark = cfg->mark;
	skb_clear_hash_if_not_l4(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	/* The reference of the cache lasts until RCU unlock. */
	if (likely(kept))
		skb_dst_set_noref(skb, dst);
	else
		skb_dst_set(skb, dst);

	if (trace_teredo_xmit_enabled())
		teredo_trace_xmit(td->dev, skb,
				  teredo_endpoint(route->saddr, ts->port),
				  route->to);
	inner.known = false;
	if (trace_teredo_drop_enabled())
		teredo_trace_inner(&inner, skb);
	push_udp(skb, route->saddr, route->to.addr, ts->port, route->to.port);
	push_ipv4(skb, route, tos, ttl, df);
	err = ip_local_out(td->underlay, ts->sock->sk, skb);
	if (likely(!err))
		return 0;
	/* Netfilter, IPsec or a qdisc has freed it: there is no packet left to send an
	 * error about.
	 */
	err = err > 0 ? net_xmit_errno(err) : err;
	if (err)
		teredo_dropped_tx(td, &inner, reason_for(err), route->to, mtu);
	return -err;

fail:
	if (!kept)
		dst_release(dst);
	return err;
}

/* The option ttl, or else as ip4_dst_hoplimit(), for a known namespace. */
static u8 ttl_of(const struct teredo_dev *td, const struct teredo_config *cfg,
		 const struct teredo_route *route)
{
	return cfg->ttl ?: dst_metric_raw(route->dst, RTAX_HOPLIMIT) ?:
	       READ_ONCE(td->underlay->ipv4.sysctl_ip_default_ttl);
}

int teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
		       union teredo_endpoint to, u32 *mtu)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_route route __uninitialized;
	unsigned int len = skb->len;
	const struct teredo_sock *ts;
	int kept, err;
	u8 tos;

	ts = rcu_dereference(td->sockets->sock[to.via]);
	if (unlikely(!ts))
		return reason_for(-ENETDOWN);
	/* Traffic class and congestion marks go along (RFC 6040 4.1). */
	tos = ipv6_get_dsfield(ipv6_hdr(skb));
	kept = teredo_route_get(td, ts, cfg, to, tos,
				skb_shinfo(skb)->gso_segs ?: 1, &route);
	if (unlikely(kept < 0))
		return reason_for(kept);
	err = send_along(td, ts, cfg, skb, &route, kept, tos,
			 ttl_of(td, cfg, &route), mtu);
	if (likely(!err))
		dev_sw_netstats_tx_add(td->dev, 1, len);
	else if (err < 0)
		return reason_for(err);
	return 0;
}

/* Send a control datagram along @route. @kept is the result of its lookup, which has set
 * route->to even if it failed; @ttl of 0 is that of data. Nobody has to be told of a failure.
 */
static noinline int send_control_along(struct teredo_dev *td, const struct teredo_sock *ts,
				       const struct teredo_config *cfg, struct sk_buff *skb,
				       const struct teredo_route *route, int kept, u8 ttl)
{
	int err = kept;

	if (likely(kept >= 0))
		err = send_along(td, ts, cfg, skb, route, kept, 0,
				 ttl ?: ttl_of(td, cfg, route), NULL);
	if (unlikely(err < 0))
		teredo_drop_control(td, skb, reason_for(err), route->to);
	return err < 0 ? err : -err;
}

static int send_control(struct teredo_dev *td, const struct teredo_sock *ts,
			struct sk_buff *skb, union teredo_endpoint to)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_route route;
	int kept;

	kept = teredo_route_get(td, ts, cfg, to, 0, 1, &route);
	return send_control_along(td, ts, cfg, skb, &route, kept, 0);
}

static void put_packet(struct sk_buff *skb, const void *buf, size_t len)
{
	skb_put_data(skb, buf, len);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
}

static struct sk_buff *new_skb(struct teredo_dev *td, const void *buf,
			       size_t len)
{
	struct sk_buff *skb;

	skb = alloc_skb(MAX_HEADER + TEREDO_ENCAP_LEN + len, GFP_ATOMIC);
	if (unlikely(!skb)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_FAILED);
		return NULL;
	}
	skb_reserve(skb, MAX_HEADER + TEREDO_ENCAP_LEN);
	put_packet(skb, buf, len);
	return skb;
}

/* A datagram was sent to @to from the service port. If @to is our server's primary
 * address, that keeps our NAT open for what the server forwards.
 */
static void note_sent(struct teredo_dev *td, union teredo_endpoint to)
{
	const struct teredo_status *status = rcu_dereference(td->status);

	if (to.port != htons(TEREDO_PORT) || to.addr != status->server)
		return;
	WRITE_ONCE(td->server_sent, jiffies);
	WRITE_ONCE(td->server_asked, true);
}

int teredo_send_buf(struct teredo_dev *td, union teredo_endpoint to,
		    const void *buf, size_t len)
{
	const struct teredo_sock *ts = rcu_dereference(td->sockets->sock[to.via]);
	struct sk_buff *skb;
	int err;

	if (unlikely(!ts))
		return -ENETDOWN;
	skb = new_skb(td, buf, len);
	if (!skb)
		return -ENOMEM;
	err = send_control(td, ts, skb, to);
	if (!err && to.via == TEREDO_SOCK_PRIMARY)
		note_sent(td, to);
	return err;
}

/* Turn the received @skb into one to send, with @buf as payload. Returns false, and leaves
 * it unchanged, if its memory is too small or shared: the caller then allocates another
 * one.
 */
static bool renew(struct sk_buff *skb, const void *buf, size_t len)
{
	unsigned int room = skb_end_offset(skb);

	if (room < ETH_HLEN + TEREDO_ENCAP_LEN + len ||
	    skb_shared(skb) || skb_cloned(skb) || skb_is_nonlinear(skb) ||
	    skb_is_gso(skb) || skb_zcopy(skb))
		return false;

	/* State that send_along() does not reset */
	skb_orphan(skb);
	memset(skb_shinfo(skb), 0, offsetof(struct skb_shared_info, dataref));
	__vlan_hwaccel_clear_tag(skb);
	skb_clear_hash(skb);
	skb_reset_redirect(skb);
	skb_set_queue_mapping(skb, 0);
	skb_set_dst_pending_confirm(skb, 0);
	skb_clear_tstamp(skb);
	skb->dev = NULL;
	skb->priority = 0;
	skb->ip_summed = CHECKSUM_NONE;
	skb->csum_valid = 0;
	skb->csum_complete_sw = 0;

	/* The payload is put at the end of the buffer; the rest is headroom. */
	skb->data = skb->head + round_down(room - len, sizeof(u32));
	skb->len = 0;
	skb_reset_tail_pointer(skb);
	put_packet(skb, buf, len);
	return true;
}

void teredo_answer(struct teredo_dev *td, struct sk_buff *skb,
		   union teredo_endpoint to, const void *buf, size_t len,
		   enum teredo_stats counter)
{
	const struct teredo_sock *ts = rcu_dereference(td->sockets->sock[to.via]);
	struct sk_buff *answer = NULL;

	if (unlikely(!ts)) {
		consume_skb(skb);
		return;
	}
	if (likely(renew(skb, buf, len)))
		swap(skb, answer);
	else
		answer = new_skb(td, buf, len);
	if (likely(answer && !send_control(td, ts, answer, to)))
		teredo_count(td->stats, counter);
	consume_skb(skb);
}

int teredo_send_group(struct teredo_dev *td, int ifindex, const void *buf,
		      size_t len, union teredo_endpoint *from)
{
	const union teredo_endpoint to = teredo_discovery_group();
	const struct teredo_config *cfg = rcu_dereference(td->config);
	const struct teredo_sock *ts;
	struct teredo_route route;
	struct sk_buff *skb;
	int err;

	ts = rcu_dereference(td->sockets->sock[TEREDO_SOCK_PRIMARY]);
	if (unlikely(!ts))
		return -ENETDOWN;
	skb = new_skb(td, buf, len);
	if (!skb)
		return -ENOMEM;
	err = teredo_route_to_group(td, ts, cfg, to, ifindex, &route);
	if (!err)
		*from = teredo_endpoint(route.saddr, ts->port);
	/* not beyond the link (C-84) */
	return send_control_along(td, ts, cfg, skb, &route, err, 1);
}
