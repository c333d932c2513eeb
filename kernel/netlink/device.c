// SPDX-License-Identifier: GPL-2.0
#include "netlink/device.h"

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "base/compat.h"
#include "control/control.h"
#include "data/socket.h"
#include "device/device.h"
#include "netlink/family.h"
#include "netlink/find.h"
#include "netlink/netlink-gen.h"
#include "peer/table.h"

static int fill_status(struct sk_buff *skb, const struct teredo_status *status)
{
	if (nla_put_u8(skb, TEREDO_A_DEV_STATE, status->state) ||
	    nla_put_u8(skb, TEREDO_A_DEV_NAT, status->nat))
		return -EMSGSIZE;
	if (status->server &&
	    (nla_put_in_addr(skb, TEREDO_A_DEV_SERVER, status->server) ||
	     nla_put_in_addr(skb, TEREDO_A_DEV_SERVER2, status->server2)))
		return -EMSGSIZE;
	if (status->mapped_port &&
	    (nla_put_in_addr(skb, TEREDO_A_DEV_MAPPED_ADDRESS,
			     status->mapped_addr) ||
	     nla_put_be16(skb, TEREDO_A_DEV_MAPPED_PORT, status->mapped_port)))
		return -EMSGSIZE;
	if (status->state == TEREDO_STATE_QUALIFIED &&
	    nla_put_in6_addr(skb, TEREDO_A_DEV_ADDRESS, &status->address))
		return -EMSGSIZE;
	if (status->learned_refresh &&
	    nla_put_u32(skb, TEREDO_A_DEV_LEARNED_REFRESH,
			status->learned_refresh))
		return -EMSGSIZE;
	if (status->reason[0] &&
	    nla_put_string(skb, TEREDO_A_DEV_REASON, status->reason))
		return -EMSGSIZE;
	if (nla_put_u32(skb, TEREDO_A_DEV_STATE_AGE,
			ktime_get_boottime_seconds() - status->since))
		return -EMSGSIZE;
	return 0;
}

static int fill_controller(struct sk_buff *skb, struct teredo_dev *td)
{
	u32 portid = teredo_control_portid(td), seconds;

	if (portid && nla_put_u32(skb, TEREDO_A_DEV_CONTROLLER, portid))
		return -EMSGSIZE;
	if (teredo_control_left(td, &seconds) &&
	    nla_put_u32(skb, TEREDO_A_DEV_CONTROLLER_LEFT, seconds))
		return -EMSGSIZE;
	return 0;
}

static int fill_socket(struct sk_buff *skb, const struct teredo_dev *td)
{
	const struct teredo_sock *ts;

	ts = rcu_dereference(td->sockets->sock[TEREDO_SOCK_PRIMARY]);
	if (ts && (nla_put_be16(skb, TEREDO_A_DEV_PORT, ts->port) ||
		   nla_put_in_addr(skb, TEREDO_A_DEV_LOCAL, ts->addr)))
		return -EMSGSIZE;
	return 0;
}

static int fill_nests(struct sk_buff *skb, struct teredo_dev *td,
		      bool with_stats)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, TEREDO_A_DEV_CONFIG);
	if (!nest || teredo_config_fill(skb, rcu_dereference(td->config)))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);

	if (!with_stats)
		return 0;
	nest = nla_nest_start(skb, TEREDO_A_DEV_STATS);
	if (!nest || teredo_stats_fill(skb, td->stats))
		return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int teredo_nl_fill_dev(struct sk_buff *skb, struct teredo_dev *td, u32 portid,
		       u32 seq, int flags, enum teredo_cmd cmd, bool with_stats)
{
	struct net_device *dev = td->dev;
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &teredo_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	rcu_read_lock();
	if (nla_put_u32(skb, TEREDO_A_DEV_IFINDEX, dev->ifindex) ||
	    nla_put_string(skb, TEREDO_A_DEV_IFNAME, dev->name) ||
	    fill_status(skb, rcu_dereference(td->status)) ||
	    fill_socket(skb, td) ||
	    nla_put_u32(skb, TEREDO_A_DEV_MTU, READ_ONCE(dev->mtu)) ||
	    (READ_ONCE(td->mtu_configured) &&
	     nla_put_u32(skb, TEREDO_A_DEV_MTU_CONFIGURED,
			 READ_ONCE(td->mtu_configured))) ||
	    nla_put_u32(skb, TEREDO_A_DEV_PEERS,
			teredo_peers_count(td->peers)) ||
	    fill_controller(skb, td) ||
	    (READ_ONCE(td->server_known) &&
	     nla_put_u32(skb, TEREDO_A_DEV_SERVER_IDLE,
			 jiffies_to_msecs(jiffies -
					  READ_ONCE(td->server_heard)))) ||
	    (READ_ONCE(td->server_asked) &&
	     nla_put_u32(skb, TEREDO_A_DEV_SERVER_SENT,
			 jiffies_to_msecs(jiffies -
					  READ_ONCE(td->server_sent)))) ||
	    (!net_eq(td->underlay, dev_net(dev)) &&
	     nla_put_s32(skb, TEREDO_A_DEV_LINK_NETNSID,
			 peernet2id(dev_net(dev), td->underlay))) ||
	    fill_nests(skb, td, with_stats)) {
		rcu_read_unlock();
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	rcu_read_unlock();
	genlmsg_end(skb, hdr);
	return 0;
}

struct sk_buff *teredo_nl_new_dev_msg(bool with_stats, gfp_t gfp)
{
	size_t size = teredo_config_size() + TEREDO_REASON_MAX + 512;

	if (with_stats)
		size += teredo_stats_size() + NLA_HDRLEN;
	return genlmsg_new(size, gfp);
}

int teredo_nl_reply_dev(struct genl_info *info, struct teredo_dev *td,
			enum teredo_cmd cmd, bool with_stats)
{
	struct sk_buff *msg = teredo_nl_new_dev_msg(with_stats, GFP_ATOMIC);
	int err;

	if (!msg)
		return -ENOMEM;
	err = teredo_nl_fill_dev(msg, td, info->snd_portid, info->snd_seq, 0, cmd,
				 with_stats);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int teredo_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	return teredo_nl_reply_dev(info, teredo_nl_dev(info), TEREDO_CMD_DEV_GET,
				   info->attrs[TEREDO_A_DEV_WITH_STATS]);
}

int teredo_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool with_stats = teredo_compat_dump_attrs(cb)[TEREDO_A_DEV_WITH_STATS];
	struct net *net = sock_net(skb->sk);
	struct teredo_dev *td;

	rcu_read_lock();
	while ((td = teredo_nl_next(net, cb->args[0]))) {
		if (teredo_nl_fill_dev(skb, td, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI,
				       TEREDO_CMD_DEV_GET, with_stats))
			break;
		cb->args[0] = td->dev->ifindex;
	}
	rcu_read_unlock();
	return skb->len;
}

int teredo_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *tb[ARRAY_SIZE(teredo_config_nl_policy)];
	struct teredo_dev *td = teredo_nl_dev(info);
	struct teredo_config *cfg;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TEREDO_A_DEV_CONFIG)) {
		NL_SET_ERR_MSG(info->extack, "config is missing");
		return -EINVAL;
	}
	err = nla_parse_nested(tb, ARRAY_SIZE(tb) - 1,
			       info->attrs[TEREDO_A_DEV_CONFIG],
			       teredo_config_nl_policy, info->extack);
	if (err)
		return err;

	cfg = teredo_config_parse(rtnl_dereference(td->config), tb,
				  netif_running(td->dev), info->extack);
	if (IS_ERR(cfg))
		return PTR_ERR(cfg);
	err = teredo_apply_config(td, cfg, info->extack);
	if (err)
		teredo_config_free(cfg);
	return err;
}
