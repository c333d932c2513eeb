// SPDX-License-Identifier: GPL-2.0
#include "socket.h"

#include <linux/hash.h>
#include <linux/slab.h>
#include <linux/udp.h>
#include <net/inet_ecn.h>
#include <net/ip_tunnels.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "compat.h"
#include "device.h"
#include "drop.h"
#include "offload.h"
#include "recv.h"
#include "role.h"
#include "trace.h"

int teredo_sockets_init(struct teredo_sockets *socks)
{
	socks->routes = alloc_percpu(struct teredo_routes);
	return socks->routes ? 0 : -ENOMEM;
}

void teredo_sockets_uninit(struct teredo_sockets *socks)
{
	free_percpu(socks->routes);
}

/* -- routes -- */

static void route_forget(struct teredo_route *route)
{
	dst_release(route->dst);
	route->dst = NULL;
}

/* A reference to the route to @daddr, or ERR_PTR. What the table holds is
 * checked against the generation of the routing tables each time, so changes
 * of routes, addresses and devices take effect at once. Only this CPU uses
 * its table, and BH is off.
 */
static struct rtable *route_get(struct teredo_dev *td,
				const struct teredo_sock *ts,
				const struct teredo_config *cfg,
				union teredo_endpoint to, __be32 *saddr)
{
	struct teredo_route *route;
	struct flowi4 fl4 = {
		.flowi4_mark = cfg->mark,
		.flowi4_proto = IPPROTO_UDP,
		.daddr = to.addr,
		.saddr = ts->addr,
		.fl4_dport = to.port,
		.fl4_sport = ts->port,
	};
	struct rtable *rt;

	route = this_cpu_ptr(td->sockets.routes)->slot +
		hash_32((__force u32)to.addr, TEREDO_ROUTES_BITS);
	/* The secondary socket has another source and little to send. */
	if (likely(ts->index == TEREDO_SOCK_PRIMARY) && route->dst &&
	    route->daddr == to.addr && route->mark == cfg->mark) {
		if (likely(dst_check(route->dst, 0))) {
			*saddr = route->saddr;
			dst_hold(route->dst);
			return (struct rtable *)route->dst;
		}
		route_forget(route);
	}

	rt = ip_route_output_key(td->net, &fl4);
	if (IS_ERR(rt))
		return rt;
	*saddr = fl4.saddr;
	/* No address of ours, no broadcast, no multicast because a Teredo
	 * address says so (F-51, SEC-37), and no way back into this tunnel.
	 */
	if (rt->rt_type != RTN_UNICAST && rt->rt_type != RTN_LOCAL) {
		ip_rt_put(rt);
		return ERR_PTR(-EACCES);
	}
	if (rt->dst.dev == td->dev ||
	    (rt->rt_type == RTN_LOCAL && to.port == ts->port &&
	     (!ts->addr || ts->addr == to.addr))) {
		ip_rt_put(rt);
		return ERR_PTR(-ELOOP);
	}
	/* The test for a loop depends on the port, so those to ourselves are
	 * not kept.
	 */
	if (ts->index == TEREDO_SOCK_PRIMARY && rt->rt_type == RTN_UNICAST) {
		if (route->dst)
			route_forget(route);
		dst_hold(&rt->dst);
		route->dst = &rt->dst;
		route->daddr = to.addr;
		route->saddr = fl4.saddr;
		route->mark = cfg->mark;
	}
	return rt;
}

bool teredo_is_broadcast(struct teredo_dev *td, __be32 addr)
{
	return inet_addr_type(td->net, addr) == RTN_BROADCAST;
}

/* -- sending -- */

static int send_failed(struct teredo_dev *td, struct sk_buff *skb,
		       union teredo_endpoint to, int err)
{
	enum teredo_stats reason;

	switch (err) {
	case -ELOOP:
		reason = TEREDO_A_STATS_TX_LOOP;
		break;
	case -EACCES:
		reason = TEREDO_A_STATS_TX_NOT_GLOBAL;
		break;
	case -ENOMEM:
		reason = TEREDO_A_STATS_TX_NO_MEMORY;
		break;
	default:
		reason = TEREDO_A_STATS_TX_NO_ROUTE;
	}
	teredo_drop_tx(td, skb, reason, to);
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

	if (skb->ip_summed != CHECKSUM_PARTIAL || skb_is_gso(skb))
		return 0;
	start = skb_checksum_start_offset(skb);
	field = start + skb->csum_offset + sizeof(__sum16);
	if (skb_is_nonlinear(skb) ||
	    unlikely(start < 0 || field > (int)skb->len))
		return skb_checksum_help(skb);
	sum = csum_partial(skb->data + start, skb->len - start, 0);
	*(__sum16 *)(skb->data + field - sizeof(__sum16)) =
		csum_fold(sum) ?: CSUM_MANGLED_0;
	skb->ip_summed = CHECKSUM_NONE;
	return 0;
}

/* Put UDP and IPv4 in front of @skb and send it. The one function that does. */
static int send_skb(struct teredo_dev *td, const struct teredo_sock *ts,
		    struct sk_buff *skb, union teredo_endpoint to, u8 tos)
{
	const struct teredo_config *cfg = rcu_dereference(td->config);
	bool xnet = !net_eq(td->net, dev_net(td->dev));
	unsigned int headroom;
	struct rtable *rt;
	__be32 saddr;
	int err;

	rt = route_get(td, ts, cfg, to, &saddr);
	if (IS_ERR(rt))
		return send_failed(td, skb, to, PTR_ERR(rt));

	headroom = LL_RESERVED_SPACE(rt->dst.dev) + rt->dst.header_len +
		   TEREDO_ENCAP_LEN;
	if (unlikely(skb_headroom(skb) < headroom))
		ask_for_headroom(td->dev, headroom);
	err = skb_cow_head(skb, headroom);
	if (unlikely(err))
		goto fail;

	err = complete_inner_checksum(skb);
	if (unlikely(err))
		goto fail;
	/* Of packets that are encapsulated already, the stack has resolved
	 * offloads before they came here: hw_enc_features is 0.
	 */
	skb->encapsulation = 0;
	err = udp_tunnel_handle_offloads(skb, true);
	if (unlikely(err))
		goto fail;
	skb_set_inner_protocol(skb, htons(ETH_P_IPV6));

	/* Leaving the link's namespace takes off marks, too; ours comes after. */
	if (xnet)
		skb_scrub_packet(skb, true);
	skb->mark = cfg->mark;
	if (trace_teredo_xmit_enabled())
		teredo_trace_xmit(td->dev, skb, teredo_endpoint(saddr, ts->port),
				  to);
	/* DF stays clear (F-36): a path that needs fragments gets them. */
	teredo_udp_tunnel_xmit_skb(rt, ts->sock->sk, skb, saddr, to.addr, tos,
				   cfg->ttl ?: ip4_dst_hoplimit(&rt->dst), 0,
				   ts->port, to.port, false, false);
	return 0;

fail:
	ip_rt_put(rt);
	return send_failed(td, skb, to, err);
}

void teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
			union teredo_endpoint to)
{
	const struct teredo_sock *ts;
	u8 tos;

	ts = rcu_dereference(td->sockets.sock[TEREDO_SOCK_PRIMARY]);
	if (unlikely(!ts)) {
		send_failed(td, skb, to, -ENETDOWN);
		return;
	}
	/* Traffic class and congestion marks go along (RFC 6040). */
	tos = ipv6_get_dsfield(ipv6_hdr(skb));
	send_skb(td, ts, skb, to, INET_ECN_encapsulate(tos, tos));
}

int teredo_send_buf(struct teredo_dev *td, unsigned int index,
		    union teredo_endpoint to, const void *buf, size_t len)
{
	const struct teredo_sock *ts = rcu_dereference(td->sockets.sock[index]);
	struct sk_buff *skb;

	if (unlikely(!ts))
		return -ENETDOWN;
	skb = alloc_skb(MAX_HEADER + TEREDO_ENCAP_LEN + len, GFP_ATOMIC);
	if (unlikely(!skb)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_NO_MEMORY);
		return -ENOMEM;
	}
	skb_reserve(skb, MAX_HEADER + TEREDO_ENCAP_LEN);
	skb_put_data(skb, buf, len);
	skb_reset_mac_header(skb);
	skb_reset_network_header(skb);
	skb->protocol = htons(ETH_P_IPV6);
	return send_skb(td, ts, skb, to, 0);
}

/* -- life -- */

static int sock_open(struct teredo_dev *td, unsigned int index, __be32 addr,
		     __be16 port)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = teredo_encap_rcv,
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

	ts = kzalloc(sizeof(*ts), GFP_KERNEL);
	if (!ts)
		return -ENOMEM;
	err = udp_sock_create(td->net, &udp, &ts->sock);
	if (err) {
		kfree(ts);
		return err;
	}
	ts->td = td;
	ts->index = index;
	ts->addr = addr;
	ts->port = inet_sk(ts->sock->sk)->inet_sport;
	ts->sock->sk->sk_allocation = GFP_ATOMIC;
	teredo_compat_accept_udp_gso(ts->sock->sk);

	tunnel.sk_user_data = ts;
	setup_udp_tunnel_sock(td->net, ts->sock, &tunnel);
	rcu_assign_pointer(td->sockets.sock[index], ts);
	return 0;
}

int teredo_sockets_open(struct teredo_dev *td, const struct teredo_config *cfg)
{
	const struct teredo_role *role = td->role;
	__be16 port = cfg->port ?: htons(role->default_port);
	int err;

	ASSERT_RTNL();
	err = sock_open(td, TEREDO_SOCK_PRIMARY, cfg->local, port);
	if (!err && role->second_socket)
		err = sock_open(td, TEREDO_SOCK_SECONDARY,
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
	/* First nobody finds the sockets to send, then those who did are done,
	 * then nobody receives: udp_tunnel_sock_release() clears the pointer
	 * that the hook reads and waits. After that only we know of them, and
	 * no CPU is left that could use its table of routes.
	 */
	for (i = 0; i < TEREDO_SOCKS; i++) {
		ts[i] = rtnl_dereference(td->sockets.sock[i]);
		RCU_INIT_POINTER(td->sockets.sock[i], NULL);
	}
	synchronize_net();
	for (i = 0; i < TEREDO_SOCKS; i++) {
		if (!ts[i])
			continue;
		udp_tunnel_sock_release(ts[i]->sock);
		kfree(ts[i]);
	}
	routes_release(td->sockets.routes);
}
