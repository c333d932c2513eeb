/* SPDX-License-Identifier: GPL-2.0 */
/* Look up the device that a request is about, before its handler runs. The specification
 * (teredo.yaml) selects one of teredo_nl_rcu_pre_doit() and its siblings: whether the
 * handler runs under RCU or RTNL, and whether the requester has to be permitted to decide
 * what the sockets send ("change"), or also to be the controller of a client ("control").
 */
#ifndef TEREDO_FIND_H
#define TEREDO_FIND_H

#include <net/genetlink.h>

struct net;
struct netlink_ext_ack;
struct nlattr;
struct teredo_dev;

/* Return the device of the request, valid until its handler returns. */
static inline struct teredo_dev *teredo_nl_dev(const struct genl_info *info)
{
	return info->user_ptr[0];
}

/* Return the device that @attrs name. Returns ERR_PTR with extack: -EINVAL without a name,
 * -ENODEV, or -EOPNOTSUPP if it is not of our type. For dumps. RTNL or RCU.
 */
struct teredo_dev *teredo_nl_find(struct net *net, struct nlattr **attrs,
				  struct netlink_ext_ack *extack);

/* The same for a request that changes the device, if the handler has to look it up itself.
 * Checks that the opener of the netlink socket is permitted; if not, returns
 * ERR_PTR(-EPERM) with extack. RTNL or RCU.
 */
struct teredo_dev *teredo_nl_find_to_change(const struct sk_buff *skb,
					    struct genl_info *info);

/* Return the device of a namespace with the lowest index above @after, or NULL. RCU. */
struct teredo_dev *teredo_nl_next(struct net *net, int after);

#endif /* TEREDO_FIND_H */
