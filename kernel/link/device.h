/* SPDX-License-Identifier: GPL-2.0 */
/* One link of type teredo. */
#ifndef TEREDO_DEVICE_H
#define TEREDO_DEVICE_H

#include <linux/netdevice.h>
#include <net/gro_cells.h>

#include "codec/addr.h"
#include "link/limit.h"
#include "control/secret.h"
#include "link/config.h"
#include "control/control.h"
#include "method/discovery.h"
#include "peer/event.h"
#include "peer/peer.h"
#include "method/relays.h"
#include "data/socket.h"
#include "base/stats.h"

struct teredo_role;

/* Outcome of qualification, replaced as a whole: readers see one state or
 * the next, never a mixture. Addresses in network byte order.
 */
struct teredo_status {
	enum teredo_state state;
	enum teredo_nat nat;
	struct in6_addr address;	/* :: unless qualified */
	__be32 mapped_addr;
	__be16 mapped_port;
	__be32 server;
	__be32 server2;
	u32 learned_refresh;		/* seconds, 0: none; only told */
	time64_t since;			/* of this state, seconds since boot */
	struct rcu_head rcu;
	char reason[TEREDO_REASON_MAX + 1];
};

struct teredo_dev {
	struct net_device *dev;
	struct net *net;		/* of the IPv4 sockets */
	struct mem_cgroup *memcg;	/* counted, pays for peers; or NULL */
	const struct teredo_role *role;	/* static; read and written whole */
	struct teredo_config __rcu *config;	/* written under RTNL */
	struct teredo_status __rcu *status;	/* written under RTNL */
	struct teredo_sockets sockets;
	struct gro_cells gro_cells;
	struct teredo_stats_pcpu __percpu *stats;

	struct teredo_peers peers ____cacheline_aligned_in_smp;
	struct teredo_events events;

	unsigned long server_heard;	/* jiffies of its last datagram */
	unsigned long server_sent;	/* jiffies of our last one to it */
	bool server_known;		/* server_heard means something */
	bool server_asked;		/* so does server_sent */
	u32 mtu_configured;		/* 0: dev->mtu is; written under RTNL */
	struct teredo_control control;
	struct teredo_discovery discovery;
	struct teredo_limits limits;
	struct teredo_relays relays;
	struct list_head list;		/* in teredo_net, under RTNL */
	/* Of whoever sets the link up, for teredo_open(); no use elsewhere. */
	struct netlink_ext_ack *extack;

	/* A server's. */
	struct teredo_secrets secrets;
};

/* The device if @dev is of our type, else NULL. RTNL or RCU. */
struct teredo_dev *teredo_from_netdev(struct net_device *dev);

/* Replace the status; @status becomes the device's. RTNL. */
void teredo_set_status(struct teredo_dev *td, struct teredo_status *status);

/* A status for it: a copy of @old, or with NULL that of a link that is down. NULL
 * without memory.
 */
struct teredo_status *teredo_status_new(const struct teredo_status *old);
void teredo_status_free(struct teredo_status *status);

/* The sockets are in the namespace of the link's creator, who need not have given
 * them away with the link: whoever decides what they send has to be @permitted
 * there, too. 0, or -EPERM and extack.
 */
int teredo_check_origin(const struct teredo_dev *td, bool permitted,
			struct netlink_ext_ack *extack);

/* Make @cfg the configuration. -errno and extack leave the device as it is,
 * and @cfg the caller's. RTNL.
 */
int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack);

int teredo_device_init(void);
void teredo_device_exit(void);

#endif /* TEREDO_DEVICE_H */
