/* SPDX-License-Identifier: GPL-2.0 */
/* The device that a request is about. Requests that only look, and those that need not wait
 * for others, have it under RCU, the others under RTNL: the specification says which
 * (teredo_nl_rcu_pre_doit() and the like), and also whether whoever asks may decide what the
 * sockets send ("change"), or is a client's controller ("control").
 */
#ifndef TEREDO_FIND_H
#define TEREDO_FIND_H

#include <net/genetlink.h>

struct net;
struct netlink_ext_ack;
struct nlattr;
struct teredo_dev;

/* The device of a request that is being dealt with, until its end. */
static inline struct teredo_dev *teredo_nl_dev(const struct genl_info *info)
{
	return info->user_ptr[0];
}

/* The device that @attrs name, or ERR_PTR and extack: for dumps. RTNL or RCU. */
struct teredo_dev *teredo_nl_find(struct net *net, struct nlattr **attrs,
				  struct netlink_ext_ack *extack);

/* The same for a request that changes something, and has to let go of the device
 * meanwhile: whoever opened the netlink socket has to be permitted. RTNL or RCU.
 */
struct teredo_dev *teredo_nl_find_to_change(const struct sk_buff *skb,
					    struct genl_info *info);

/* The device of a namespace with the lowest index above @after. RCU. */
struct teredo_dev *teredo_nl_next(struct net *net, int after);

#endif /* TEREDO_FIND_H */
