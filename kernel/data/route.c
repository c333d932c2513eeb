// SPDX-License-Identifier: GPL-2.0
#include "data/route.h"

#include <linux/random.h>
#include <linux/security.h>
#include <net/inet_ecn.h>
#include <net/ip.h>
#include <net/route.h>
#include <net/sock.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "link/device.h"

/* -- life -- */

struct teredo_routes __percpu *teredo_routes_new(void)
{
	struct teredo_routes __percpu *routes;
	int cpu;

	routes = teredo_percpu_alloc(struct teredo_routes);
	if (!routes)
		return NULL;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(routes, cpu)->lock);
	return routes;
}

void teredo_routes_free(struct teredo_routes __percpu *routes)
{
	teredo_percpu_free(routes);
}

static void forget(struct teredo_route *route)
{
	dst_release(route->dst);
	route->dst = NULL;
}

void teredo_routes_release(struct teredo_routes __percpu *routes)
{
	unsigned int i;
	int cpu;

	for_each_possible_cpu(cpu)
		for (i = 0; i < (1 << TEREDO_ROUTES_BITS); i++)
			forget(&per_cpu_ptr(routes, cpu)->slot[i]);
}

/* -- identifiers -- */

/* Reserve @ids identifiers for datagrams along @route. A datagram without DF may be
 * fragmented, here or on its way, and its fragments must not be mixed up with those of
 * another one from this host, whoever sends that (RFC 6864 4.3). So the identifiers come
 * from the stack's own counters.
 */
static void reserve(struct teredo_dev *td, struct teredo_route *route, u16 ids)
{
	struct iphdr iph = {
		.saddr = route->saddr,
		.daddr = route->to.addr,
		.protocol = IPPROTO_UDP,
	};

	__ip_select_ident(td->underlay, &iph, ids);
	route->id = ntohs(iph.id);
	route->ids = ids;
	route->reserved = jiffies;
}

/* How many identifiers are reserved at a time: all CPUs write to the stack's counters, so
 * asking for each packet would be expensive.
 */
#define IDS_BUSY	128
#define IDS_QUIET	8

/* -- lookup -- */

/* Look up the route to route->to, by @ifindex or, if that is 0, any device. Returns 0 with
 * a reference in route->dst, or -errno. The key has all that rules, IPsec policies and
 * security modules may look at.
 */
static int ask(struct teredo_dev *td, const struct teredo_sock *ts, int ifindex,
	       struct teredo_route *route)
{
	struct sock *sk = ts->sock->sk;
	struct flowi4 fl4;
	struct rtable *rt;

	flowi4_init_output(&fl4, ifindex, route->mark, route->tos,
			   RT_SCOPE_UNIVERSE, IPPROTO_UDP, 0, route->to.addr,
			   ts->addr, route->to.port, ts->port,
			   sock_net_uid(td->underlay, sk));
	security_sk_classify_flow(sk, flowi4_to_flowi_common(&fl4));
	rt = ip_route_output_flow(td->underlay, &fl4, sk);
	if (IS_ERR(rt))
		return PTR_ERR(rt);
	route->dst = &rt->dst;
	route->saddr = fl4.saddr;
	return 0;
}

static int type_of(const struct teredo_route *route)
{
	return container_of(route->dst, struct rtable, dst)->rt_type;
}

/* Return true if @route may be cached. Not a route to ourselves, which the test for a loop
 * has to see each time. Nor one that leads to IPsec, whose states can change without the
 * routing tables; a new policy changes their generation.
 */
static bool is_to_keep(const struct teredo_dev *td,
		       const struct teredo_route *route)
{
	return type_of(route) == RTN_UNICAST && !dst_xfrm(route->dst) &&
	       teredo_route_is_valid(td->underlay, route);
}

/* Look up the route to a peer, as ask(). */
static int lookup(struct teredo_dev *td, const struct teredo_sock *ts,
		  struct teredo_route *route)
{
	const struct teredo_sock *other = NULL;
	int type, err;

	err = ask(td, ts, 0, route);
	if (err)
		return err;
	/* A Teredo address must not lead to an address of ours, a broadcast or a multicast
	 * (F-51, SEC-37), nor back into this tunnel. But client, server and relay of one
	 * host talk to each other.
	 */
	type = type_of(route);
	if (type == RTN_LOCAL)
		other = teredo_socket_find(td->underlay, route->to);
	if (route->dst->dev == td->dev || other == ts)
		err = -ELOOP;
	else if (type != RTN_UNICAST && !other)
		err = -ENOTUNIQ;
	if (err)
		forget(route);
	return err;
}

int teredo_route_find(struct teredo_dev *td, const struct teredo_sock *ts, u16 ids,
		      struct teredo_route *route)
{
	struct teredo_sockets *socks = td->sockets;
	struct dst_entry *old = NULL;
	struct teredo_route *slot;
	int err;

	local_lock_nested_bh(&socks->routes->lock);
	slot = teredo_route_slot(socks, route->to);
	if (teredo_route_is_for(slot, route)) {
		if (teredo_route_is_valid(td->underlay, slot)) {
			/* Its identifiers are used up, or too old. */
			reserve(td, slot, max_t(u16, ids, teredo_route_is_fresh(slot) ?
							  IDS_BUSY : IDS_QUIET));
			teredo_route_take(slot, ids, route);
			local_unlock_nested_bh(&socks->routes->lock);
			return 1;
		}
		swap(old, slot->dst);
	}
	local_unlock_nested_bh(&socks->routes->lock);
	dst_release(old);

	err = lookup(td, ts, route);
	if (err)
		return err;
	reserve(td, route, ids);
	if (!is_to_keep(td, route))
		return 0;
	local_lock_nested_bh(&socks->routes->lock);
	old = slot->dst;
	*slot = *route;
	slot->ids = 0;
	local_unlock_nested_bh(&socks->routes->lock);
	dst_release(old);
	return 1;
}

int teredo_route_to_group(struct teredo_dev *td, const struct teredo_sock *ts,
			  const struct teredo_config *cfg,
			  union teredo_endpoint to, int ifindex,
			  struct teredo_route *route)
{
	int err;

	route->to = to;
	route->mark = cfg->mark;
	route->tos = 0;
	err = ask(td, ts, ifindex, route);
	if (!err)
		reserve(td, route, 1);
	return err;
}

bool teredo_is_broadcast(const struct teredo_dev *td, __be32 addr)
{
	return inet_addr_type(td->underlay, addr) == RTN_BROADCAST;
}

bool teredo_is_global(const struct teredo_dev *td, union teredo_endpoint to)
{
	return to.port && teredo_ipv4_is_global(to.addr) &&
	       !teredo_is_broadcast(td, to.addr);
}
