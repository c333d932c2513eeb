// SPDX-License-Identifier: GPL-2.0
#include "data/socket.h"

#include <linux/random.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "base/compat.h"
#include "data/demux.h"
#include "link/device.h"
#include "data/drop.h"
#include "data/reject.h"
#include "base/ledger.h"
#include "data/offload.h"
#include "data/recv.h"
#include "link/role.h"
#include "base/trace.h"

#if BITS_PER_LONG != 64
DEFINE_SEQLOCK(teredo_endpoint_lock);
#endif

/* -- who else is here -- */

#define PORTS	16

/* Teredo sockets of a namespace, by port. RCU; written under RTNL. */
struct sockets_net {
	struct hlist_head socks[PORTS];
};

static unsigned int sockets_net_id;

static struct hlist_head *socks_by_port(const struct net *net, __be16 port)
{
	struct sockets_net *sn = net_generic(net, sockets_net_id);

	return &sn->socks[ntohs(port) % PORTS];
}

/* The Teredo socket of this namespace that @to leads to, or NULL. RCU. */
static const struct teredo_sock *socks_find(const struct net *net,
					    union teredo_endpoint to)
{
	const struct teredo_sock *ts;

	hlist_for_each_entry_rcu(ts, socks_by_port(net, to.port), node)
		if (ts->port == to.port && (!ts->addr || ts->addr == to.addr))
			return ts;
	return NULL;
}

static struct pernet_operations sockets_net_ops = {
	.id = &sockets_net_id,
	.size = sizeof(struct sockets_net),
};

int teredo_sockets_register(void)
{
	return register_pernet_subsys(&sockets_net_ops);
}

void teredo_sockets_unregister(void)
{
	unregister_pernet_subsys(&sockets_net_ops);
}

int teredo_sockets_init(struct teredo_sockets *socks)
{
	int cpu;

	socks->routes_key = get_random_u32() | 1;
	socks->routes = teredo_percpu_alloc(struct teredo_routes);
	if (!socks->routes)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(socks->routes, cpu)->lock);
	return 0;
}

void teredo_sockets_uninit(struct teredo_sockets *socks)
{
	teredo_percpu_free(socks->routes);
}

/* -- routes -- */

static void route_forget(struct teredo_route *route)
{
	dst_release(route->dst);
	route->dst = NULL;
}

/* Ask the stack for the route to @to, by @ifindex or, if 0, any device: 0, and a
 * reference in route->dst, or a negative errno.
 */
static int route_ask(struct teredo_dev *td, const struct teredo_sock *ts,
		     const struct teredo_config *cfg, union teredo_endpoint to,
		     int ifindex, struct teredo_route *route)
{
	struct flowi4 fl4 = {
		.flowi4_oif = ifindex,
		.flowi4_mark = cfg->mark,
		.flowi4_proto = IPPROTO_UDP,
		.daddr = to.addr,
		.saddr = ts->addr,
		.fl4_dport = to.port,
		.fl4_sport = ts->port,
	};
	struct rtable *rt;

	rt = ip_route_output_key(td->net, &fl4);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	route->dst = &rt->dst;
	route->daddr = to.addr;
	route->saddr = fl4.saddr;
	route->mark = cfg->mark;
	return 0;
}

/* Reserve @ids identifiers for datagrams along @route. A datagram without DF may be cut
 * up, here or on its way, and its pieces are not to meet those of another one from this
 * host, whoever sends that (RFC 6864 4.3), so they are from the stack's own counters.
 */
static void route_reserve(struct teredo_dev *td, struct teredo_route *route,
			  u16 ids)
{
	struct iphdr iph = {
		.saddr = route->saddr,
		.daddr = route->daddr,
		.protocol = IPPROTO_UDP,
	};

	__ip_select_ident(td->net, &iph, ids);
	route->id = ntohs(iph.id);
	route->ids = ids;
	route->reserved = jiffies;
}

/* How many are reserved at a time: for who used up the last ones, and for others; and
 * how long they are good.
 */
#define IDS_BUSY	128
#define IDS_QUIET	8
#define IDS_LIFETIME	HZ

/* Have @ids identifiers from route->id on. All CPUs write to the stack's counters, so to
 * ask for each packet is dear: several are reserved at once. Others go on meanwhile, so
 * what is not used within a second is given up, before they come round.
 */
static __always_inline void route_have_ids(struct teredo_dev *td,
					   struct teredo_route *route, u16 ids)
{
	bool fresh = (u32)jiffies - route->reserved < IDS_LIFETIME;

	if (unlikely(!fresh || route->ids < ids))
		route_reserve(td, route,
			      max_t(u16, ids, fresh ? IDS_BUSY : IDS_QUIET));
}

static int route_type(const struct teredo_route *route)
{
	return container_of(route->dst, struct rtable, dst)->rt_type;
}

/* True if rules may choose the way to an address by the port. */
static bool have_ports(const struct net *net)
{
#ifdef CONFIG_IP_MULTIPLE_TABLES
	return READ_ONCE(net->ipv4.fib_rules_require_fldissect);
#else
	return false;
#endif
}

/* The table may have @route: it would find it valid again. The test for a loop depends
 * on the port, so none to ourselves; and none where others may depend on it, as the
 * table knows addresses only. Nor any that leads to IPsec: its policies and states can
 * change without the routing tables.
 */
static bool is_to_keep(const struct teredo_dev *td,
		       const struct teredo_route *route)
{
	return route_type(route) == RTN_UNICAST && !dst_xfrm(route->dst) &&
	       !have_ports(td->net) && teredo_dst_is_valid(td->net, route->dst);
}

/* Look the route to a peer up, as route_ask(). */
static int route_lookup(struct teredo_dev *td, const struct teredo_sock *ts,
			const struct teredo_config *cfg,
			union teredo_endpoint to, struct teredo_route *route)
{
	const struct teredo_sock *other = NULL;
	int type, err;

	err = route_ask(td, ts, cfg, to, 0, route);
	if (err)
		return err;
	/* No address of ours, no broadcast, no multicast because a Teredo
	 * address says so (F-51, SEC-37), and no way back into this tunnel. But
	 * client, server and relay of one host speak with each other.
	 */
	type = route_type(route);
	if (type == RTN_LOCAL)
		other = socks_find(td->net, to);
	if (route->dst->dev == td->dev || other == ts)
		err = -ELOOP;
	else if (type != RTN_UNICAST && !other)
		err = -ENOTUNIQ;
	if (err)
		route_forget(route);
	return err;
}

/* Have the route to @to in @route, with @ids identifiers from route->id on: 1 if
 * its reference is the table's and lasts until the end of the RCU section, 0 if it
 * is the caller's to release, or -errno. What the table holds is checked against
 * the generation of the routing tables each time, so changes of routes, addresses
 * and devices take effect at once. Only this CPU uses its table, and BH is off.
 * That suffices but for PREEMPT_RT, where others get to run in between; the lock is
 * for them, and nothing elsewhere. It is not held while sending, which may lead
 * back here.
 */
static int route_get(struct teredo_dev *td, const struct teredo_sock *ts,
		     const struct teredo_config *cfg, union teredo_endpoint to,
		     u16 ids, struct teredo_route *route)
{
	struct teredo_routes __percpu *routes = td->sockets.routes;
	/* The secondary socket has another source and little to send. */
	bool primary = likely(ts->index == TEREDO_SOCK_PRIMARY);
	struct dst_entry *old = NULL;
	struct teredo_route *slot;
	int err;

	local_lock_nested_bh(&routes->lock);
	slot = this_cpu_ptr(routes)->slot +
		((__force u32)to.addr * td->sockets.routes_key >>
		 (32 - TEREDO_ROUTES_BITS));
	if (primary && slot->dst && slot->daddr == to.addr &&
	    slot->mark == cfg->mark) {
		if (likely(teredo_dst_is_valid(td->net, slot->dst))) {
			route_have_ids(td, slot, ids);
			*route = *slot;
			slot->id += ids;
			slot->ids -= ids;
			local_unlock_nested_bh(&routes->lock);
			return 1;
		}
		swap(old, slot->dst);
	}
	local_unlock_nested_bh(&routes->lock);
	dst_release(old);

	err = route_lookup(td, ts, cfg, to, route);
	if (err)
		return err;
	route_reserve(td, route, ids);
	if (!primary || !is_to_keep(td, route))
		return 0;
	local_lock_nested_bh(&routes->lock);
	old = slot->dst;
	*slot = *route;
	slot->ids = 0;
	local_unlock_nested_bh(&routes->lock);
	dst_release(old);
	return 1;
}

bool teredo_is_broadcast(struct teredo_dev *td, __be32 addr)
{
	return inet_addr_type(td->net, addr) == RTN_BROADCAST;
}

bool teredo_is_global(struct teredo_dev *td, union teredo_endpoint to)
{
	return to.port && teredo_ipv4_is_global(to.addr) &&
	       !teredo_is_broadcast(td, to.addr);
}

/* -- sending -- */

/* The counter for what keeps a datagram from being sent: an errno of ours, or of the
 * stack's, which has more of them for routes.
 */
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

/* @skb is not sent. Control datagrams have no sender to tell, and a counter of their
 * own; others have one if @mtu, which is what the path takes, is not NULL.
 */
static int send_failed(struct teredo_dev *td, struct sk_buff *skb,
		       union teredo_endpoint to, int err, const u32 *mtu)
{
	enum teredo_stats reason = reason_for(err);

	if (mtu)
		teredo_icmp_reject_to(td, skb, reason, to, *mtu);
	else
		teredo_drop_control(td, skb, reason, to);
	return err;
}

/* Have the stack leave more room in front of the next packets. Too much of it
 * moves small packets to the next larger slab.
 */
static void ask_for_headroom(struct net_device *dev, unsigned int headroom)
{
	headroom = min(headroom, 512U);
	if (headroom > READ_ONCE(dev->needed_headroom))
		WRITE_ONCE(dev->needed_headroom, headroom);
}

/* One skb has room for one checksum that is still to be filled in. Of a single
 * packet that must be the outer one: NATs, on this host or behind a veth, update
 * such a checksum correctly only if it is described as pending. So the inner
 * one is completed here, in headers that skb_cow_head() made ours. GSO packets
 * describe both.
 */
static int complete_inner_checksum(struct sk_buff *skb)
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

/* Prepare the checksums and the description of @skb for one more header. */
static __always_inline int prepare_offloads(struct sk_buff *skb)
{
	if (unlikely(skb_is_gso(skb))) {
		/* Of packets that are encapsulated already, the stack has
		 * resolved offloads before they came here: hw_enc_features
		 * is 0.
		 */
		skb->encapsulation = 0;
		skb_set_inner_protocol(skb, htons(ETH_P_IPV6));
		return udp_tunnel_handle_offloads(skb, true);
	}
	skb->encapsulation = 0;
	return complete_inner_checksum(skb);
}

/* Put the UDP header in front of @skb. Its checksum is left to be filled in;
 * that of a GSO packet in each of its segments.
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

/* Put the IPv4 header in front of @skb; length and checksum are filled in by
 * ip_local_out().
 */
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
	iph->daddr = route->daddr;
	iph->id = htons(route->id);
}

/* True if @skb, or each segment of it, is no longer than @mtu. */
static bool fits(const struct sk_buff *skb, u32 mtu)
{
	return skb_is_gso(skb) ? skb_gso_validate_network_len(skb, mtu) :
				 skb->len <= mtu;
}

/* The option df is set: the longest packet that goes to @dst, and whether with
 * DF. IPv6 wants 1280 octets of any path; where that takes fragments, it gets
 * them.
 */
static u32 path_mtu(const struct dst_entry *dst, __be16 *df)
{
	u32 mtu = dst_mtu(dst);

	/* A route may say less than the headers take. */
	if (mtu < TEREDO_MTU_MIN + TEREDO_ENCAP_LEN)
		return TEREDO_MTU_MIN;
	if (!ip_mtu_locked(dst))
		*df = htons(IP_DF);
	return mtu - TEREDO_ENCAP_LEN;
}

/* Put UDP and IPv4 in front of @skb and send it along @route. The one function
 * that does. udp_tunnel_xmit_skb() would do the same for any tunnel, at twice the
 * price. @kept: the route is in the table, else its reference goes with @skb.
 * @mtu: NULL for control datagrams, which are small and nobody's. Inline, for all
 * but discovery come by send_skb().
 */
static __always_inline int
send_along(struct teredo_dev *td, const struct teredo_sock *ts,
	   const struct teredo_config *cfg, struct sk_buff *skb,
	   const struct teredo_route *route, bool kept, union teredo_endpoint to,
	   u8 tos, u8 ttl, u32 *mtu)
{
	struct dst_entry *dst = route->dst;
	struct teredo_trace_inner inner;
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

	/* Leaving the link's namespace takes off marks, too; ours comes after. */
	skb_scrub_packet(skb, !net_eq(td->net, dev_net(td->dev)));
	skb->mark = cfg->mark;
	skb_clear_hash_if_not_l4(skb);
	memset(IPCB(skb), 0, sizeof(*IPCB(skb)));
	/* The table's reference lasts until the end of the RCU section. */
	if (likely(kept))
		skb_dst_set_noref(skb, dst);
	else
		skb_dst_set(skb, dst);

	if (trace_teredo_xmit_enabled())
		teredo_trace_xmit(td->dev, skb,
				  teredo_endpoint(route->saddr, ts->port), to);
	inner.known = false;
	if (trace_teredo_drop_enabled())
		teredo_trace_inner(&inner, skb);
	push_udp(skb, route->saddr, to.addr, ts->port, to.port);
	push_ipv4(skb, route, tos, ttl, df);
	err = ip_local_out(td->net, ts->sock->sk, skb);
	if (unlikely(err > 0))
		err = net_xmit_errno(err);
	/* Netfilter, IPsec or a queue has freed it: nobody is left to be told. */
	if (unlikely(err))
		teredo_dropped_tx(td, &inner, reason_for(err), to, mtu);
	return err;

fail:
	if (!kept)
		dst_release(dst);
	return send_failed(td, skb, to, err, mtu);
}

/* ip4_dst_hoplimit(), where the namespace is known. */
static u8 hop_limit(const struct net *net, const struct dst_entry *dst)
{
	return dst_metric_raw(dst, RTAX_HOPLIMIT) ?:
	       READ_ONCE(net->ipv4.sysctl_ip_default_ttl);
}

static int send_skb(struct teredo_dev *td, const struct teredo_sock *ts,
		    struct sk_buff *skb, union teredo_endpoint to, u8 tos,
		    u32 *mtu)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_route route;
	int kept;

	kept = route_get(td, ts, cfg, to, skb_shinfo(skb)->gso_segs ?: 1, &route);
	if (unlikely(kept < 0))
		return send_failed(td, skb, to, kept, mtu);
	return send_along(td, ts, cfg, skb, &route, kept, to, tos,
			  cfg->ttl ?: hop_limit(td->net, route.dst), mtu);
}

void teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
			union teredo_endpoint to)
{
	unsigned int len = skb->len;
	const struct teredo_sock *ts;
	u32 mtu = 0;

	ts = rcu_dereference(td->sockets.sock[TEREDO_SOCK_PRIMARY]);
	if (unlikely(!ts)) {
		send_failed(td, skb, to, -ENETDOWN, &mtu);
		return;
	}
	/* Traffic class and congestion marks go along (RFC 6040 4.1). */
	if (likely(!send_skb(td, ts, skb, to, ipv6_get_dsfield(ipv6_hdr(skb)),
			     &mtu)))
		dev_sw_netstats_tx_add(td->dev, 1, len);
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

/* Something went to @to from the service port. If that is our server's primary
 * address, the NAT on the way goes on to let in what it passes on.
 */
static void note_sent(struct teredo_dev *td, union teredo_endpoint to)
{
	const struct teredo_status *status = rcu_dereference(td->status);

	if (to.port != htons(TEREDO_PORT) || to.addr != status->server)
		return;
	WRITE_ONCE(td->server_sent, jiffies);
	WRITE_ONCE(td->server_asked, true);
}

int teredo_send_buf(struct teredo_dev *td, unsigned int index,
		    union teredo_endpoint to, const void *buf, size_t len)
{
	const struct teredo_sock *ts = rcu_dereference(td->sockets.sock[index]);
	struct sk_buff *skb;
	int err;

	if (unlikely(!ts))
		return -ENETDOWN;
	skb = new_skb(td, buf, len);
	if (!skb)
		return -ENOMEM;
	err = send_skb(td, ts, skb, to, 0, NULL);
	if (!err && index == TEREDO_SOCK_PRIMARY)
		note_sent(td, to);
	return err;
}

/* Make @skb, which came in, one that goes out with @buf, or leave it and say
 * false. It stays the stack's memory: where that is too small, or others may look
 * at it, too, a new one has to be made.
 */
static bool renew(struct sk_buff *skb, const void *buf, size_t len)
{
	unsigned int room = skb_end_offset(skb);

	if (room < ETH_HLEN + TEREDO_ENCAP_LEN + len ||
	    skb_shared(skb) || skb_cloned(skb) || skb_is_nonlinear(skb) ||
	    skb_is_gso(skb) || skb_zcopy(skb))
		return false;

	/* What send_along() does not reset */
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

	/* At the end, all that is left is room for headers. */
	skb->data = skb->head + round_down(room - len, sizeof(u32));
	skb->len = 0;
	skb_reset_tail_pointer(skb);
	put_packet(skb, buf, len);
	return true;
}

void teredo_answer(struct teredo_dev *td, unsigned int index,
		   struct sk_buff *skb, union teredo_endpoint to,
		   const void *buf, size_t len, enum teredo_stats counter)
{
	const struct teredo_sock *ts = rcu_dereference(td->sockets.sock[index]);
	struct sk_buff *answer = NULL;

	if (unlikely(!ts)) {
		consume_skb(skb);
		return;
	}
	if (likely(renew(skb, buf, len)))
		swap(skb, answer);
	else
		answer = new_skb(td, buf, len);
	if (likely(answer && !send_skb(td, ts, answer, to, 0, NULL)))
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

	ts = rcu_dereference(td->sockets.sock[TEREDO_SOCK_PRIMARY]);
	if (unlikely(!ts))
		return -ENETDOWN;
	skb = new_skb(td, buf, len);
	if (!skb)
		return -ENOMEM;
	err = route_ask(td, ts, cfg, to, ifindex, &route);
	if (err)
		return send_failed(td, skb, to, err, NULL);
	route_reserve(td, &route, 1);
	*from = teredo_endpoint(route.saddr, ts->port);
	/* no further than the link (C-84) */
	return send_along(td, ts, cfg, skb, &route, false, to, 0, 1,
			  NULL);
}

/* -- life -- */

TEREDO_ENCAP_ERR_RCV(encap_err_rcv, teredo_encap_err_rcv)

/* Whoever sends without DF needs no path MTU, and anybody could forge one to
 * have everything sent in fragments: keep to what the interface takes.
 */
static void set_df(const struct teredo_sock *ts, const struct teredo_config *cfg)
{
	ip_sock_set_mtu_discover(ts->sock->sk, cfg->df == TEREDO_DF_SET ?
				 IP_PMTUDISC_DO : IP_PMTUDISC_OMIT);
}

void teredo_sockets_set_df(struct teredo_dev *td,
			   const struct teredo_config *cfg)
{
	struct teredo_sock *ts;
	unsigned int i;

	for (i = 0; i < TEREDO_SOCKS; i++) {
		ts = rtnl_dereference(td->sockets.sock[i]);
		if (ts)
			set_df(ts, cfg);
	}
}

static int sock_open(struct teredo_dev *td, const struct teredo_config *cfg,
		     unsigned int index, __be32 addr, __be16 port)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = teredo_encap_rcv,
		.encap_err_rcv = encap_err_rcv,
		.encap_err_lookup = teredo_encap_err_lookup,
		.gro_receive = teredo_gro_receive,
		.gro_complete = teredo_gro_complete,
	};
	struct udp_port_cfg udp = {
		.family = AF_INET,
		.local_ip.s_addr = addr,
		.local_udp_port = port,
		.use_udp_checksums = 1,
	};
	struct teredo_sock *ts;
	int err;

	ts = teredo_made(TEREDO_OBJECT_SOCKET,
			 kzalloc(sizeof(*ts), GFP_KERNEL_ACCOUNT));
	if (!ts)
		return -ENOMEM;
	err = udp_sock_create(td->net, &udp, &ts->sock);
	if (err)
		goto err_free;
	ts->td = td;
	ts->index = index;
	ts->addr = addr;
	ts->port = inet_sk(ts->sock->sk)->inet_sport;
	ts->sock->sk->sk_allocation = GFP_ATOMIC;
	teredo_compat_accept_udp_gso(ts->sock->sk);
	/* Multicasts are for nobody here: not those either that others on this
	 * host have joined. The stack would keep the route of each.
	 */
	teredo_compat_no_mc_all(ts->sock->sk);
	set_df(ts, cfg);

	err = teredo_demux_add(td->net, ts);
	if (err)
		goto err_release;
	tunnel.sk_user_data = ts;
	teredo_compat_setup_tunnel(td->net, ts->sock, &tunnel);
	hlist_add_head_rcu(&ts->node, socks_by_port(td->net, ts->port));
	rcu_assign_pointer(td->sockets.sock[index], ts);
	return 0;

err_release:
	sock_release(ts->sock);
err_free:
	kfree(teredo_gone(TEREDO_OBJECT_SOCKET, ts));
	return err;
}

/* All addresses are also those of discovery. */
static int sock_open_any(struct teredo_dev *td,
			 const struct teredo_config *cfg, __be16 port)
{
	const struct teredo_sock *ts;
	int err;

	teredo_discovery_yield(td->net);
	err = sock_open(td, cfg, TEREDO_SOCK_PRIMARY, 0, port);
	ts = rtnl_dereference(td->sockets.sock[TEREDO_SOCK_PRIMARY]);
	teredo_discovery_return(td->net, err ? NULL : ts->sock->sk);
	return err;
}

int teredo_sockets_open(struct teredo_dev *td, const struct teredo_config *cfg)
{
	const struct teredo_role *role = td->role;
	__be16 port = cfg->port ?: htons(role->default_port);
	int err;

	ASSERT_RTNL();
	if (port == htons(TEREDO_PORT) && !cfg->local)
		err = sock_open_any(td, cfg, port);
	else
		err = sock_open(td, cfg, TEREDO_SOCK_PRIMARY, cfg->local, port);
	if (!err && role->second_socket)
		err = sock_open(td, cfg, TEREDO_SOCK_SECONDARY,
				teredo_config_server2(cfg, cfg->local), port);
	if (err)
		teredo_sockets_close(td);
	return err;
}

static void routes_release(struct teredo_routes __percpu *routes)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < (1 << TEREDO_ROUTES_BITS); i++)
			route_forget(&per_cpu_ptr(routes, cpu)->slot[i]);
}

void teredo_sockets_close(struct teredo_dev *td)
{
	struct teredo_sock *ts[TEREDO_SOCKS];
	unsigned int i;

	ASSERT_RTNL();
	/* First nobody finds the sockets to send or early, then those who did
	 * are done, then nobody receives: udp_tunnel_sock_release() clears the
	 * pointer that teredo_encap_rcv() reads and waits. After that only we
	 * know of them, and no CPU is left that could use its table of routes.
	 */
	for (i = 0; i < TEREDO_SOCKS; i++) {
		ts[i] = rtnl_dereference(td->sockets.sock[i]);
		RCU_INIT_POINTER(td->sockets.sock[i], NULL);
		if (!ts[i])
			continue;
		hlist_del_rcu(&ts[i]->node);
		teredo_demux_del(td->net, ts[i]);
	}
	synchronize_net();
	for (i = 0; i < TEREDO_SOCKS; i++) {
		if (!ts[i])
			continue;
		teredo_discovery_forget(td->net, ts[i]->sock->sk);
		teredo_compat_release_tunnel(ts[i]->sock);
		teredo_demux_free(ts[i]);
		kfree(teredo_gone(TEREDO_OBJECT_SOCKET, ts[i]));
	}
	routes_release(td->sockets.routes);
}
