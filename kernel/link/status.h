/* SPDX-License-Identifier: GPL-2.0 */
/* What state a link is in. */
#ifndef TEREDO_STATUS_H
#define TEREDO_STATUS_H

#include <linux/in6.h>
#include <linux/rcupdate.h>
#include <linux/time64.h>
#include <uapi/linux/teredo.h>

struct teredo_dev;

/* Outcome of qualification, replaced as a whole: readers see one state or
 * the next, never a mixture. Addresses in network byte order.
 */
struct teredo_status {
	enum teredo_state state;
	enum teredo_nat nat;
	struct in6_addr address;	/* :: unless qualified */
	__be32 mapped_addr;
	__be16 mapped_port;
	__be32 server;
	__be32 server2;
	u32 learned_refresh;		/* seconds, 0: none; only told */
	time64_t since;			/* of this state, seconds since boot */
	struct rcu_head rcu;
	char reason[TEREDO_REASON_MAX + 1];
};

/* A status for it: a copy of @old, or with NULL that of a link that is down. NULL
 * without memory.
 */
struct teredo_status *teredo_status_new(const struct teredo_status *old);
void teredo_status_free(struct teredo_status *status);

/* Replace the status of @td, whose it becomes, and tell nobody. RTNL. */
void teredo_status_replace(struct teredo_dev *td, struct teredo_status *status);

#endif /* TEREDO_STATUS_H */
