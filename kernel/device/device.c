// SPDX-License-Identifier: GPL-2.0
#include "link/device.h"

#include <linux/if_arp.h>
#include <linux/ipv6.h>
#include <linux/memcontrol.h>
#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/addrconf.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>
#include <net/tcp.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "netlink/netlink.h"
#include "netlink/netlink-gen.h"
#include "peer/table.h"
#include "link/role.h"
#include "data/xmit.h"

/* Links whose sockets are in this namespace, wherever the links are. */
struct teredo_net {
	struct list_head links;		/* under RTNL */
};

static unsigned int teredo_net_id;
static struct rtnl_link_ops link_ops;

struct teredo_dev *teredo_from_netdev(struct net_device *dev)
{
	return dev && dev->rtnl_link_ops == &link_ops ? netdev_priv(dev) : NULL;
}

/* -- status -- */

struct teredo_status *teredo_status_new(const struct teredo_status *old)
{
	return teredo_made(TEREDO_OBJECT_STATUS,
			   old ? kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT) :
				 kzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT));
}

void teredo_status_free(struct teredo_status *status)
{
	kfree(teredo_gone(TEREDO_OBJECT_STATUS, status));
}

void teredo_set_status(struct teredo_dev *td, struct teredo_status *status)
{
	struct teredo_status *old = rtnl_dereference(td->status);

	if (old && old->state == status->state)
		status->since = old->since;
	else
		status->since = ktime_get_boottime_seconds();
	rcu_assign_pointer(td->status, status);
	teredo_gone(TEREDO_OBJECT_STATUS, old);
	if (old)
		kfree_rcu(old, rcu);
	teredo_discovery_update(td);
	teredo_nl_dev_event(td);
}

int teredo_check_origin(const struct teredo_dev *td, bool permitted,
			struct netlink_ext_ack *extack)
{
	if (permitted || net_eq(td->net, dev_net(td->dev)))
		return 0;
	NL_SET_ERR_MSG(extack, "not permitted in the link's namespace of origin");
	return -EPERM;
}

int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack)
{
	struct teredo_config *old = rtnl_dereference(td->config);
	bool running = netif_running(td->dev);

	if (cfg->peers_max < teredo_peers_count(&td->peers)) {
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
	teredo_nl_dev_event(td);
	return 0;
}

/* -- the link -- */

/* The stack has only bare errors for those who set a link up. */
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
				       "local or server2 is no address of this host: teredo-tool show tells which");
		else
			NL_SET_ERR_MSG(extack, "local is no address of this host");
		break;
	}
}

static int teredo_open(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);
	struct netlink_ext_ack *extack = td->extack;
	const struct teredo_config *cfg = rtnl_dereference(td->config);
	struct inet6_dev *idev = __in6_dev_get(dev);
	struct teredo_status *status;
	int err;

	td->extack = NULL;
	/* No link-local communication over Teredo (SEC-03). */
	if (idev)
		idev->cnf.addr_gen_mode = IN6_ADDR_GEN_MODE_NONE;

	status = teredo_status_new(NULL);
	if (!status)
		return -ENOMEM;
	status->state = td->role->start_state;
	teredo_peers_open(td);
	err = teredo_sockets_open(td, cfg);
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
	teredo_sockets_close(td);
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
	teredo_sockets_close(td);
	teredo_peers_close(td);

	/* This must not fail: reuse the old one if there is no memory for
	 * another. Sockets and peers are closed, so nobody reads it but
	 * netlink, which may tell some of both just this once.
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
	teredo_nl_dev_event(td);
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
	err = teredo_sockets_init(&td->sockets);
	if (err)
		goto err_stats;
	err = gro_cells_init(&td->gro_cells, dev);
	if (err)
		goto err_sockets;
	teredo_made(TEREDO_OBJECT_PERCPU, &td->gro_cells);
	err = teredo_secrets_init(&td->secrets);
	if (err)
		goto err_gro_cells;
	err = teredo_peers_init(td);
	if (err)
		goto err_secrets;
	td->memcg = get_mem_cgroup_from_mm(current->mm);
	teredo_made(TEREDO_OBJECT_LINK, td);
	return 0;

err_secrets:
	teredo_secrets_uninit(&td->secrets);
err_gro_cells:
	gro_cells_destroy(teredo_gone(TEREDO_OBJECT_PERCPU, &td->gro_cells));
err_sockets:
	teredo_sockets_uninit(&td->sockets);
err_stats:
	teredo_percpu_free(td->stats);
err_tstats:
	teredo_percpu_free(dev->tstats);
	return err;
}

/* The device is unregistered and down: its sockets are closed, and the stack
 * has waited for everyone who could be in the transmit path.
 */
static void teredo_dev_uninit(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);

	teredo_peers_uninit(td);
	teredo_secrets_uninit(&td->secrets);
	mem_cgroup_put(td->memcg);
	gro_cells_destroy(teredo_gone(TEREDO_OBJECT_PERCPU, &td->gro_cells));
	teredo_sockets_uninit(&td->sockets);
	teredo_percpu_free(td->stats);
	teredo_percpu_free(dev->tstats);
	teredo_gone(TEREDO_OBJECT_LINK, td);
}

/* The last reference is gone. */
static void teredo_destructor(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);

	teredo_config_free(rcu_dereference_protected(td->config, true));
	teredo_status_free(rcu_dereference_protected(td->status, true));
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

/* TCP keeps MAX_TCP_HEADER free in what it takes for one packet, which is much
 * more than there is here. Leave it as many segments as a datagram can carry, with
 * room for the headers of TCP, of IPv6, and of a link below; whoever makes it still
 * longer is up to teredo_features_check().
 */
#define GSO_SIZE (TEREDO_PAYLOAD_LIMIT - 64 - TEREDO_IPV6_LEN - 60 + \
		  MAX_TCP_HEADER + 1)

static void teredo_setup(struct net_device *dev)
{
	/* Of the software GSO types, those whose segments carry one pending
	 * internet checksum: neither lists of fragments nor SCTP.
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
	/* enough for Ethernet; socket.c learns of more */
	dev->needed_headroom = ETH_HLEN + TEREDO_ENCAP_LEN;
	dev->mtu = TEREDO_MTU_MIN;
	dev->min_mtu = TEREDO_MTU_MIN;
	dev->max_mtu = TEREDO_PAYLOAD_LIMIT;
	dev->needs_free_netdev = true;
	SET_NETDEV_DEVTYPE(dev, &device_type);
	dev->gso_max_size = GSO_SIZE;
	netif_set_tso_max_size(dev, GSO_SIZE);
	/* ICMPv6 errors want to know the route of the packet they are about. */
	netif_keep_dst(dev);
}

/* -- rtnetlink -- */

static int teredo_newlink_body(struct net *link_net, struct net_device *dev,
			       struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	struct teredo_dev *td = netdev_priv(dev);
	struct teredo_config *cfg, *parsed;
	struct teredo_status *status;
	int err;

	/* Its tables do not exist then, and it does not expect to be asked. */
	if (!ipv6_mod_enabled()) {
		NL_SET_ERR_MSG(extack,
			       "IPv6 is disabled in this kernel (ipv6.disable=1)");
		return -EAFNOSUPPORT;
	}
	cfg = teredo_config_default();
	status = teredo_status_new(NULL);
	if (!cfg || !status) {
		err = -ENOMEM;
		goto err_free;
	}
	if (data) {
		parsed = teredo_config_parse(cfg, data, false, extack);
		if (IS_ERR(parsed)) {
			err = PTR_ERR(parsed);
			goto err_free;
		}
		teredo_config_free(cfg);
		cfg = parsed;
	}

	td->dev = dev;
	td->net = link_net;
	td->role = teredo_role_find(cfg);
	status->since = ktime_get_boottime_seconds();
	RCU_INIT_POINTER(td->config, cfg);
	RCU_INIT_POINTER(td->status, status);
	teredo_control_init(td);
	teredo_discovery_setup(td);
	teredo_limits_init(&td->limits);
	teredo_relays_init(&td->relays);

	err = register_netdevice(dev);
	if (err)
		goto err_free;
	/* From here on the destructor frees what belongs to the device; before,
	 * register_netdevice() would have called it, too.
	 */
	dev->priv_destructor = teredo_destructor;
	list_add(&td->list, &((struct teredo_net *)
			      net_generic(link_net, teredo_net_id))->links);
	return 0;

err_free:
	teredo_status_free(status);
	teredo_config_free(cfg);
	return err;
}

TEREDO_NEWLINK(teredo_newlink, teredo_newlink_body)

static int teredo_changelink(struct net_device *dev, struct nlattr *tb[],
			     struct nlattr *data[],
			     struct netlink_ext_ack *extack)
{
	struct teredo_dev *td = netdev_priv(dev);
	struct teredo_config *cfg;
	int err;

	if (!data)
		return 0;
	/* rtnetlink has asked what the opener of the socket may do in the
	 * link's namespace; of the message nothing is left here to ask more.
	 */
	err = teredo_check_origin(td, ns_capable(td->net->user_ns,
						 CAP_NET_ADMIN), extack);
	if (err)
		return err;
	cfg = teredo_config_parse(rtnl_dereference(td->config), data,
				  netif_running(dev), extack);
	if (IS_ERR(cfg))
		return PTR_ERR(cfg);
	err = teredo_apply_config(td, cfg, extack);
	if (err)
		teredo_config_free(cfg);
	return err;
}

static void teredo_dellink(struct net_device *dev, struct list_head *head)
{
	struct teredo_dev *td = netdev_priv(dev);

	list_del(&td->list);
	unregister_netdevice_queue(dev, head);
}

static size_t teredo_get_size(const struct net_device *dev)
{
	return teredo_config_size();
}

static int teredo_fill_info(struct sk_buff *skb, const struct net_device *dev)
{
	const struct teredo_dev *td = netdev_priv(dev);
	int err;

	rcu_read_lock();
	err = teredo_config_fill(skb, rcu_dereference(td->config));
	rcu_read_unlock();
	return err;
}

static struct net *teredo_get_link_net(const struct net_device *dev)
{
	const struct teredo_dev *td = netdev_priv(dev);

	return READ_ONCE(td->net);
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = "teredo",
	.maxtype = ARRAY_SIZE(teredo_config_nl_policy) - 1,
	.policy = teredo_config_nl_policy,
	.priv_size = sizeof(struct teredo_dev),
	.setup = teredo_setup,
	.newlink = teredo_newlink,
	.changelink = teredo_changelink,
	.dellink = teredo_dellink,
	.get_size = teredo_get_size,
	.fill_info = teredo_fill_info,
	.get_link_net = teredo_get_link_net,
};

/* -- namespaces -- */

static int __net_init teredo_net_init(struct net *net)
{
	struct teredo_net *tn = net_generic(net, teredo_net_id);

	INIT_LIST_HEAD(&tn->links);
	return 0;
}

/* Links inside of a dying namespace are deleted with all its devices, all of which
 * are down before anybody waits for references to one of them. This is for links
 * that were moved out of it, whose sockets and routes hold such references: they have
 * to go before. Nobody comes any more, so who finds the list empty need not wait for
 * RTNL; and who takes a link off has it down before he lets go of RTNL, which the
 * stack needs next.
 */
static void __net_exit teredo_net_pre_exit(struct net *net)
{
	struct teredo_net *tn = net_generic(net, teredo_net_id);
	struct teredo_dev *td, *next;
	LIST_HEAD(unregister);

	if (list_empty(&tn->links))
		return;
	rtnl_lock();
	list_for_each_entry_safe(td, next, &tn->links, list)
		if (!net_eq(dev_net(td->dev), net))
			teredo_dellink(td->dev, &unregister);
	unregister_netdevice_many(&unregister);
	rtnl_unlock();
}

static void __net_exit teredo_net_exit(struct net *net)
{
	struct teredo_net *tn = net_generic(net, teredo_net_id);

	WARN_ON_ONCE(!list_empty(&tn->links));
}

static struct pernet_operations pernet_ops = {
	.init = teredo_net_init,
	.pre_exit = teredo_net_pre_exit,
	.exit = teredo_net_exit,
	.id = &teredo_net_id,
	.size = sizeof(struct teredo_net),
};

/* A link that moves leaves its controller behind, and should not find it again
 * when it comes back: the port may be somebody else's by then. What those who
 * watch want to know comes from us, or from here.
 */
static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	struct teredo_dev *td;

	td = teredo_from_netdev(netdev_notifier_info_to_dev(data));
	if (!td)
		return NOTIFY_DONE;
	switch (event) {
	case NETDEV_REGISTER:
		teredo_peers_appear(td);
		break;
	case NETDEV_PRE_UP:
		/* ndo_open() comes next, unless another notifier objects, and
		 * then not before the next one of these.
		 */
		td->extack = netdev_notifier_info_to_extack(data);
		break;
	case NETDEV_UNREGISTER:
		teredo_control_forget(td);
		teredo_peers_disappear(td);
		teredo_nl_dev_gone(td);
		break;
	case NETDEV_CHANGEMTU:
		/* Whoever it was; if it was the controller, it says so next. */
		WRITE_ONCE(td->mtu_configured, 0);
		fallthrough;
	case NETDEV_CHANGENAME:
		teredo_nl_dev_event(td);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int teredo_device_init(void)
{
	int err;

	err = register_pernet_subsys(&pernet_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&netdev_notifier);
	if (err)
		goto err_pernet;
	err = rtnl_link_register(&link_ops);
	if (err)
		goto err_notifier;
	return 0;

err_notifier:
	unregister_netdevice_notifier(&netdev_notifier);
err_pernet:
	unregister_pernet_subsys(&pernet_ops);
	return err;
}

void teredo_device_exit(void)
{
	rtnl_link_unregister(&link_ops);
	unregister_netdevice_notifier(&netdev_notifier);
	unregister_pernet_subsys(&pernet_ops);
}
