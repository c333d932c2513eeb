// SPDX-License-Identifier: GPL-2.0
#include "netlink/family.h"

#include <net/genetlink.h>

#include "base/compat.h"
#include "control/control.h"
#include "device/device.h"
#include "link/notify.h"
#include "netlink/event.h"
#include "netlink/netlink-gen.h"

/* When a netlink socket is closed, note which devices it was the controller of. They keep
 * working.
 */
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
			teredo_notify->device(td);
	}
	rcu_read_unlock();
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = netlink_event,
};

TEREDO_GENL_OPS(teredo_nl_ops);

static const struct genl_multicast_group groups[] = {
	[TEREDO_NLGRP_STATE] = { .name = TEREDO_MCGRP_STATE },
	[TEREDO_NLGRP_PEERS] = { .name = TEREDO_MCGRP_PEERS },
};

struct genl_family teredo_nl_family __ro_after_init = {
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

	teredo_notify = &teredo_nl_notify;
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
