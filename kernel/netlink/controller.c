// SPDX-License-Identifier: GPL-2.0
/* Requests of the controller of a client */
#include <linux/rtnetlink.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "base/compat.h"
#include "control/control.h"
#include "data/send.h"
#include "device/device.h"
#include "link/notify.h"
#include "netlink/device.h"
#include "netlink/find.h"
#include "netlink/netlink-gen.h"
#include "peer/age.h"

/* Check @status, of which the request has set a part. Returns 0, or -EINVAL with extack. */
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

/* Apply the attributes of a request to @status. A state also replaces the reason and the
 * server of the previous one, so that all three belong together. While the client stays
 * qualified, the server need not be repeated.
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
		/* The secondary address was that of another server. */
		status->server2 = 0;
	}
	if (attrs[TEREDO_A_DEV_SERVER2])
		status->server2 = nla_get_in_addr(attrs[TEREDO_A_DEV_SERVER2]);
	if (!status->server2)
		status->server2 = teredo_config_server2(cfg, status->server);
}

/* Set only the reason: a link that is down has no state to set, but there may be a reason
 * why it cannot be set up. RTNL.
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
	struct teredo_dev *td = teredo_nl_dev(info);
	const struct teredo_config *cfg = rtnl_dereference(td->config);
	struct teredo_status *old = rtnl_dereference(td->status), *status;
	bool moved;
	int err;

	if (!netif_running(td->dev))
		return set_reason_of_down(td, info);
	status = teredo_status_new(old);
	if (!status)
		return -ENOMEM;
	parse_status(status, cfg, info->attrs);
	err = check_status(cfg, status, info);
	if (err) {
		teredo_status_free(status);
		return err;
	}
	/* This is another server, not heard yet; or the controller has just heard it. */
	if (status->server != old->server ||
	    (status->state == TEREDO_STATE_QUALIFIED &&
	     old->state != TEREDO_STATE_QUALIFIED)) {
		WRITE_ONCE(td->server_heard, jiffies);
		WRITE_ONCE(td->server_known,
			   status->state == TEREDO_STATE_QUALIFIED);
	}
	/* What was sent so far went to another server. */
	if (status->server != old->server)
		WRITE_ONCE(td->server_asked, false);
	if (info->attrs[TEREDO_A_DEV_MTU_CONFIGURED])
		WRITE_ONCE(td->mtu_configured,
			   nla_get_u32(info->attrs[TEREDO_A_DEV_MTU_CONFIGURED]));
	/* Peers know us by our old address only (C-61). */
	moved = old->state == TEREDO_STATE_QUALIFIED &&
		!ipv6_addr_equal(&old->address, &status->address);
	teredo_set_status(td, status);
	if (moved)
		teredo_peers_flush(td, false, TEREDO_PEER_CAUSE_ADDRESS);
	return 0;
}

int teredo_nl_control_bind_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct teredo_dev *td = teredo_nl_dev(info);
	int err;

	err = teredo_control_bind(td, genl_info_net(info), info->snd_portid,
				  info->extack) ?:
	      teredo_nl_reply_dev(info, td, TEREDO_CMD_CONTROL_BIND, false);
	if (!err)
		teredo_notify->device(td);
	return err;
}

/* Explain an error of teredo_send_buf() where its number does not. */
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
			       "an output queue has no room for the datagram");
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
			       "an IPv4 route discards packets to address, or local is no longer an address of this host");
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
	struct teredo_dev *td = teredo_nl_dev(info);
	union teredo_endpoint to;
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

	local_bh_disable();
	teredo_control_expect(td, nla_data(payload), nla_len(payload));
	err = teredo_send_buf(td, to, nla_data(payload), nla_len(payload));
	local_bh_enable();
	if (err)
		say_why_not_sent(info->extack, td, err);
	else
		teredo_count(td->stats, TEREDO_A_STATS_TX_CONTROL);
	return err;
}
