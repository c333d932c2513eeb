// SPDX-License-Identifier: GPL-2.0
#include "netlink/event.h"

#include <net/genetlink.h>

#include "base/compat.h"
#include "link/device.h"
#include "link/notify.h"
#include "netlink/device.h"
#include "netlink/family.h"
#include "netlink/netlink-gen.h"
#include "netlink/peer.h"
#include "peer/event.h"

/* -- devices -- */

static void dev_event(struct teredo_dev *td, enum teredo_cmd cmd)
{
	struct net *net = dev_net(td->dev);
	struct sk_buff *msg;

	if (!genl_has_listeners(&teredo_nl_family, net, TEREDO_NLGRP_STATE))
		return;
	msg = teredo_nl_new_dev_msg(false, GFP_ATOMIC);
	if (!msg) {
		/* Listeners will ask for the state, as after any other loss. */
		genl_set_err(&teredo_nl_family, net, 0, TEREDO_NLGRP_STATE,
			     -ENOBUFS);
		return;
	}
	if (teredo_nl_fill_dev(msg, td, 0, 0, 0, cmd, false))
		nlmsg_free(msg);
	else
		genlmsg_multicast_netns(&teredo_nl_family, net, msg, 0,
					TEREDO_NLGRP_STATE, GFP_ATOMIC);
}

static void device_changed(struct teredo_dev *td)
{
	dev_event(td, TEREDO_CMD_DEV_NTF);
}

static void device_gone(struct teredo_dev *td)
{
	dev_event(td, TEREDO_CMD_DEV_DEL_NTF);
}

/* -- peers -- */

static bool peers_heard(const struct teredo_dev *td)
{
	return genl_has_listeners(&teredo_nl_family, dev_net(td->dev),
				  TEREDO_NLGRP_PEERS);
}

static void tell_peers(struct teredo_dev *td, struct sk_buff *msg)
{
	genlmsg_multicast_netns(&teredo_nl_family, dev_net(td->dev), msg, 0,
				TEREDO_NLGRP_PEERS, GFP_KERNEL);
}

static void tell_events(struct teredo_dev *td, const struct list_head *events,
			bool lost)
{
	const struct teredo_event *event;
	struct sk_buff *msg = NULL;

	list_for_each_entry(event, events, node) {
		/* Put as many into a message as fit; one always fits. */
		if (msg && teredo_nl_fill_peer(msg, td, &event->peer, 0, 0, 0, event->cmd,
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
		teredo_nl_fill_peer(msg, td, &event->peer, 0, 0, 0, event->cmd,
				    &event->cause, NULL);
	}
	if (msg)
		tell_peers(td, msg);
	if (lost)
		genl_set_err(&teredo_nl_family, dev_net(td->dev), 0,
			     TEREDO_NLGRP_PEERS, -ENOBUFS);
}

/* -- to the controller -- */

static int send_datagram(struct teredo_dev *td, u32 portid,
			 union teredo_endpoint src, const void *data, size_t len)
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

static void send_error(struct teredo_dev *td, u32 portid,
		       union teredo_endpoint to, __be32 from, u8 type, u8 code)
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

const struct teredo_notify teredo_nl_notify = {
	.device = device_changed,
	.device_gone = device_gone,
	.peers_heard = peers_heard,
	.peers = tell_events,
	.datagram = send_datagram,
	.error = send_error,
};
