/* SPDX-License-Identifier: GPL-2.0 */
/* The device that a request is about. */
#ifndef TEREDO_FIND_H
#define TEREDO_FIND_H

struct genl_info;
struct net;
struct netlink_ext_ack;
struct nlattr;
struct sk_buff;
struct teredo_dev;

/* The device that a request names, or ERR_PTR and extack. RTNL or RCU, as all. */
struct teredo_dev *teredo_nl_find(struct net *net, struct nlattr **attrs,
				  struct netlink_ext_ack *extack);
struct teredo_dev *teredo_nl_dev(struct genl_info *info);

/* The same, for a request that decides what the sockets send. Who opened the
 * netlink socket counts, not only who writes to it.
 */
struct teredo_dev *teredo_nl_dev_to_change(const struct sk_buff *skb,
					   struct genl_info *info);

/* The same, of a client that has no other controller. */
struct teredo_dev *teredo_nl_dev_to_control(const struct sk_buff *skb,
					    struct genl_info *info);

/* The device of a namespace with the lowest index above @after. RCU. */
struct teredo_dev *teredo_nl_next(struct net *net, int after);

#endif /* TEREDO_FIND_H */
