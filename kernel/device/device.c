// SPDX-License-Identifier: GPL-2.0
#include "device/device.h"

#include <linux/if_arp.h>
#include <linux/ipv6.h>
#include <linux/memcontrol.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/tcp.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "data/recv.h"
#include "data/xmit.h"
#include "device/link.h"
#include "link/notify.h"
#include "peer/age.h"
#include "peer/table.h"
#include "role/icmp4.h"
#include "role/roles.h"

/* -- status and configuration -- */

void teredo_set_status(struct teredo_dev *td, struct teredo_status *status)
{
	teredo_status_replace(td, status);
	teredo_discovery_update(td);
	teredo_notify->device(td);
}

int teredo_check_underlay(const struct teredo_dev *td, bool permitted,
			  struct netlink_ext_ack *extack)
{
	if (permitted || net_eq(td->underlay, dev_net(td->dev)))
		return 0;
	NL_SET_ERR_MSG(extack, "not permitted in the link's underlay namespace");
	return -EPERM;
}

int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack)
{
	struct teredo_config *old = rtnl_dereference(td->config);
	bool running = netif_running(td->dev);

	if (cfg->peers_max < teredo_peers_count(td->peers)) {
		NL_SET_ERR_MSG(extack, "peers-max is below the number of peers");
		return -EBUSY;
	}
	if (running && teredo_discovery_set(td, cfg->discovery)) {
		NL_SET_ERR_MSG(extack,
			       "discovery needs UDP port 3544 of 224.0.0.253, which is in use");
		return -EADDRINUSE;
	}
	WRITE_ONCE(td->role, teredo_role_find(cfg));
	rcu_assign_pointer(td->config, cfg);
	teredo_gone(TEREDO_OBJECT_CONFIG, old);
	kfree_rcu(old, rcu);
	teredo_sockets_set_df(td, cfg);
	teredo_discovery_update(td);
	teredo_notify->device(td);
	return 0;
}

/* -- the link -- */

static const struct teredo_sock_ops sock_ops = {
	.rcv = teredo_rcv,
	.error = teredo_icmp4_rcv,
};

/* Explain an error of opening the sockets: the stack reports a number only. */
static void say_why_not_open(struct netlink_ext_ack *extack,
			     const struct teredo_role *role, int err)
{
	switch (err) {
	case -EADDRINUSE:
		NL_SET_ERR_MSG(extack,
			       "the UDP port is in use: teredo-tool show tells by whom, or set another port");
		break;
	case -EADDRNOTAVAIL:
		if (role->second_socket)
			NL_SET_ERR_MSG(extack,
				       "local or server2 is not an address of this host: teredo-tool show tells which");
		else
			NL_SET_ERR_MSG(extack, "local is not an address of this host");
		break;
	}
}

/* Open the sockets. Port 3544 of all addresses includes that of the discovery group, whose
 * socket has to be closed meanwhile.
 */
static int open_sockets(struct teredo_dev *td, const struct teredo_config *cfg)
{
	bool shared = !cfg->local &&
		      teredo_sockets_port(td, cfg) == htons(TEREDO_PORT);
	int err;

	if (!shared)
		return teredo_sockets_open(td, cfg, &sock_ops);
	teredo_discovery_yield(td->underlay);
	err = teredo_sockets_open(td, cfg, &sock_ops);
	teredo_discovery_return(td->underlay, err ? NULL : teredo_sockets_primary(td));
	return err;
}

static void close_sockets(struct teredo_dev *td)
{
	teredo_discovery_forget(td->underlay, teredo_sockets_primary(td));
	teredo_sockets_close(td);
}

static int teredo_open(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);
	struct netlink_ext_ack *extack = link_of(td)->extack;
	const struct teredo_config *cfg = rtnl_dereference(td->config);
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct teredo_status *status;
	int err;

	link_of(td)->extack = NULL;
	/* no link-local address, as there is no link-local communication (SEC-03) */
	if (idev)
		idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;

	status = teredo_status_new(NULL);
	if (!status)
		return -ENOMEM;
	status->state = td->role->start_state;
	teredo_peers_open(td);
	err = open_sockets(td, cfg);
	if (err) {
		say_why_not_open(extack, td->role, err);
		goto err_peers;
	}
	err = teredo_discovery_set(td, cfg->discovery);
	if (err)
		goto err_sockets;
	td->server_known = false;
	td->server_asked = false;
	teredo_set_status(td, status);
	return 0;

err_sockets:
	close_sockets(td);
err_peers:
	teredo_peers_close(td);
	teredo_status_free(status);
	return err;
}

static int teredo_stop(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);
	struct teredo_status *status, *old;

	teredo_discovery_set(td, false);
	close_sockets(td);
	teredo_peers_close(td);

	/* This must not fail: if there is no memory for another status, reuse the old one.
	 * Sockets and peers are closed, so only netlink reads it, and may report a mixture
	 * of both this once.
	 */
	status = teredo_status_new(NULL);
	if (status) {
		teredo_set_status(td, status);	/* TEREDO_STATE_DOWN */
		return 0;
	}
	old = rtnl_dereference(td->status);
	synchronize_net();
	memset(old, 0, sizeof(*old));
	old->since = ktime_get_boottime_seconds();
	teredo_notify->device(td);
	return 0;
}

static int teredo_dev_init(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);
	int err;

	dev->tstats = teredo_percpu_made(__netdev_alloc_pcpu_stats(struct pcpu_sw_netstats,
								   GFP_KERNEL_ACCOUNT));
	if (!dev->tstats)
		return -ENOMEM;
	td->stats = teredo_percpu_alloc(struct teredo_stats_pcpu);
	if (!td->stats) {
		err = -ENOMEM;
		goto err_tstats;
	}
	err = teredo_sockets_init(td->sockets);
	if (err)
		goto err_stats;
	err = gro_cells_init(&td->gro_cells, dev);
	if (err)
		goto err_sockets;
	teredo_made(TEREDO_OBJECT_PERCPU, &td->gro_cells);
	err = teredo_secrets_init(td->secrets);
	if (err)
		goto err_gro_cells;
	err = teredo_peers_init(td);
	if (err)
		goto err_secrets;
	td->memcg = get_mem_cgroup_from_mm(current->mm);
	teredo_made(TEREDO_OBJECT_LINK, td);
	return 0;

err_secrets:
	teredo_secrets_uninit(td->secrets);
err_gro_cells:
	gro_cells_destroy(teredo_gone(TEREDO_OBJECT_PERCPU, &td->gro_cells));
err_sockets:
	teredo_sockets_uninit(td->sockets);
err_stats:
	teredo_percpu_free(td->stats);
err_tstats:
	teredo_percpu_free(dev->tstats);
	return err;
}

/* The device is unregistered and down: its sockets are closed, and the stack has waited
 * for all transmitters.
 */
static void teredo_dev_uninit(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);

	teredo_peers_uninit(td);
	teredo_secrets_uninit(td->secrets);
	mem_cgroup_put(td->memcg);
	gro_cells_destroy(teredo_gone(TEREDO_OBJECT_PERCPU, &td->gro_cells));
	teredo_sockets_uninit(td->sockets);
	teredo_percpu_free(td->stats);
	teredo_percpu_free(dev->tstats);
	teredo_gone(TEREDO_OBJECT_LINK, td);
}

static const struct net_device_ops netdev_ops = {
	.ndo_init = teredo_dev_init,
	.ndo_uninit = teredo_dev_uninit,
	.ndo_open = teredo_open,
	.ndo_stop = teredo_stop,
	.ndo_features_check = teredo_features_check,
	.ndo_start_xmit = teredo_xmit,
	.ndo_get_stats64 = dev_get_tstats64,
};

static const struct device_type device_type = { .name = "teredo" };

/* TCP reserves MAX_TCP_HEADER octets per packet, much more than needed here. Allow it as
 * much payload as a datagram can carry, with room for the headers of TCP, IPv6 and a link
 * below. teredo_features_check() handles packets that are still longer.
 */
#define GSO_SIZE (TEREDO_PAYLOAD_LIMIT - 64 - TEREDO_IPV6_LEN - 60 + \
		  MAX_TCP_HEADER + 1)

void teredo_device_setup(struct net_device *dev)
{
	/* All software GSO types whose segments leave one Internet checksum to be
	 * completed, so neither lists of fragments nor SCTP
	 */
	const netdev_features_t features = NETIF_F_SG | NETIF_F_FRAGLIST |
					   NETIF_F_HW_CSUM | NETIF_F_RXCSUM |
					   NETIF_F_ALL_TSO |
					   NETIF_F_GSO_UDP_L4 | NETIF_F_HIGHDMA;

	dev->netdev_ops = &netdev_ops;
	dev->header_ops = &ip_tunnel_header_ops;
	dev->type = ARPHRD_NONE;
	dev->flags = IFF_POINTOPOINT | IFF_NOARP;
	dev->priv_flags |= IFF_NO_QUEUE;
	dev->features |= features;
	dev->hw_features |= features;
	teredo_compat_set_lltx(dev);
	/* This is enough for Ethernet; send.c increases it if necessary. */
	dev->needed_headroom = ETH_HLEN + TEREDO_ENCAP_LEN;
	dev->mtu = TEREDO_MTU_MIN;
	dev->min_mtu = TEREDO_MTU_MIN;
	dev->max_mtu = TEREDO_PAYLOAD_LIMIT;
	dev->needs_free_netdev = true;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->gso_max_size = GSO_SIZE;
	netif_set_tso_max_size(dev, GSO_SIZE);
	/* To send an ICMPv6 error, the stack needs the route of the packet. */
	netif_keep_dst(dev);
}
