// SPDX-License-Identifier: GPL-2.0
#include "control.h"

#include <linux/netlink.h>
#include <linux/timekeeping.h>
#include <net/net_namespace.h>

#include "device.h"
#include "netlink.h"
#include "role.h"

void teredo_control_init(struct teredo_dev *td)
{
	spin_lock_init(&td->control.lock);
}

u32 teredo_control_portid(struct teredo_dev *td)
{
	u32 portid;

	spin_lock_bh(&td->control.lock);
	/* A link that was moved has left its controller behind. */
	portid = td->control.net == dev_net(td->dev) ? td->control.portid : 0;
	spin_unlock_bh(&td->control.lock);
	return portid;
}

int teredo_control_bind(struct teredo_dev *td, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack)
{
	u32 old = teredo_control_portid(td);

	if (old && old != portid) {
		NL_SET_ERR_MSG(extack, "the device has a controller already");
		return -EBUSY;
	}
	spin_lock_bh(&td->control.lock);
	td->control.portid = portid;
	td->control.net = net;
	spin_unlock_bh(&td->control.lock);
	return 0;
}

bool teredo_control_left(struct teredo_dev *td, u32 *seconds)
{
	time64_t left;

	if (teredo_control_portid(td))
		return false;
	spin_lock_bh(&td->control.lock);
	left = td->control.left;
	spin_unlock_bh(&td->control.lock);
	*seconds = ktime_get_boottime_seconds() - left;
	return left;
}

/* Called with the lock. */
static void leave(struct teredo_control *control)
{
	if (!control->portid)
		return;
	control->portid = 0;
	/* never the 0 that means never */
	control->left = max_t(time64_t, ktime_get_boottime_seconds(), 1);
}

bool teredo_control_closed(struct teredo_dev *td, const struct net *net,
			   u32 portid)
{
	bool was;

	spin_lock_bh(&td->control.lock);
	was = portid && td->control.portid == portid &&
	      td->control.net == net;
	if (was)
		leave(&td->control);
	spin_unlock_bh(&td->control.lock);
	return was;
}

void teredo_control_forget(struct teredo_dev *td)
{
	spin_lock_bh(&td->control.lock);
	leave(&td->control);
	spin_unlock_bh(&td->control.lock);
}

int teredo_control_recv(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx)
{
	u32 portid = teredo_control_portid(td);

	if (!portid)
		return TEREDO_A_STATS_RX_NO_CONTROLLER;
	if (rx->data_len > TEREDO_PAYLOAD_MAX)
		return TEREDO_A_STATS_RX_TOO_BIG;
	/* by source, so that a flood does not hide the server's answer */
	if (!teredo_ratelimiter_ok(&td->handups, rx->src.addr))
		return TEREDO_A_STATS_RX_LIMITED;
	if (!pskb_may_pull(skb, skb->len))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	if (teredo_nl_control_recv(td, portid, rx->src, skb->data, skb->len))
		return TEREDO_A_STATS_RX_NO_CONTROLLER;
	teredo_count(td->stats, TEREDO_A_STATS_RX_CONTROLLER);
	consume_skb(skb);
	return TEREDO_TAKEN;
}
