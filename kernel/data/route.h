/* SPDX-License-Identifier: GPL-2.0 */
/* IPv4 routes to where datagrams went lately, one table a CPU, so that a trusted peer costs
 * neither a route lookup nor a shared cache line. The key is all that a lookup for our
 * sockets depends on: to whom, by which socket (and so the source and its port), mark and
 * traffic class; protocol, user and security label are always the same. Collisions only cost
 * a lookup; which keys collide is a secret of the device.
 */
#ifndef TEREDO_ROUTE_H
#define TEREDO_ROUTE_H

#include <linux/local_lock.h>
#include <linux/percpu.h>
#include <linux/types.h>

#include "base/endpoint.h"

struct dst_entry;
struct teredo_config;
struct teredo_dev;
struct teredo_sock;

#define TEREDO_ROUTES_BITS	6

struct teredo_route {
	struct dst_entry *dst;		/* counted, or NULL */
	union teredo_endpoint to;
	u32 mark;
	u8 tos;				/* without its two bits of ECN */
	__be32 saddr;
	u16 id;				/* of the next IPv4 header */
	u16 ids;			/* reserved, from there on */
	u32 reserved;			/* when, jiffies */
};

struct teredo_routes {
	local_lock_t lock;
	struct teredo_route slot[1 << TEREDO_ROUTES_BITS];
};

/* A table of each CPU; NULL without memory. */
struct teredo_routes __percpu *teredo_routes_new(void);
void teredo_routes_free(struct teredo_routes __percpu *routes);

/* Let go of all routes. Nobody sends any more. */
void teredo_routes_release(struct teredo_routes __percpu *routes);

/* Look up the route to @to for datagrams of @ts with the traffic class @tos, and reserve
 * @ids IP identifiers, from route->id on. Returns 1 if the table holds the reference to
 * route->dst (valid until the end of the RCU section), 0 if the caller does, or -errno:
 * -ELOOP for ourselves, -ENOTUNIQ where no unicast leads. RCU, BH off.
 */
int teredo_route_get(struct teredo_dev *td, const struct teredo_sock *ts,
		     const struct teredo_config *cfg, union teredo_endpoint to,
		     u8 tos, u16 ids, struct teredo_route *route);

/* The same for one datagram to a multicast group, by the interface @ifindex; the caller
 * holds the reference.
 */
int teredo_route_to_group(struct teredo_dev *td, const struct teredo_sock *ts,
			  const struct teredo_config *cfg,
			  union teredo_endpoint to, int ifindex,
			  struct teredo_route *route);

/* True if @addr is a broadcast address of an attached subnet (F-51). RCU. */
bool teredo_is_broadcast(const struct teredo_dev *td, __be32 addr);

/* True if something may be sent to @to because somebody said so, be it in an
 * address, an origin indication, or by sending from there (F-49). RCU.
 */
bool teredo_is_global(const struct teredo_dev *td, union teredo_endpoint to);

#endif /* TEREDO_ROUTE_H */
