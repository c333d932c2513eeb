/* SPDX-License-Identifier: GPL-2.0 */
/* The link as device/ knows it, with all its parts. */
#ifndef TEREDO_LINK_H
#define TEREDO_LINK_H

#include <linux/build_bug.h>

#include "control/control.h"
#include "control/secret.h"
#include "data/socket.h"
#include "link/device.h"
#include "method/discovery.h"
#include "method/relays.h"
#include "peer/peer.h"

/* The private data of a net_device. Each part has what packets need in its first cache lines. */
struct link {
	struct teredo_dev td;		/* first */
	struct teredo_sockets sockets;
	struct teredo_peers peers ____cacheline_aligned_in_smp;
	struct teredo_control control;
	struct teredo_discovery discovery;
	struct teredo_relays relays;
	struct teredo_secrets secrets;
	struct list_head list;		/* in teredo_net, under RTNL */
	/* For teredo_open(): that of the request that sets the link up. */
	struct netlink_ext_ack *extack;
};

static inline struct link *link_of(struct teredo_dev *td)
{
	return container_of(td, struct link, td);
}

static_assert(offsetof(struct link, td) == 0);	/* netdev_priv() is both */

/* For rtnl_link_ops.setup. */
void teredo_device_setup(struct net_device *dev);

#endif /* TEREDO_LINK_H */
