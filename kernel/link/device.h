/* SPDX-License-Identifier: GPL-2.0 */
/* One link of type teredo. */
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

/* What every floor knows of a link. The parts that only some floors know are pointers: they
 * are allocated with the link, in one piece (device/device.c), and defined where they are
 * used.
 */
struct teredo_dev {
	struct net_device *dev;
	struct net *underlay;		/* of the IPv4 sockets */
	const struct teredo_role *role;	/* static; READ_ONCE(), WRITE_ONCE() */
	struct teredo_config __rcu *config;	/* written under RTNL */
	struct teredo_status __rcu *status;	/* written under RTNL */
	struct teredo_sockets *sockets;
	struct teredo_peers *peers;
	struct teredo_stats_pcpu __percpu *stats;
	struct gro_cells gro_cells;
	struct mem_cgroup *memcg;	/* counted, pays for peers; or NULL */

	unsigned long server_heard;	/* jiffies of its last datagram */
	unsigned long server_sent;	/* jiffies of our last one to it */
	bool server_known;		/* server_heard is valid */
	bool server_asked;		/* server_sent is valid */
	u32 mtu_configured;		/* 0: dev->mtu is; written under RTNL */

	struct teredo_control *control;
	struct teredo_discovery *discovery;
	struct teredo_relays *relays;
	struct teredo_secrets *secrets;	/* a server's */
	struct teredo_limits limits;
};

#endif /* TEREDO_DEVICE_H */
