// SPDX-License-Identifier: GPL-2.0
#include "netlink/find.h"

#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/net_namespace.h>

#include "base/compat.h"
#include "control/control.h"
#include "device/device.h"
#include "link/role.h"
#include "netlink/netlink-gen.h"

static struct net_device *find_netdev(struct net *net, struct nlattr **attrs,
				      struct netlink_ext_ack *extack)
{
	/* All attribute sets that name a device begin with the same attributes. */
	const struct nlattr *index = attrs[TEREDO_A_DEV_IFINDEX];
	const struct nlattr *name = attrs[TEREDO_A_DEV_IFNAME];
	struct net_device *dev;
	char buf[IFNAMSIZ];

	if (index) {
		dev = dev_get_by_index_rcu(net, nla_get_u32(index));
	} else if (name) {
		nla_strscpy(buf, name, sizeof(buf));
		dev = dev_get_by_name_rcu(net, buf);
	} else {
		NL_SET_ERR_MSG(extack, "ifindex or ifname is missing");
		return ERR_PTR(-EINVAL);
	}
	if (!dev) {
		NL_SET_ERR_MSG_ATTR(extack, index ?: name, "no such device");
		return ERR_PTR(-ENODEV);
	}
	return dev;
}

static_assert(!((int)TEREDO_A_DEV_IFINDEX ^ (int)TEREDO_A_PEER_IFINDEX) &&
	      !((int)TEREDO_A_DEV_IFINDEX ^ (int)TEREDO_A_DATAGRAM_IFINDEX) &&
	      !((int)TEREDO_A_DEV_IFINDEX ^ (int)TEREDO_A_SECRET_IFINDEX) &&
	      !((int)TEREDO_A_DEV_IFNAME ^ (int)TEREDO_A_SECRET_IFNAME) &&
	      !((int)TEREDO_A_DEV_IFNAME ^ (int)TEREDO_A_PEER_IFNAME) &&
	      !((int)TEREDO_A_DEV_IFNAME ^ (int)TEREDO_A_DATAGRAM_IFNAME));

struct teredo_dev *teredo_nl_find(struct net *net, struct nlattr **attrs,
				  struct netlink_ext_ack *extack)
{
	struct net_device *dev;
	struct teredo_dev *td;

	rcu_read_lock();
	dev = find_netdev(net, attrs, extack);
	rcu_read_unlock();
	if (IS_ERR(dev))
		return ERR_CAST(dev);
	td = teredo_from_netdev(dev);
	if (!td) {
		NL_SET_ERR_MSG_ATTR(extack, attrs[TEREDO_A_DEV_IFINDEX] ?:
				    attrs[TEREDO_A_DEV_IFNAME],
				    "device is not of type teredo");
		return ERR_PTR(-EOPNOTSUPP);
	}
	return td;
}

struct teredo_dev *teredo_nl_next(struct net *net, int after)
{
	struct teredo_dev *best = NULL;
	struct net_device *dev;

	for_each_netdev_rcu(net, dev) {
		struct teredo_dev *td = teredo_from_netdev(dev);

		if (td && dev->ifindex > after &&
		    (!best || dev->ifindex < best->dev->ifindex))
			best = td;
	}
	return best;
}

/* -- requests about one -- */

static struct teredo_dev *named_dev(struct genl_info *info)
{
	return teredo_nl_find(genl_info_net(info), info->attrs, info->extack);
}

struct teredo_dev *teredo_nl_find_to_change(const struct sk_buff *skb,
					    struct genl_info *info)
{
	struct teredo_dev *td = named_dev(info);
	int err;

	if (IS_ERR(td))
		return td;
	err = teredo_check_underlay(td, netlink_ns_capable(skb, td->underlay->user_ns,
							   CAP_NET_ADMIN),
				  info->extack);
	return err ? ERR_PTR(err) : td;
}

/* The same for a request of a controller: the device has to be a client that has no other
 * controller.
 */
static struct teredo_dev *dev_to_control(const struct sk_buff *skb,
					 struct genl_info *info)
{
	struct teredo_dev *td = teredo_nl_find_to_change(skb, info);
	u32 controller;

	if (IS_ERR(td))
		return td;
	if (READ_ONCE(td->role)->start_state != TEREDO_STATE_STARTING) {
		NL_SET_ERR_MSG(info->extack, "only a client has a controller");
		return ERR_PTR(-EOPNOTSUPP);
	}
	controller = teredo_control_portid(td);
	if (controller && controller != info->snd_portid) {
		NL_SET_ERR_MSG(info->extack,
			       "the device has a controller already");
		return ERR_PTR(-EBUSY);
	}
	return td;
}

/* Set the device of the request. @td may be ERR_PTR; then returns that error. */
static int begin(struct genl_info *info, struct teredo_dev *td)
{
	info->user_ptr[0] = td;
	return PTR_ERR_OR_ZERO(td);
}

/* Release RCU on failure, as post_doit() is not called then. sparse cannot know that. */
static int begin_rcu(struct genl_info *info, struct teredo_dev *td)
	__must_hold(RCU)
{
	int err = begin(info, td);

	if (err) {
		rcu_read_unlock();
		__acquire(RCU);
	}
	return err;
}

static int begin_rtnl(struct genl_info *info, struct teredo_dev *td)
{
	int err = begin(info, td);

	if (err)
		rtnl_unlock();
	return err;
}

int teredo_nl_rcu_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			   struct genl_info *info)
	__acquires(RCU)
{
	rcu_read_lock();
	return begin_rcu(info, named_dev(info));
}

int teredo_nl_rcu_change_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
				  struct genl_info *info)
	__acquires(RCU)
{
	rcu_read_lock();
	return begin_rcu(info, teredo_nl_find_to_change(skb, info));
}

int teredo_nl_rcu_control_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
				   struct genl_info *info)
	__acquires(RCU)
{
	rcu_read_lock();
	return begin_rcu(info, dev_to_control(skb, info));
}

int teredo_nl_rtnl_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			    struct genl_info *info)
{
	rtnl_lock();
	return begin_rtnl(info, named_dev(info));
}

int teredo_nl_rtnl_change_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
				   struct genl_info *info)
{
	rtnl_lock();
	return begin_rtnl(info, teredo_nl_find_to_change(skb, info));
}

int teredo_nl_rtnl_control_pre_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
				    struct genl_info *info)
{
	rtnl_lock();
	return begin_rtnl(info, dev_to_control(skb, info));
}

void teredo_nl_rcu_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			     struct genl_info *info)
	__releases(RCU)
{
	rcu_read_unlock();
}

void teredo_nl_rtnl_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			      struct genl_info *info)
{
	rtnl_unlock();
}
