// SPDX-License-Identifier: GPL-2.0
#include "netlink/netlink.h"

#include <linux/capability.h>
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>

#include "base/compat.h"
#include "link/device.h"
#include "base/ledger.h"
#include "netlink/netlink-gen.h"
#include "peer/table.h"
#include "link/role.h"

static struct genl_family teredo_nl_family;

/* -- finding a device -- */

static struct net_device *find_netdev(struct net *net, struct nlattr **attrs,
				      struct netlink_ext_ack *extack)
{
	/* All sets that name devices begin alike. */
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

/* The device that a request names, or ERR_PTR. RTNL or RCU. */
static struct teredo_dev *find_dev(struct net *net, struct nlattr **attrs,
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

static struct teredo_dev *info_dev(struct genl_info *info)
{
	return find_dev(genl_info_net(info), info->attrs, info->extack);
}

/* The same, for a request that decides what the sockets send. Who opened the
 * netlink socket counts, not only who writes to it.
 */
static struct teredo_dev *info_dev_to_change(const struct sk_buff *skb,
					     struct genl_info *info)
{
	struct teredo_dev *td = info_dev(info);
	int err;

	if (IS_ERR(td))
		return td;
	err = teredo_check_origin(td, netlink_ns_capable(skb, td->net->user_ns,
							 CAP_NET_ADMIN),
				  info->extack);
	return err ? ERR_PTR(err) : td;
}

/* The device of a namespace with the lowest index above @after. RCU. */
static struct teredo_dev *next_dev(struct net *net, int after)
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

/* -- devices -- */

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

	ts = rcu_dereference(td->sockets.sock[TEREDO_SOCK_PRIMARY]);
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

/* One message about a device; the only function that writes one. */
static int fill_dev(struct sk_buff *skb, struct teredo_dev *td, u32 portid,
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
			teredo_peers_count(&td->peers)) ||
	    fill_controller(skb, td) ||
	    (READ_ONCE(td->server_known) &&
	     nla_put_u32(skb, TEREDO_A_DEV_SERVER_IDLE,
			 jiffies_to_msecs(jiffies -
					  READ_ONCE(td->server_heard)))) ||
	    (READ_ONCE(td->server_asked) &&
	     nla_put_u32(skb, TEREDO_A_DEV_SERVER_SENT,
			 jiffies_to_msecs(jiffies -
					  READ_ONCE(td->server_sent)))) ||
	    (!net_eq(td->net, dev_net(dev)) &&
	     nla_put_s32(skb, TEREDO_A_DEV_LINK_NETNSID,
			 peernet2id(dev_net(dev), td->net))) ||
	    fill_nests(skb, td, with_stats)) {
		rcu_read_unlock();
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	rcu_read_unlock();
	genlmsg_end(skb, hdr);
	return 0;
}

static struct sk_buff *new_dev_msg(bool with_stats, gfp_t gfp)
{
	size_t size = teredo_config_size() + TEREDO_REASON_MAX + 512;

	if (with_stats)
		size += teredo_stats_size() + NLA_HDRLEN;
	return genlmsg_new(size, gfp);
}

static int reply_dev(struct genl_info *info, struct teredo_dev *td,
		     enum teredo_cmd cmd, bool with_stats)
{
	struct sk_buff *msg = new_dev_msg(with_stats, GFP_ATOMIC);
	int err;

	if (!msg)
		return -ENOMEM;
	err = fill_dev(msg, td, info->snd_portid, info->snd_seq, 0, cmd,
		       with_stats);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int teredo_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td;
	int err;

	rcu_read_lock();
	td = info_dev(info);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = reply_dev(info, td, TEREDO_CMD_DEV_GET,
				info->attrs[TEREDO_A_DEV_WITH_STATS]);
	rcu_read_unlock();
	return err;
}

int teredo_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	bool with_stats = teredo_compat_dump_attrs(cb)[TEREDO_A_DEV_WITH_STATS];
	struct net *net = sock_net(skb->sk);
	struct teredo_dev *td;

	rcu_read_lock();
	while ((td = next_dev(net, cb->args[0]))) {
		if (fill_dev(skb, td, NETLINK_CB(cb->skb).portid,
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
	struct teredo_config *cfg;
	struct teredo_dev *td;
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

	rtnl_lock();
	td = info_dev_to_change(skb, info);
	err = PTR_ERR_OR_ZERO(td);
	if (err)
		goto out;
	cfg = teredo_config_parse(rtnl_dereference(td->config), tb,
				  netif_running(td->dev), info->extack);
	err = PTR_ERR_OR_ZERO(cfg);
	if (err)
		goto out;
	err = teredo_apply_config(td, cfg, info->extack);
	if (err)
		teredo_config_free(cfg);
out:
	rtnl_unlock();
	return err;
}

static void dev_event(struct teredo_dev *td, enum teredo_cmd cmd)
{
	struct net *net = dev_net(td->dev);
	struct sk_buff *msg;

	if (!genl_has_listeners(&teredo_nl_family, net, TEREDO_NLGRP_STATE))
		return;
	msg = new_dev_msg(false, GFP_ATOMIC);
	if (!msg) {
		/* They ask again, as after any that was lost. */
		genl_set_err(&teredo_nl_family, net, 0, TEREDO_NLGRP_STATE,
			     -ENOBUFS);
		return;
	}
	if (fill_dev(msg, td, 0, 0, 0, cmd, false))
		nlmsg_free(msg);
	else
		genlmsg_multicast_netns(&teredo_nl_family, net, msg, 0,
					TEREDO_NLGRP_STATE, GFP_ATOMIC);
}

void teredo_nl_dev_event(struct teredo_dev *td)
{
	dev_event(td, TEREDO_CMD_DEV_NTF);
}

void teredo_nl_dev_gone(struct teredo_dev *td)
{
	dev_event(td, TEREDO_CMD_DEV_DEL_NTF);
}

/* -- the controller -- */

/* Check the part of @status that came with a request against the rest. */
static int check_status(const struct teredo_config *cfg,
			const struct teredo_status *status,
			struct genl_info *info)
{
	struct netlink_ext_ack *extack = info->extack;
	struct teredo_addr ta;

	if (status->state != TEREDO_STATE_STARTING &&
	    status->state != TEREDO_STATE_QUALIFIED &&
	    status->state != TEREDO_STATE_OFFLINE) {
		NL_SET_ERR_MSG_ATTR(extack, info->attrs[TEREDO_A_DEV_STATE],
				    "state must be starting, qualified or offline");
		return -EINVAL;
	}
	if (status->mapped_addr &&
	    !teredo_ipv4_is_global(status->mapped_addr)) {
		NL_SET_ERR_MSG_ATTR(extack,
				    info->attrs[TEREDO_A_DEV_MAPPED_ADDRESS],
				    "mapped-address is not global unicast");
		return -EINVAL;
	}
	if (status->state != TEREDO_STATE_QUALIFIED)
		return 0;
	if (!status->mapped_addr || !status->mapped_port) {
		NL_SET_ERR_MSG(extack, "mapped-address or mapped-port is missing");
		return -EINVAL;
	}
	if (!teredo_config_covers(cfg, &status->address) ||
	    !teredo_addr_is_usable(&ta, &status->address)) {
		NL_SET_ERR_MSG_ATTR(extack, info->attrs[TEREDO_A_DEV_ADDRESS],
				    "address is not a usable Teredo address");
		return -EINVAL;
	}
	if (ta.client != status->mapped_addr ||
	    ta.port != status->mapped_port) {
		NL_SET_ERR_MSG_ATTR(extack, info->attrs[TEREDO_A_DEV_ADDRESS],
				    "address does not hold the mapped address and port");
		return -EINVAL;
	}
	if (!teredo_ipv4_is_global(status->server) ||
	    !teredo_ipv4_is_global(status->server2)) {
		NL_SET_ERR_MSG(extack,
			       "server and server2 must be global unicast");
		return -EINVAL;
	}
	return 0;
}

/* A state replaces the reason and the server of the one before, so that all three are
 * of one moment; who stays qualified need not repeat the server.
 */
static void parse_status(struct teredo_status *status,
			 const struct teredo_config *cfg, struct nlattr **attrs)
{
	if (attrs[TEREDO_A_DEV_STATE]) {
		status->state = nla_get_u8(attrs[TEREDO_A_DEV_STATE]);
		status->reason[0] = 0;
	}
	if (attrs[TEREDO_A_DEV_REASON])
		nla_strscpy(status->reason, attrs[TEREDO_A_DEV_REASON],
			    sizeof(status->reason));
	if (status->state != TEREDO_STATE_QUALIFIED) {
		memset(&status->address, 0, sizeof(status->address));
		status->mapped_addr = 0;
		status->mapped_port = 0;
		status->learned_refresh = 0;
		if (attrs[TEREDO_A_DEV_STATE]) {
			status->server = 0;
			status->server2 = 0;
		}
	} else {
		if (attrs[TEREDO_A_DEV_ADDRESS])
			status->address =
				nla_get_in6_addr(attrs[TEREDO_A_DEV_ADDRESS]);
		if (attrs[TEREDO_A_DEV_LEARNED_REFRESH])
			status->learned_refresh =
				nla_get_u32(attrs[TEREDO_A_DEV_LEARNED_REFRESH]);
	}
	if (attrs[TEREDO_A_DEV_MAPPED_ADDRESS])
		status->mapped_addr =
			nla_get_in_addr(attrs[TEREDO_A_DEV_MAPPED_ADDRESS]);
	if (attrs[TEREDO_A_DEV_MAPPED_PORT])
		status->mapped_port =
			nla_get_be16(attrs[TEREDO_A_DEV_MAPPED_PORT]);
	if (attrs[TEREDO_A_DEV_NAT])
		status->nat = nla_get_u8(attrs[TEREDO_A_DEV_NAT]);
	if (attrs[TEREDO_A_DEV_SERVER]) {
		status->server = nla_get_in_addr(attrs[TEREDO_A_DEV_SERVER]);
		/* Not that of another server. */
		status->server2 = 0;
	}
	if (attrs[TEREDO_A_DEV_SERVER2])
		status->server2 = nla_get_in_addr(attrs[TEREDO_A_DEV_SERVER2]);
	if (!status->server2)
		status->server2 = teredo_config_server2(cfg, status->server);
}

/* The device of a client that is up and not somebody else's, or ERR_PTR. */
static struct teredo_dev *controlled_dev(const struct sk_buff *skb,
					 struct genl_info *info)
{
	struct teredo_dev *td = info_dev_to_change(skb, info);
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

/* A link that is down has no state to be set, but there may be a reason why it
 * cannot be set up. RTNL.
 */
static int set_reason_of_down(struct teredo_dev *td, struct genl_info *info)
{
	const struct nlattr *reason = info->attrs[TEREDO_A_DEV_REASON];
	struct teredo_status *status;

	if (!reason || info->attrs[TEREDO_A_DEV_STATE]) {
		NL_SET_ERR_MSG(info->extack, "the link is down");
		return -ENETDOWN;
	}
	status = teredo_status_new(rtnl_dereference(td->status));
	if (!status)
		return -ENOMEM;
	nla_strscpy(status->reason, reason, sizeof(status->reason));
	teredo_set_status(td, status);
	return 0;
}

int teredo_nl_state_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_status *old, *status;
	const struct teredo_config *cfg;
	struct teredo_dev *td;
	bool moved;
	int err;

	rtnl_lock();
	td = controlled_dev(skb, info);
	err = PTR_ERR_OR_ZERO(td);
	if (err)
		goto out;
	if (!netif_running(td->dev)) {
		err = set_reason_of_down(td, info);
		goto out;
	}
	old = rtnl_dereference(td->status);
	status = teredo_status_new(old);
	if (!status) {
		err = -ENOMEM;
		goto out;
	}
	cfg = rtnl_dereference(td->config);
	parse_status(status, cfg, info->attrs);
	err = check_status(cfg, status, info);
	if (err) {
		teredo_status_free(status);
		goto out;
	}
	/* The controller asks a server that we do not know, or has just heard it. */
	if (status->server != old->server ||
	    (status->state == TEREDO_STATE_QUALIFIED &&
	     old->state != TEREDO_STATE_QUALIFIED)) {
		WRITE_ONCE(td->server_heard, jiffies);
		WRITE_ONCE(td->server_known,
			   status->state == TEREDO_STATE_QUALIFIED);
	}
	/* When it asked that one, it knows itself. */
	if (status->server != old->server)
		WRITE_ONCE(td->server_asked, false);
	if (info->attrs[TEREDO_A_DEV_MTU_CONFIGURED])
		WRITE_ONCE(td->mtu_configured,
			   nla_get_u32(info->attrs[TEREDO_A_DEV_MTU_CONFIGURED]));
	/* Peers know us by the old address (C-61). */
	moved = old->state == TEREDO_STATE_QUALIFIED &&
		!ipv6_addr_equal(&old->address, &status->address);
	teredo_set_status(td, status);
	if (moved)
		teredo_peers_flush(td, false, TEREDO_PEER_CAUSE_ADDRESS);
out:
	rtnl_unlock();
	return err;
}

int teredo_nl_control_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td;
	int err;

	rtnl_lock();
	td = controlled_dev(skb, info);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = teredo_control_bind(td, genl_info_net(info),
					  info->snd_portid, info->extack);
	if (!err)
		err = reply_dev(info, td, TEREDO_CMD_CONTROL_BIND, false);
	if (!err)
		teredo_nl_dev_event(td);
	rtnl_unlock();
	return err;
}

/* The reason that teredo_send_buf() gives, in words where the number does not say
 * what to look for.
 */
static void say_why_not_sent(struct netlink_ext_ack *extack,
			     const struct teredo_dev *td, int err)
{
	switch (err) {
	case -EPERM:
		NL_SET_ERR_MSG(extack,
			       "a firewall or IPsec rule of this host does not let the datagram out");
		return;
	case -ENOBUFS:
		NL_SET_ERR_MSG(extack,
			       "a queue on the way out has no room for the datagram");
		return;
	case -ENOTUNIQ:
		NL_SET_ERR_MSG(extack,
			       "address is a broadcast or multicast address here");
		return;
	case -EACCES:
		NL_SET_ERR_MSG(extack, "an IPv4 route prohibits address");
		return;
	case -EINVAL:
		NL_SET_ERR_MSG(extack,
			       "an IPv4 route discards what is for address, or local is no address of this host any more");
		return;
	case -ELOOP:
		NL_SET_ERR_MSG(extack,
			       "the IPv4 route to address leads back into the tunnel, or address is the device's own");
		return;
	case -ENETDOWN:
		if (!netif_running(td->dev))
			NL_SET_ERR_MSG(extack, "the link is down");
		return;
	case -ENETUNREACH:
	case -EHOSTUNREACH:
		NL_SET_ERR_MSG(extack, "no IPv4 route to address");
		return;
	}
}

int teredo_nl_control_send_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *payload = info->attrs[TEREDO_A_DATAGRAM_PAYLOAD];
	union teredo_endpoint to;
	struct teredo_dev *td;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TEREDO_A_DATAGRAM_ADDRESS) ||
	    GENL_REQ_ATTR_CHECK(info, TEREDO_A_DATAGRAM_PORT) ||
	    GENL_REQ_ATTR_CHECK(info, TEREDO_A_DATAGRAM_PAYLOAD)) {
		NL_SET_ERR_MSG(info->extack,
			       "address, port or payload is missing");
		return -EINVAL;
	}
	to = teredo_endpoint(nla_get_in_addr(info->attrs[TEREDO_A_DATAGRAM_ADDRESS]),
			     nla_get_be16(info->attrs[TEREDO_A_DATAGRAM_PORT]));
	if (!teredo_ipv4_is_global(to.addr) || !to.port) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_DATAGRAM_ADDRESS],
				    "address is not global unicast, or port is 0");
		return -EINVAL;
	}
	if (!nla_len(payload) || nla_len(payload) > TEREDO_PAYLOAD_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, payload,
				    "payload is empty or too long");
		return -EMSGSIZE;
	}

	rcu_read_lock();
	local_bh_disable();
	td = controlled_dev(skb, info);
	err = PTR_ERR_OR_ZERO(td);
	if (err)
		goto out;
	teredo_control_expect(td, nla_data(payload), nla_len(payload));
	err = teredo_send_buf(td, TEREDO_SOCK_PRIMARY, to, nla_data(payload),
			      nla_len(payload));
	if (err)
		say_why_not_sent(info->extack, td, err);
	else
		teredo_count(td->stats, TEREDO_A_STATS_TX_CONTROL);
out:
	local_bh_enable();
	rcu_read_unlock();
	return err;
}

int teredo_nl_control_recv(struct teredo_dev *td, u32 portid,
			   union teredo_endpoint src, const void *data,
			   size_t len)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(2 * nla_total_size(sizeof(u32)) +
			  nla_total_size(sizeof(u16)) + nla_total_size(len),
			  GFP_ATOMIC);
	if (!msg)
		return -ENOMEM;
	hdr = genlmsg_put(msg, 0, 0, &teredo_nl_family, 0,
			  TEREDO_CMD_CONTROL_RECV);
	if (!hdr ||
	    nla_put_u32(msg, TEREDO_A_DATAGRAM_IFINDEX, td->dev->ifindex) ||
	    nla_put_in_addr(msg, TEREDO_A_DATAGRAM_ADDRESS, src.addr) ||
	    nla_put_be16(msg, TEREDO_A_DATAGRAM_PORT, src.port) ||
	    nla_put(msg, TEREDO_A_DATAGRAM_PAYLOAD, len, data)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_unicast(dev_net(td->dev), msg, portid);
}

void teredo_nl_control_error(struct teredo_dev *td, u32 portid,
			     union teredo_endpoint to, __be32 from, u8 type,
			     u8 code)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(NLMSG_DEFAULT_SIZE, GFP_ATOMIC);
	if (!msg)
		return;
	hdr = genlmsg_put(msg, 0, 0, &teredo_nl_family, 0,
			  TEREDO_CMD_CONTROL_ERROR);
	if (!hdr ||
	    nla_put_u32(msg, TEREDO_A_DATAGRAM_IFINDEX, td->dev->ifindex) ||
	    nla_put_in_addr(msg, TEREDO_A_DATAGRAM_ADDRESS, to.addr) ||
	    nla_put_be16(msg, TEREDO_A_DATAGRAM_PORT, to.port) ||
	    nla_put_in_addr(msg, TEREDO_A_DATAGRAM_ICMP_FROM, from) ||
	    nla_put_u8(msg, TEREDO_A_DATAGRAM_ICMP_TYPE, type) ||
	    nla_put_u8(msg, TEREDO_A_DATAGRAM_ICMP_CODE, code)) {
		nlmsg_free(msg);
		return;
	}
	genlmsg_end(msg, hdr);
	genlmsg_unicast(dev_net(td->dev), msg, portid);
}

/* A netlink socket was closed, perhaps a controller's; the device goes on. */
static int netlink_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	const struct netlink_notify *notify = data;
	struct net_device *dev;

	if (event != NETLINK_URELEASE || notify->protocol != NETLINK_GENERIC)
		return NOTIFY_DONE;
	rcu_read_lock();
	for_each_netdev_rcu(notify->net, dev) {
		struct teredo_dev *td = teredo_from_netdev(dev);

		if (td && teredo_control_closed(td, notify->net,
						notify->portid))
			teredo_nl_dev_event(td);
	}
	rcu_read_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = netlink_event,
};

/* -- peers -- */

/* @cause: of an event, or NULL. */
static int fill_peer(struct sk_buff *skb, const struct teredo_dev *td,
		     const struct teredo_peer_info *peer, u32 portid, u32 seq,
		     int flags, enum teredo_cmd cmd,
		     const enum teredo_peer_cause *cause,
		     struct netlink_callback *cb)
{
	void *hdr;

	hdr = genlmsg_put(skb, portid, seq, &teredo_nl_family, flags, cmd);
	if (!hdr)
		return -EMSGSIZE;
	if (cb)
		genl_dump_check_consistent(cb, hdr);
	if (nla_put_u32(skb, TEREDO_A_PEER_IFINDEX, td->dev->ifindex) ||
	    nla_put_in6_addr(skb, TEREDO_A_PEER_ADDRESS, &peer->addr) ||
	    (peer->mapped.word &&
	     (nla_put_in_addr(skb, TEREDO_A_PEER_MAPPED_ADDRESS,
			      peer->mapped.addr) ||
	      nla_put_be16(skb, TEREDO_A_PEER_MAPPED_PORT,
			   peer->mapped.port))) ||
	    nla_put_u8(skb, TEREDO_A_PEER_STATE, peer->state) ||
	    nla_put_u8(skb, TEREDO_A_PEER_KIND, peer->kind) ||
	    nla_put_u8(skb, TEREDO_A_PEER_PATH, peer->path) ||
	    (peer->heard &&
	     nla_put_u32(skb, TEREDO_A_PEER_IDLE_RX, peer->idle_rx)) ||
	    (peer->sent &&
	     nla_put_u32(skb, TEREDO_A_PEER_IDLE_TX, peer->idle_tx)) ||
	    nla_put_u32(skb, TEREDO_A_PEER_QUEUED, peer->queued) ||
	    nla_put_u32(skb, TEREDO_A_PEER_BUBBLES, peer->bubbles) ||
	    (peer->permanent && nla_put_flag(skb, TEREDO_A_PEER_PERMANENT)) ||
	    (cause && nla_put_u8(skb, TEREDO_A_PEER_CAUSE, *cause))) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

static struct sk_buff *new_peer_msg(gfp_t gfp)
{
	return genlmsg_new(13 * nla_total_size(sizeof(u32)) +
			   nla_total_size(sizeof(struct in6_addr)), gfp);
}

static bool get_peer_info(struct teredo_dev *td, const struct in6_addr *addr,
			  struct teredo_peer_info *info)
{
	const struct teredo_peer *peer;

	spin_lock_bh(&td->peers.lock);
	peer = teredo_peer_lookup(td, addr);
	if (peer)
		teredo_peer_info(td, peer, info);
	spin_unlock_bh(&td->peers.lock);
	return peer;
}

/* The address in a request about one peer. */
static int parse_peer(struct genl_info *info, struct in6_addr *addr)
{
	if (GENL_REQ_ATTR_CHECK(info, TEREDO_A_PEER_ADDRESS)) {
		NL_SET_ERR_MSG(info->extack, "address is missing");
		return -EINVAL;
	}
	*addr = nla_get_in6_addr(info->attrs[TEREDO_A_PEER_ADDRESS]);
	return 0;
}

int teredo_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_peer_info peer;
	struct teredo_dev *td;
	struct in6_addr addr;
	struct sk_buff *msg;
	int err;

	err = parse_peer(info, &addr);
	if (err)
		return err;
	msg = new_peer_msg(GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	rcu_read_lock();
	td = info_dev(info);
	err = PTR_ERR_OR_ZERO(td);
	if (!err && !get_peer_info(td, &addr, &peer)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_ADDRESS],
				    "no such peer");
		err = -ENOENT;
	}
	if (!err)
		err = fill_peer(msg, td, &peer, info->snd_portid,
				info->snd_seq, 0, TEREDO_CMD_PEER_GET, NULL,
				NULL);
	rcu_read_unlock();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int teredo_nl_peer_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = teredo_compat_dump_attrs(cb);
	struct teredo_dump *dump;
	struct teredo_dev *td;

	/* A device that is named has to exist. */
	if (attrs[TEREDO_A_PEER_IFINDEX] || attrs[TEREDO_A_PEER_IFNAME]) {
		rcu_read_lock();
		td = find_dev(sock_net(cb->skb->sk), attrs, cb->extack);
		rcu_read_unlock();
		if (IS_ERR(td))
			return PTR_ERR(td);
	}
	dump = teredo_made(TEREDO_OBJECT_DUMP,
			   kzalloc(sizeof(*dump), GFP_KERNEL));
	if (!dump)
		return -ENOMEM;
	cb->args[0] = (long)dump;
	cb->seq = 1;
	return 0;
}

int teredo_nl_peer_get_done(struct netlink_callback *cb)
{
	struct teredo_dump *dump = (struct teredo_dump *)cb->args[0];

	mutex_lock(&teredo_dump_mutex);
	teredo_dump_end(dump);
	mutex_unlock(&teredo_dump_mutex);
	kfree(teredo_gone(TEREDO_OBJECT_DUMP, dump));
	return 0;
}

/* Bind the dump to the next device it is about; false if there is none. */
static bool dump_next_dev(struct teredo_dump *dump, struct net *net,
			  struct nlattr **attrs)
{
	struct teredo_dev *td;

	rcu_read_lock();
	if (attrs[TEREDO_A_PEER_IFINDEX] || attrs[TEREDO_A_PEER_IFNAME]) {
		td = dump->ifindex ? NULL : find_dev(net, attrs, NULL);
		if (IS_ERR(td))
			td = NULL;
	} else {
		td = next_dev(net, dump->ifindex);
	}
	/* Listed under RCU, so it cannot be torn down before it sees us. */
	if (td)
		teredo_dump_begin(dump, td);
	rcu_read_unlock();
	return td;
}

/* A message about @peer, if it is of the state that is wanted; false if there is no
 * more room. RCU.
 */
static bool dump_peer(struct sk_buff *skb, struct netlink_callback *cb,
		      struct teredo_dev *td, const struct teredo_peer *peer,
		      const struct nlattr *state)
{
	struct teredo_peer_info info;

	if (state && nla_get_u8(state) != READ_ONCE(peer->state))
		return true;
	spin_lock_bh(&td->peers.lock);
	teredo_peer_info(td, peer, &info);
	spin_unlock_bh(&td->peers.lock);
	return !fill_peer(skb, td, &info, NETLINK_CB(cb->skb).portid,
			  cb->nlh->nlmsg_seq, NLM_F_MULTI,
			  TEREDO_CMD_PEER_GET, NULL, cb);
}

/* Whoever wants few of a million peers has them all looked at. After so many, others
 * get their turn: those who wait for this CPU, for RCU, or, with RTNL, for the mutex.
 */
#define DUMP_SLICE	1024

enum dump_end {
	DUMP_DONE,	/* with this device */
	DUMP_PAUSE,	/* somebody else's turn */
	DUMP_FULL,	/* no more room */
};

/* Take what the walk has shown of the chain that it stopped in off @skb, which was
 * @len long before, and have it go on with that chain from its beginning. What the walk
 * remembers is how many of the chain it has shown, and if one of them goes before it
 * comes back, it would pass by another one. Called before the walk is stopped.
 */
static void repeat_chain(struct rhashtable_iter *iter, struct sk_buff *skb,
			 unsigned int len)
{
	skb_trim(skb, len);
	iter->p = NULL;
	iter->skip = 0;
}

/* Peers of the device that the dump is bound to. All that are there from beginning to
 * end are shown. A resize of the table may show a peer twice: the reader is told by
 * NLM_F_DUMP_INTR.
 */
static enum dump_end dump_slice(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct teredo_dump *dump,
				const struct nlattr *state)
{
	unsigned int chain = skb->len;	/* octets before it */
	struct rhashtable_iter *iter = &dump->iter;
	enum dump_end end = DUMP_DONE;
	unsigned int looked_at = 0;
	struct teredo_peer *peer;
	unsigned int slot;

	if (rhashtable_walk_start_check(iter) == -EAGAIN)
		cb->seq++;
	slot = iter->slot;
	for (peer = rhashtable_walk_peek(iter); peer;
	     peer = rhashtable_walk_next(iter)) {
		if (IS_ERR(peer)) {
			cb->seq++;
			continue;
		}
		if (iter->slot != slot) {
			slot = iter->slot;
			chain = skb->len;
		}
		/* The next slice begins with the chain that this one ends with. */
		if (looked_at++ == DUMP_SLICE)
			end = DUMP_PAUSE;
		else if (!dump_peer(skb, cb, dump->td, peer, state))
			end = DUMP_FULL;
		if (end != DUMP_DONE)
			break;
	}
	/* A chain that fills a message is too long to begin again. */
	if (end == DUMP_PAUSE || (end == DUMP_FULL && chain))
		repeat_chain(iter, skb, chain);
	rhashtable_walk_stop(iter);
	return end;
}

static enum dump_end dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			      struct teredo_dump *dump,
			      const struct nlattr *addr,
			      const struct nlattr *state)
{
	const struct in6_addr wanted = nla_get_in6_addr(addr);
	struct teredo_peer *peer;
	bool fits = true;

	rcu_read_lock();
	peer = teredo_peer_lookup(dump->td, &wanted);
	if (peer)
		fits = dump_peer(skb, cb, dump->td, peer, state);
	rcu_read_unlock();
	return fits ? DUMP_DONE : DUMP_FULL;
}

static enum dump_end dump_peers(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct teredo_dump *dump, struct nlattr **attrs)
{
	const struct nlattr *addr = attrs[TEREDO_A_PEER_ADDRESS];
	const struct nlattr *state = attrs[TEREDO_A_PEER_STATE];

	return addr ? dump_one(skb, cb, dump, addr, state) :
		      dump_slice(skb, cb, dump, state);
}

int teredo_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct teredo_dump *dump = (struct teredo_dump *)cb->args[0];
	struct nlattr **attrs = teredo_compat_dump_attrs(cb);
	struct net *net = sock_net(skb->sk);
	enum dump_end end = DUMP_DONE;

	mutex_lock(&teredo_dump_mutex);
	while (end != DUMP_FULL &&
	       (dump->td || dump_next_dev(dump, net, attrs))) {
		end = dump_peers(skb, cb, dump, attrs);
		if (end == DUMP_DONE)
			teredo_dump_end(dump);
		if (end != DUMP_FULL) {
			/* An empty message would end the dump, so go on here, also
			 * where many devices have no peers; the device may go
			 * meanwhile, and takes dump->td along.
			 */
			mutex_unlock(&teredo_dump_mutex);
			cond_resched();
			mutex_lock(&teredo_dump_mutex);
		}
	}
	mutex_unlock(&teredo_dump_mutex);
	return skb->len;
}

int teredo_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	enum teredo_peer_kind kind = TEREDO_PEER_KIND_NATIVE;
	const struct teredo_config *cfg;
	union teredo_endpoint mapped;
	struct teredo_dev *td;
	struct in6_addr addr;
	int err;

	err = parse_peer(info, &addr);
	if (err)
		return err;
	if (GENL_REQ_ATTR_CHECK(info, TEREDO_A_PEER_MAPPED_ADDRESS) ||
	    GENL_REQ_ATTR_CHECK(info, TEREDO_A_PEER_MAPPED_PORT)) {
		NL_SET_ERR_MSG(info->extack,
			       "mapped-address or mapped-port is missing");
		return -EINVAL;
	}
	if (!teredo_addr_is_routable(&addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_ADDRESS],
				    "address is not of global scope");
		return -EINVAL;
	}
	mapped = teredo_endpoint(nla_get_in_addr(info->attrs[TEREDO_A_PEER_MAPPED_ADDRESS]),
				 nla_get_be16(info->attrs[TEREDO_A_PEER_MAPPED_PORT]));
	if (!teredo_ipv4_is_global(mapped.addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_MAPPED_ADDRESS],
				    "mapped-address is not global unicast");
		return -EINVAL;
	}
	if (!mapped.port) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_MAPPED_PORT],
				    "mapped-port is 0");
		return -EINVAL;
	}

	rcu_read_lock();
	td = info_dev_to_change(skb, info);
	err = PTR_ERR_OR_ZERO(td);
	if (err)
		goto out;
	cfg = rcu_dereference(td->config);
	if (teredo_is_broadcast(td, mapped.addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_MAPPED_ADDRESS],
				    "mapped-address is a broadcast address");
		err = -EINVAL;
		goto out;
	}
	if (teredo_config_covers(cfg, &addr))
		kind = TEREDO_PEER_KIND_TEREDO;
	err = teredo_peer_set(td, &addr, kind, mapped,
			      info->attrs[TEREDO_A_PEER_PERMANENT]);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "the list of peers is full");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "the link is going down, and so would the peer");
out:
	rcu_read_unlock();
	return err;
}

int teredo_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td;
	struct in6_addr addr;
	int err;

	err = parse_peer(info, &addr);
	if (err)
		return err;
	rcu_read_lock();
	td = info_dev(info);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = teredo_peer_del(td, &addr);
	if (err == -ENOENT)
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_ADDRESS],
				    "no such peer");
	rcu_read_unlock();
	return err;
}

int teredo_nl_peer_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td;
	int err;

	rtnl_lock();
	td = info_dev(info);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		teredo_peers_flush(td, true, TEREDO_PEER_CAUSE_FLUSH);
	rtnl_unlock();
	return err;
}

bool teredo_nl_peers_heard(struct teredo_dev *td)
{
	return genl_has_listeners(&teredo_nl_family, dev_net(td->dev),
				  TEREDO_NLGRP_PEERS);
}

static void tell_peers(struct teredo_dev *td, struct sk_buff *msg)
{
	genlmsg_multicast_netns(&teredo_nl_family, dev_net(td->dev), msg, 0,
				TEREDO_NLGRP_PEERS, GFP_KERNEL);
}

void teredo_nl_peer_events(struct teredo_dev *td, const struct list_head *events,
			   bool lost)
{
	const struct teredo_event *event;
	struct sk_buff *msg = NULL;

	list_for_each_entry(event, events, node) {
		/* As many in one message as fit; one fits always. */
		if (msg && fill_peer(msg, td, &event->peer, 0, 0, 0, event->cmd,
				     &event->cause, NULL)) {
			tell_peers(td, msg);
			msg = NULL;
		} else if (msg) {
			continue;
		}
		msg = nlmsg_new(NLMSG_GOODSIZE, GFP_KERNEL);
		if (!msg) {
			lost = true;
			break;
		}
		fill_peer(msg, td, &event->peer, 0, 0, 0, event->cmd,
			  &event->cause, NULL);
	}
	if (msg)
		tell_peers(td, msg);
	if (lost)
		genl_set_err(&teredo_nl_family, dev_net(td->dev), 0,
			     TEREDO_NLGRP_PEERS, -ENOBUFS);
}

/* -- secrets -- */

/* The server whose secrets a request is about, and the identifier. RCU. */
static struct teredo_dev *secret_dev(const struct sk_buff *skb,
				     struct genl_info *info, const char **id)
{
	const struct nlattr *attr = info->attrs[TEREDO_A_SECRET_ID];

	if (!attr || !*(const char *)nla_data(attr)) {
		NL_SET_ERR_MSG(info->extack, "id is missing or empty");
		return ERR_PTR(-EINVAL);
	}
	*id = nla_data(attr);	/* the policy wants a final zero */
	return info_dev_to_change(skb, info);
}

static int refuse_id(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[TEREDO_A_SECRET_ID],
			    "there is no secret with this id");
	return -ENOENT;
}

static int add_secret(const struct sk_buff *skb, struct genl_info *info,
		      struct teredo_secret *secret)
{
	struct teredo_dev *td;
	const char *id;

	td = secret_dev(skb, info, &id);
	if (IS_ERR(td))
		return PTR_ERR(td);
	if (rcu_dereference(td->config)->mode != TEREDO_MODE_SERVER) {
		NL_SET_ERR_MSG(info->extack, "only a server has secrets");
		return -EOPNOTSUPP;
	}
	return teredo_secret_add(&td->secrets, secret,
				 info->attrs[TEREDO_A_SECRET_ONLY_NEW],
				 info->extack);
}

/* All that may sleep comes before the device is looked up. */
static int new_secret(const struct sk_buff *skb, struct genl_info *info,
		      const struct nlattr *key)
{
	const struct nlattr *state = info->attrs[TEREDO_A_SECRET_STATE];
	const struct nlattr *algorithm = info->attrs[TEREDO_A_SECRET_ALGORITHM];
	struct teredo_secret *secret;
	struct teredo_dev *td;
	const char *id;
	int err;

	if (!nla_len(key) || nla_len(key) > TEREDO_KEY_MAX) {
		NL_SET_ERR_MSG_ATTR(info->extack, key,
				    "key must be 1 to 255 octets long");
		return -EINVAL;
	}
	/* Find out early what would be refused. */
	rcu_read_lock();
	td = secret_dev(skb, info, &id);
	rcu_read_unlock();
	if (IS_ERR(td))
		return PTR_ERR(td);
	secret = teredo_secret_new(id, nla_data(key), nla_len(key),
				   algorithm ? nla_get_u8(algorithm) :
					       TEREDO_ALGORITHM_HMAC_SHA1,
				   state ? nla_get_u8(state) :
					   TEREDO_SECRET_STATE_VALID,
				   info->extack);
	if (IS_ERR(secret))
		return PTR_ERR(secret);

	rcu_read_lock();
	err = add_secret(skb, info, secret);
	rcu_read_unlock();
	if (err)
		teredo_secret_free(secret);
	return err;
}

/* Another state for a secret that is there. */
static int change_secret(const struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *state = info->attrs[TEREDO_A_SECRET_STATE];
	struct teredo_dev *td;
	const char *id;
	int err;

	if (!state || info->attrs[TEREDO_A_SECRET_ALGORITHM]) {
		NL_SET_ERR_MSG(info->extack, "key is missing");
		return -EINVAL;
	}
	rcu_read_lock();
	td = secret_dev(skb, info, &id);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = teredo_secret_set_state(&td->secrets, id,
					      nla_get_u8(state));
	rcu_read_unlock();
	return err == -ENOENT ? refuse_id(info) : err;
}

int teredo_nl_secret_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *key = info->attrs[TEREDO_A_SECRET_KEY];
	int err;

	if (!key)
		return change_secret(skb, info);
	err = new_secret(skb, info, key);
	/* The request is not needed any more, and may lie about for long. */
	memzero_explicit(nla_data(key), nla_len(key));
	return err;
}

int teredo_nl_secret_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td;
	const char *id;
	int err;

	rcu_read_lock();
	td = secret_dev(skb, info, &id);
	err = PTR_ERR_OR_ZERO(td);
	if (!err)
		err = teredo_secret_del(&td->secrets, id);
	rcu_read_unlock();
	return err == -ENOENT ? refuse_id(info) : err;
}

struct secret_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
	const struct teredo_dev *td;
};

static bool dump_secret(const struct teredo_secret_info *info, void *arg)
{
	const struct secret_dump *dump = arg;
	void *hdr;

	hdr = genlmsg_put(dump->skb, NETLINK_CB(dump->cb->skb).portid,
			  dump->cb->nlh->nlmsg_seq, &teredo_nl_family,
			  NLM_F_MULTI, TEREDO_CMD_SECRET_GET);
	if (!hdr)
		return false;
	if (nla_put_u32(dump->skb, TEREDO_A_SECRET_IFINDEX,
			dump->td->dev->ifindex) ||
	    nla_put_string(dump->skb, TEREDO_A_SECRET_ID, info->id) ||
	    nla_put_u8(dump->skb, TEREDO_A_SECRET_STATE, info->state) ||
	    nla_put_u8(dump->skb, TEREDO_A_SECRET_ALGORITHM, info->algorithm)) {
		genlmsg_cancel(dump->skb, hdr);
		return false;
	}
	genlmsg_end(dump->skb, hdr);
	dump->cb->args[0] = info->serial;
	return true;
}

/* Fail before the dump begins where there is nothing to dump. */
int teredo_nl_secret_get_start(struct netlink_callback *cb)
{
	struct teredo_dev *td;

	rcu_read_lock();
	td = find_dev(sock_net(cb->skb->sk), teredo_compat_dump_attrs(cb),
		      cb->extack);
	rcu_read_unlock();
	return PTR_ERR_OR_ZERO(td);
}

int teredo_nl_secret_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	struct secret_dump dump = { .skb = skb, .cb = cb };
	struct teredo_dev *td;

	rcu_read_lock();
	td = find_dev(sock_net(skb->sk), teredo_compat_dump_attrs(cb),
		      cb->extack);
	/* A device that went meanwhile has no more secrets. */
	if (!IS_ERR(td)) {
		dump.td = td;
		teredo_secrets_each(&td->secrets, cb->args[0], dump_secret,
				    &dump);
	}
	rcu_read_unlock();
	return skb->len;
}

/* -- the family -- */

TEREDO_GENL_OPS(teredo_nl_ops);

static const struct genl_multicast_group groups[] = {
	[TEREDO_NLGRP_STATE] = { .name = TEREDO_MCGRP_STATE },
	[TEREDO_NLGRP_PEERS] = { .name = TEREDO_MCGRP_PEERS },
};

static struct genl_family teredo_nl_family __ro_after_init = {
	.name = TEREDO_GENL_NAME,
	.version = TEREDO_GENL_VERSION,
	.netnsok = true,
	.parallel_ops = true,
	.module = THIS_MODULE,
	.mcgrps = groups,
	.n_mcgrps = ARRAY_SIZE(groups),
};

int __init teredo_nl_init(void)
{
	int err;

	err = netlink_register_notifier(&netlink_notifier);
	if (err)
		return err;
	teredo_genl_set_ops(&teredo_nl_family, teredo_nl_ops);
	err = genl_register_family(&teredo_nl_family);
	if (err)
		netlink_unregister_notifier(&netlink_notifier);
	return err;
}

void teredo_nl_exit(void)
{
	genl_unregister_family(&teredo_nl_family);
	netlink_unregister_notifier(&netlink_notifier);
}
