/* SPDX-License-Identifier: GPL-2.0 */
/* What this floor knows of a link and no other. */
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

/* A link with all its parts. What packets need is in the first cache lines of each. */
struct link {
	struct teredo_dev td;		/* first */
	struct teredo_sockets sockets;
	struct teredo_peers peers ____cacheline_aligned_in_smp;
	struct teredo_control control;
	struct teredo_discovery discovery;
	struct teredo_relays relays;
	struct teredo_secrets secrets;
	struct list_head list;		/* in teredo_net, under RTNL */
	/* Of whoever sets the link up, for teredo_open(); no use elsewhere. */
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
