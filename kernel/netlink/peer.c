// SPDX-License-Identifier: GPL-2.0
#include "netlink/peer.h"

#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "base/compat.h"
#include "data/route.h"
#include "device/device.h"
#include "netlink/family.h"
#include "netlink/find.h"
#include "netlink/netlink-gen.h"
#include "peer/age.h"
#include "peer/table.h"

int teredo_nl_fill_peer(struct sk_buff *skb, const struct teredo_dev *td,
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

	spin_lock_bh(&td->peers->lock);
	peer = teredo_peer_lookup(td, addr);
	if (peer)
		teredo_peer_info(td, peer, info);
	spin_unlock_bh(&td->peers->lock);
	return peer;
}

static int refuse_peer(struct genl_info *info)
{
	NL_SET_ERR_MSG_ATTR(info->extack, info->attrs[TEREDO_A_PEER_ADDRESS],
			    "no such peer");
	return -ENOENT;
}

/* Read the address in a request about one peer. */
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
	struct teredo_dev *td = teredo_nl_dev(info);
	struct teredo_peer_info peer;
	struct in6_addr addr;
	struct sk_buff *msg;
	int err;

	err = parse_peer(info, &addr);
	if (err)
		return err;
	if (!get_peer_info(td, &addr, &peer))
		return refuse_peer(info);
	msg = new_peer_msg(GFP_ATOMIC);
	if (!msg)
		return -ENOMEM;
	err = teredo_nl_fill_peer(msg, td, &peer, info->snd_portid,
				  info->snd_seq, 0, TEREDO_CMD_PEER_GET, NULL,
				  NULL);
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

int teredo_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info)
{
	enum teredo_peer_kind kind = TEREDO_PEER_KIND_NATIVE;
	struct teredo_dev *td = teredo_nl_dev(info);
	union teredo_endpoint mapped;
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

	if (teredo_is_broadcast(td, mapped.addr)) {
		NL_SET_ERR_MSG_ATTR(info->extack,
				    info->attrs[TEREDO_A_PEER_MAPPED_ADDRESS],
				    "mapped-address is a broadcast address");
		return -EINVAL;
	}
	if (teredo_config_covers(rcu_dereference(td->config), &addr))
		kind = TEREDO_PEER_KIND_TEREDO;
	err = teredo_peer_set(td, &addr, kind, mapped,
			      info->attrs[TEREDO_A_PEER_PERMANENT]);
	if (err == -ENOSPC)
		NL_SET_ERR_MSG(info->extack, "the list of peers is full");
	else if (err == -EBUSY)
		NL_SET_ERR_MSG(info->extack,
			       "the link is going down, and no peer can be added");
	return err;
}

int teredo_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct in6_addr addr;
	int err;

	err = parse_peer(info, &addr) ?:
	      teredo_peer_del(teredo_nl_dev(info), &addr);
	return err == -ENOENT ? refuse_peer(info) : err;
}

int teredo_nl_peer_flush_doit(struct sk_buff *skb, struct genl_info *info)
{
	teredo_peers_flush(teredo_nl_dev(info), true, TEREDO_PEER_CAUSE_FLUSH);
	return 0;
}
