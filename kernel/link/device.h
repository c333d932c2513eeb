/* SPDX-License-Identifier: GPL-2.0 */
/* A link of type teredo. */
#ifndef TEREDO_DEVICE_H
#define TEREDO_DEVICE_H

#include <linux/netdevice.h>
#include <net/gro_cells.h>

#include "base/stats.h"
#include "codec/addr.h"
#include "link/config.h"
#include "link/limit.h"
#include "link/status.h"

struct teredo_control;
struct teredo_discovery;
struct teredo_peers;
struct teredo_relays;
struct teredo_role;
struct teredo_secrets;
struct teredo_sockets;

/* What all folders know of a link. Parts that only some folders know are pointers to
 * structures that are defined where they are used; they are allocated together with the
 * link (device/link.h).
 */
struct teredo_dev {
	struct net_device *dev;
	struct net *underlay;		/* namespace of creation, of the IPv4 sockets */
	const struct teredo_role *role;	/* static; READ_ONCE(), WRITE_ONCE() */
	struct teredo_config __rcu *config;	/* written under RTNL */
	struct teredo_status __rcu *status;	/* written under RTNL */
	struct teredo_sockets *sockets;
	struct teredo_peers *peers;
	struct teredo_stats_pcpu __percpu *stats;
	struct gro_cells gro_cells;
	struct mem_cgroup *memcg;	/* charged for peers, or NULL; counted */

	unsigned long server_heard;	/* jiffies, last datagram of our server */
	unsigned long server_sent;	/* jiffies, our last datagram to it */
	bool server_known;		/* server_heard is valid */
	bool server_asked;		/* server_sent is valid */
	u32 mtu_configured;		/* 0: that is dev->mtu; written under RTNL */

	struct teredo_control *control;
	struct teredo_discovery *discovery;
	struct teredo_relays *relays;
	struct teredo_secrets *secrets;	/* of a server */
	struct teredo_limits limits;
};

#endif /* TEREDO_DEVICE_H */
