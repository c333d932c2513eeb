/* SPDX-License-Identifier: GPL-2.0 */
/* Cache of IPv4 routes, one table per CPU, so that a trusted peer costs neither a route
 * lookup nor a shared cache line. The key is everything that a lookup for our sockets depends
 * on: destination, socket (and so source and port), mark and traffic class. Protocol, user and
 * security label never vary. A collision costs a lookup; which keys collide is a secret of
 * the device.
 */
#ifndef TEREDO_ROUTE_H
#define TEREDO_ROUTE_H

#include <linux/jiffies.h>
#include <linux/percpu.h>
#include <net/inet_ecn.h>
#include <net/route.h>

#include "base/compat.h"
#include "base/endpoint.h"
#include "data/socket.h"
#include "link/device.h"

#define TEREDO_ROUTES_BITS	6

struct teredo_route {
	struct dst_entry *dst;		/* counted, or NULL */
	union teredo_endpoint to;
	u32 mark;
	u8 tos;				/* without the two ECN bits */
	__be32 saddr;
	u16 id;				/* of the next IPv4 header */
	u16 ids;			/* number reserved, from there on */
	u32 reserved;			/* when, jiffies */
};

/* Only one CPU uses its table, with BH off. That suffices except for PREEMPT_RT, where
 * softirqs preempt each other; the lock is for that, and empty elsewhere. It is not held
 * while sending, which may lead back here.
 */
struct teredo_routes {
	local_lock_t lock;
	struct teredo_route slot[1 << TEREDO_ROUTES_BITS];
};

/* Allocate the tables. Returns NULL without memory. */
struct teredo_routes __percpu *teredo_routes_new(void);
void teredo_routes_free(struct teredo_routes __percpu *routes);

/* Release all routes, once nothing sends any more. */
void teredo_routes_release(struct teredo_routes __percpu *routes);

/* Return the place of the route to @to in the table of this CPU. */
static inline struct teredo_route *teredo_route_slot(const struct teredo_sockets *socks,
						     union teredo_endpoint to)
{
	u32 hash = to.word ^ to.word >> 32;

	return this_cpu_ptr(socks->routes)->slot +
	       (hash * socks->routes_key >> (32 - TEREDO_ROUTES_BITS));
}

/* Return true if @slot holds the route to which the key in @route leads. */
static inline bool teredo_route_is_for(const struct teredo_route *slot,
				       const struct teredo_route *route)
{
	return slot->dst && slot->to.word == route->to.word &&
	       slot->mark == route->mark && slot->tos == route->tos;
}

/* Return true if nothing that led to @route has changed: dst_check() for IPv4, inlined. The
 * generation of the routing tables changes with routes, rules, policies, addresses and
 * devices.
 */
static inline bool teredo_route_is_valid(const struct net *net,
					 const struct teredo_route *route)
{
	const struct rtable *rt = container_of(route->dst, struct rtable, dst);

	return READ_ONCE(rt->dst.obsolete) == DST_OBSOLETE_FORCE_CHK &&
	       rt->rt_genid == rt_genid_ipv4(net);
}

/* Return true if the identifiers reserved for @route may still be used. Others use the
 * stack's counter, too, so what is left after a second is given up, before the counter
 * comes round.
 */
static inline bool teredo_route_is_fresh(const struct teredo_route *route)
{
	return (u32)jiffies - route->reserved < HZ;
}

/* Use the route in @slot, and @ids of its identifiers. */
static inline void teredo_route_take(struct teredo_route *slot, u16 ids,
				     struct teredo_route *route)
{
	route->dst = slot->dst;
	route->saddr = slot->saddr;
	route->id = slot->id;
	slot->id += ids;
	slot->ids -= ids;
}

/* The same as teredo_route_get(), where the table does not have all of it; the key is in
 * @route.
 */
int teredo_route_find(struct teredo_dev *td, const struct teredo_sock *ts, u16 ids,
		      struct teredo_route *route);

/* Look up the route to @to, from socket to.via, which is @ts, with the traffic class @tos;
 * and reserve @ids IP identifiers, from route->id on. Sets the key, dst, saddr and id of
 * @route. Returns 1 if the table holds the reference to route->dst (valid until the end of
 * the RCU section), 0 if the caller does, or -errno: -ELOOP for ourselves, -ENOTUNIQ where no
 * unicast leads. RCU, BH off. Inline for the hit.
 */
static __always_inline int teredo_route_get(struct teredo_dev *td,
					    const struct teredo_sock *ts,
					    const struct teredo_config *cfg,
					    union teredo_endpoint to, u8 tos, u16 ids,
					    struct teredo_route *route)
{
	struct teredo_sockets *socks = td->sockets;
	struct teredo_route *slot;
	bool hit;

	route->to = to;
	route->mark = cfg->mark;
	route->tos = tos & ~INET_ECN_MASK;
	local_lock_nested_bh(&socks->routes->lock);
	slot = teredo_route_slot(socks, to);
	hit = teredo_route_is_for(slot, route) &&
	      teredo_route_is_valid(td->underlay, slot) &&
	      teredo_route_is_fresh(slot) && slot->ids >= ids;
	if (likely(hit))
		teredo_route_take(slot, ids, route);
	local_unlock_nested_bh(&socks->routes->lock);
	return likely(hit) ? 1 : teredo_route_find(td, ts, ids, route);
}

/* Look up the route of one datagram to a multicast group by the interface @ifindex. Returns
 * 0 or -errno; the caller holds the reference. RCU, BH off.
 */
int teredo_route_to_group(struct teredo_dev *td, const struct teredo_sock *ts,
			  const struct teredo_config *cfg,
			  union teredo_endpoint to, int ifindex,
			  struct teredo_route *route);

/* Return true if @addr is a broadcast address of an attached subnet (F-51). RCU. */
bool teredo_is_broadcast(const struct teredo_dev *td, __be32 addr);

/* Return true if it is safe to send to @to because a remote host named it: in an address, in
 * an origin indication, or as the source of a datagram (F-49). RCU.
 */
bool teredo_is_global(const struct teredo_dev *td, union teredo_endpoint to);

#endif /* TEREDO_ROUTE_H */
