/* SPDX-License-Identifier: GPL-2.0 */
/* Cache of IPv4 routes, one table per CPU, so that a trusted peer costs neither a route
 * lookup nor a shared cache line. The key is everything that a lookup for our sockets depends
 * on: destination, socket (and so source and port), mark and traffic class. Protocol, user and
 * security label never vary. A collision costs a lookup; which keys collide is a secret of
 * the device.
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
	u8 tos;				/* without the two ECN bits */
	__be32 saddr;
	u16 id;				/* of the next IPv4 header */
	u16 ids;			/* number reserved, from there on */
	u32 reserved;			/* when, jiffies */
};

struct teredo_routes {
	local_lock_t lock;
	struct teredo_route slot[1 << TEREDO_ROUTES_BITS];
};

/* Allocate the tables. Returns NULL without memory. */
struct teredo_routes __percpu *teredo_routes_new(void);
void teredo_routes_free(struct teredo_routes __percpu *routes);

/* Release all routes, once nothing sends any more. */
void teredo_routes_release(struct teredo_routes __percpu *routes);

/* Look up the route to @to for datagrams of @ts with the traffic class @tos, and reserve
 * @ids IP identifiers, from route->id on. Returns 1 if the table holds the reference to
 * route->dst (valid until the end of the RCU section), 0 if the caller does, or -errno:
 * -ELOOP for ourselves, -ENOTUNIQ where no unicast leads. RCU, BH off.
 */
int teredo_route_get(struct teredo_dev *td, const struct teredo_sock *ts,
		     const struct teredo_config *cfg, union teredo_endpoint to,
		     u8 tos, u16 ids, struct teredo_route *route);

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
