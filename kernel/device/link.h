/* SPDX-License-Identifier: GPL-2.0 */
/* A link with all its parts, which only device/ knows. */
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

/* Private data of a net_device. Each part begins with what packets need. */
struct link {
	struct teredo_dev td;		/* has to be first */
	struct teredo_sockets sockets;
	struct teredo_peers peers ____cacheline_aligned_in_smp;
	struct teredo_control control;
	struct teredo_discovery discovery;
	struct teredo_relays relays;
	struct teredo_secrets secrets;
	struct list_head list;		/* in teredo_net, under RTNL */
	/* of the request that sets the link up, for teredo_open() */
	struct netlink_ext_ack *extack;
};

static inline struct link *link_of(struct teredo_dev *td)
{
	return container_of(td, struct link, td);
}

static_assert(offsetof(struct link, td) == 0);	/* netdev_priv() returns both */

/* This is setup() of struct rtnl_link_ops. */
void teredo_device_setup(struct net_device *dev);

#endif /* TEREDO_LINK_H */
