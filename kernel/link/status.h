/* SPDX-License-Identifier: GPL-2.0 */
/* State of the service on a link. */
#ifndef TEREDO_STATUS_H
#define TEREDO_STATUS_H

#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/time64.h>
#include <uapi/linux/teredo.h>

struct teredo_dev;

/* The result of qualification. Readers hold RCU, writers RTNL. Replaced as a whole, so that
 * readers never see a mixture of two states. Addresses and port in network byte order.
 */
struct teredo_status {
	enum teredo_state state;
	enum teredo_nat nat;
	struct in6_addr address;	/* :: unless qualified */
	__be32 mapped_addr;
	__be16 mapped_port;
	__be32 server;
	__be32 server2;
	u32 learned_refresh;		/* interval, seconds, 0: none; only reported */
	time64_t since;			/* of this state, seconds since boot */
	struct rcu_head rcu;
	char reason[TEREDO_REASON_MAX + 1];
};

/* Allocate a status: a copy of @old, or that of a link that is down if @old is NULL.
 * Returns NULL without memory.
 */
struct teredo_status *teredo_status_new(const struct teredo_status *old);
void teredo_status_free(struct teredo_status *status);

/* Replace the status of @td, which takes ownership of @status. Does not notify. RTNL. */
void teredo_status_replace(struct teredo_dev *td, struct teredo_status *status);

#endif /* TEREDO_STATUS_H */
