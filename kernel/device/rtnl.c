// SPDX-License-Identifier: GPL-2.0
#include "device/device.h"

#include <linux/module.h>
#include <linux/rtnetlink.h>
#include <net/ipv6.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "device/link.h"
#include "link/notify.h"
#include "peer/age.h"
#include "role/roles.h"

/* Links whose sockets are in this namespace, wherever the links have been moved */
struct teredo_net {
	struct list_head links;		/* under RTNL */
};

static unsigned int teredo_net_id;
static struct rtnl_link_ops link_ops;

struct teredo_dev *teredo_from_netdev(struct net_device *dev)
{
	return dev && dev->rtnl_link_ops == &link_ops ? netdev_priv(dev) : NULL;
}

/* Called after the last reference is gone. */
static void teredo_destructor(struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);

	teredo_config_free(rcu_dereference_protected(td->config, true));
	teredo_status_free(rcu_dereference_protected(td->status, true));
}

/* -- the link type -- */

static int teredo_newlink_body(struct net *link_net, struct net_device *dev,
			       struct nlattr *data[],
			       struct netlink_ext_ack *extack)
{
	struct link *link = netdev_priv(dev);
	struct teredo_config *cfg, *parsed;
	struct teredo_dev *td = &link->td;
	struct teredo_status *status;
	int err;

	/* If IPv6 is disabled at boot, its tables do not exist, and its functions do not
	 * check that.
	 */
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
	td->underlay = link_net;
	td->sockets = &link->sockets;
	td->peers = &link->peers;
	td->control = &link->control;
	td->discovery = &link->discovery;
	td->relays = &link->relays;
	td->secrets = &link->secrets;
	td->role = teredo_role_find(cfg);
	status->since = ktime_get_boottime_seconds();
	RCU_INIT_POINTER(td->config, cfg);
	RCU_INIT_POINTER(td->status, status);
	teredo_control_init(td);
	teredo_discovery_setup(td);
	teredo_limits_init(&td->limits);
	teredo_relays_init(td->relays);

	err = register_netdevice(dev);
	if (err)
		goto err_free;
	/* From here on the destructor frees what belongs to the device. It is not set
	 * before register_netdevice(), which would call it on failure.
	 */
	dev->priv_destructor = teredo_destructor;
	list_add(&link->list, &((struct teredo_net *)
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
	/* rtnetlink has checked, for the namespace of the link, the permissions of whoever
	 * opened the socket. The message is not available here, so check those of the
	 * current task for the underlay.
	 */
	err = teredo_check_underlay(td, ns_capable(td->underlay->user_ns,
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
	struct link *link = netdev_priv(dev);

	list_del(&link->list);
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

	return READ_ONCE(td->underlay);
}

static struct rtnl_link_ops link_ops __read_mostly = {
	.kind = "teredo",
	.priv_size = sizeof(struct link),
	.setup = teredo_device_setup,
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

/* Delete the links that were moved out of a dying namespace. Their sockets and routes hold
 * references to its devices, so they have to be deleted before the stack waits for such
 * references. Links that are still inside are deleted with the other devices, all of which
 * are down before that wait. RTNL is not needed if the list is empty: no link is added any
 * more, and whoever has just removed the last one sets it down before releasing RTNL, which
 * the stack takes next.
 */
static void __net_exit teredo_net_pre_exit(struct net *net)
{
	struct teredo_net *tn = net_generic(net, teredo_net_id);
	struct link *link, *next;
	LIST_HEAD(unregister);

	if (list_empty(&tn->links))
		return;
	rtnl_lock();
	list_for_each_entry_safe(link, next, &tn->links, list)
		if (!net_eq(dev_net(link->td.dev), net))
			teredo_dellink(link->td.dev, &unregister);
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

/* Follow changes that others make to our devices, and report them to listeners. A link that
 * is moved to another namespace leaves its controller behind, and must not find it again
 * when it comes back: the netlink port may belong to another socket by then.
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
		/* ndo_open() uses it next. If another notifier objects, ndo_open() is not
		 * called before the next event of this kind, which replaces it.
		 */
		link_of(td)->extack = netdev_notifier_info_to_extack(data);
		break;
	case NETDEV_UNREGISTER:
		teredo_control_forget(td);
		teredo_peers_disappear(td);
		teredo_notify->device_gone(td);
		break;
	case NETDEV_CHANGEMTU:
		/* Take it as configured. If the controller has changed it, it sets
		 * mtu_configured next.
		 */
		WRITE_ONCE(td->mtu_configured, 0);
		fallthrough;
	case NETDEV_CHANGENAME:
		teredo_notify->device(td);
		break;
	}
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

int teredo_device_init(const struct nla_policy *policy, unsigned int maxtype)
{
	int err;

	link_ops.policy = policy;
	link_ops.maxtype = maxtype;

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
