// SPDX-License-Identifier: GPL-2.0
#include "method/discovery.h"

#include <linux/igmp.h>
#include <linux/inetdevice.h>
#include <linux/random.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <linux/workqueue.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "data/socket.h"
#include "link/device.h"
#include "method/announce.h"
#include "peer/age.h"
#include "peer/peer.h"

/* Shortest time between two announcements for newcomers. These may be forged, but may also
 * have packets for us, which are held for no longer than 8 s.
 */
#define NEWS_SPACING	(5 * HZ)
/* Addresses are added before routes, and there is no notification of routes. */
#define SETTLE		HZ
#define RETRY		(10 * HZ)

/* Limit of the clients of a namespace that take part: each hears each of the others, and
 * answers every neighbour.
 */
#define MEMBERS_MAX	64

static unsigned int discovery_net_id;

struct teredo_discovery_net *teredo_discovery_net(const struct net *net)
{
	return net_generic(net, discovery_net_id);
}

/* The deadline is kept in dn->due, as the timer of the work keeps an old one when the work
 * is queued without delay.
 *
 * A timer may expire late by up to an eighth of its delay, which of 300 s is more than half
 * a minute. So the work runs after seven eighths, finds nothing to do yet, and is scheduled
 * for the rest, until an eighth does not matter.
 */
void teredo_discovery_wake(struct teredo_discovery_net *dn, unsigned long delay)
{
	unsigned long due = jiffies + delay;

	if (delay > HZ)
		delay -= delay / 8;
	spin_lock_bh(&dn->lock);
	if (!dn->awaited || time_before(due, dn->due)) {
		dn->awaited = true;
		dn->due = due;
		mod_delayed_work(system_power_efficient_wq, &dn->work, delay);
	}
	spin_unlock_bh(&dn->lock);
}

/* -- the socket of the group -- */

static int encap_err_lookup(struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

/* Let our socket that has port 3544 of all addresses share it, or stop that. It shares the
 * port with sockets of its own user only, and only while the group's socket binds:
 * otherwise such sockets could take its datagrams.
 */
static void holder_shares(struct teredo_discovery_net *dn, bool yes)
{
	if (!dn->holder)
		return;
	lock_sock(dn->holder);
	dn->holder->sk_reuseport = yes;
	release_sock(dn->holder);
}

static int group_bind(struct teredo_discovery_net *dn, struct socket *sock)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(TEREDO_DISCOVERY_GROUP),
		.sin_port = htons(TEREDO_PORT),
	};
	int err;

	/* Datagrams to a group are delivered to all listeners: sharing the port takes
	 * nothing away from us, and lets others listen.
	 */
	sock->sk->sk_reuse = SK_CAN_REUSE;
	sock->sk->sk_reuseport = 1;
	holder_shares(dn, true);
	err = kernel_bind(sock, (void *)&sin, sizeof(sin));
	holder_shares(dn, false);
	return err;
}

/* Give the group's socket the owner of dn->holder: only sockets of one user share a port,
 * and the request that opens this one may be from another user.
 */
static void group_own(const struct teredo_discovery_net *dn, struct socket *sock)
{
	const struct sock *holder = dn->holder;

	if (!holder)
		return;
	SOCK_INODE(sock)->i_uid = SOCK_INODE(holder->sk_socket)->i_uid;
	WRITE_ONCE(sock->sk->sk_uid, READ_ONCE(holder->sk_uid));
}

static int group_open(struct teredo_discovery_net *dn)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = teredo_announce_rcv,
		.encap_err_lookup = encap_err_lookup,
		.sk_user_data = dn,
	};
	struct socket *sock;
	int err;

	ASSERT_RTNL();
	if (dn->sock)
		return 0;
	err = sock_create_kern(dn->net, AF_INET, SOCK_DGRAM, IPPROTO_UDP,
			       &sock);
	if (err)
		return err;
	group_own(dn, sock);
	err = group_bind(dn, sock);
	if (err) {
		sock_release(sock);
		return err;
	}
	sock->sk->sk_allocation = GFP_ATOMIC;
	teredo_compat_setup_tunnel(dn->net, sock, &tunnel);
	dn->sock = teredo_made(TEREDO_OBJECT_SOCKET, sock);
	return 0;
}

/* Return true if a client takes part on the link. One membership serves all of them. */
static bool others_on(struct teredo_discovery_net *dn, int ifindex)
{
	const struct teredo_discovery *d;

	list_for_each_entry(d, &dn->members, member)
		if (d->ifindex == ifindex)
			return true;
	return false;
}

static int membership(struct teredo_discovery_net *dn, int ifindex,
		      int (*change)(struct sock *sk, struct ip_mreqn *mreq))
{
	struct ip_mreqn mreq = {
		.imr_multiaddr.s_addr = htonl(TEREDO_DISCOVERY_GROUP),
		.imr_ifindex = ifindex,
	};
	int err;

	lock_sock(dn->sock->sk);
	err = change(dn->sock->sk, &mreq);
	release_sock(dn->sock->sk);
	return err;
}

/* Do not let the last announcement delay the next one: it was of another address, or went
 * to another link.
 */
static void unsaid(struct teredo_discovery *d)
{
	WRITE_ONCE(d->sent, jiffies - TEREDO_ANNOUNCE_SPACING);
}

/* Let a client take part on a link. After quit(), an RCU grace period has to pass first. */
static void join(struct teredo_discovery_net *dn, struct teredo_discovery *d,
		 int ifindex)
{
	if (dn->members_count >= MEMBERS_MAX)
		return;
	if (!others_on(dn, ifindex) &&
	    membership(dn, ifindex, ip_mc_join_group))
		return;
	WRITE_ONCE(d->ifindex, ifindex);
	unsaid(d);
	d->due = jiffies + get_random_u32_below(TEREDO_ANNOUNCE_SOON);
	list_add_tail_rcu(&d->member, &dn->members);
	dn->members_count++;
}

/* Let a client take part no more. A grace period has to follow. */
static void quit(struct teredo_discovery_net *dn, struct teredo_discovery *d)
{
	int ifindex = d->ifindex;

	if (!ifindex)
		return;
	WRITE_ONCE(d->ifindex, 0);
	list_del_rcu(&d->member);
	dn->members_count--;
	if (!others_on(dn, ifindex))
		membership(dn, ifindex, ip_mc_leave_group);
}

static void forget_neighbours(struct teredo_discovery *d)
{
	teredo_peers_flush_local(d->td);
}

/* Finish what quit() has begun, with one grace period for all clients. Peers found on the
 * links that they have left are no neighbours any more: packets to their local addresses
 * could end up anywhere.
 */
static void after_quits(struct teredo_discovery_net *dn)
{
	struct teredo_discovery *d;

	synchronize_net();
	list_for_each_entry(d, &dn->clients, list)
		if (!d->ifindex)
			forget_neighbours(d);
}

static void group_close(struct teredo_discovery_net *dn)
{
	struct teredo_discovery *d, *next;

	ASSERT_RTNL();
	if (!dn->sock)
		return;
	/* The remaining clients join again later, and keep their neighbours. No membership
	 * may be left when the socket is released: leaving it then would take RTNL.
	 */
	list_for_each_entry_safe(d, next, &dn->members, member)
		quit(dn, d);
	teredo_compat_release_tunnel(teredo_gone(TEREDO_OBJECT_SOCKET, dn->sock));
	dn->sock = NULL;
}

/* -- the work -- */

/* Return the link that leads to the server, or 0 if it cannot have neighbours. */
static int find_link(const struct teredo_dev *td)
{
	const struct teredo_status *status = rtnl_dereference(td->status);
	const struct teredo_config *cfg = rtnl_dereference(td->config);
	struct flowi4 fl4 = {
		.flowi4_mark = cfg->mark,
		.flowi4_proto = IPPROTO_UDP,
		.daddr = status->server,
		.saddr = cfg->local,
		.fl4_dport = htons(TEREDO_PORT),
	};
	const struct net_device *dev;
	struct rtable *rt;
	int ifindex = 0;

	if (status->state != TEREDO_STATE_QUALIFIED)
		return 0;
	rt = ip_route_output_key(td->underlay, &fl4);
	if (IS_ERR(rt))
		return 0;
	dev = rt->dst.dev;
	if (rt->rt_type == RTN_UNICAST && dev != td->dev &&
	    dev->flags & IFF_MULTICAST && !(dev->flags & IFF_LOOPBACK))
		ifindex = dev->ifindex;
	ip_rt_put(rt);
	return ifindex;
}

/* Choose the links again. Clients that have to change to another link, or to none, quit. */
static void move(struct teredo_discovery_net *dn)
{
	struct teredo_discovery *d;
	bool any = false;

	list_for_each_entry(d, &dn->clients, list) {
		d->wanted = find_link(d->td);
		if (d->ifindex && d->ifindex != d->wanted) {
			quit(dn, d);
			any = true;
		}
	}
	if (any)
		after_quits(dn);
}

/* Do what is due for one client. Returns when to do so again, jiffies. */
static unsigned long attend(struct teredo_discovery_net *dn,
			    struct teredo_discovery *d)
{
	struct teredo_dev *td = d->td;
	const struct teredo_status *status = rtnl_dereference(td->status);
	bool sent;

	if (!d->ifindex && d->wanted && dn->sock)
		join(dn, d, d->wanted);
	if (!d->ifindex)
		return jiffies + RETRY;
	if (!ipv6_addr_equal(&d->address, &status->address)) {
		d->address = status->address;
		unsaid(d);
		d->due = jiffies + get_random_u32_below(TEREDO_ANNOUNCE_SOON);
	}
	if (READ_ONCE(d->asked)) {
		WRITE_ONCE(d->asked, false);
		if (time_after(d->due, READ_ONCE(d->sent) + NEWS_SPACING))
			d->due = READ_ONCE(d->sent) + NEWS_SPACING;
	}
	if (!time_before(jiffies, d->due)) {
		rcu_read_lock();
		local_bh_disable();
		sent = teredo_announce(td, status);
		local_bh_enable();
		rcu_read_unlock();
		/* If it was not sent, try again soon. */
		d->due = jiffies +
			 (sent ? TEREDO_ANNOUNCE_MIN +
				 get_random_u32_below(TEREDO_ANNOUNCE_MAX -
						      TEREDO_ANNOUNCE_MIN + 1) :
				 RETRY + get_random_u32_below(TEREDO_ANNOUNCE_SOON));
	}
	return d->due;
}

static void work(struct work_struct *work)
{
	struct teredo_discovery_net *dn = container_of(to_delayed_work(work),
						struct teredo_discovery_net, work);
	unsigned long next = jiffies + TEREDO_ANNOUNCE_MIN;
	struct teredo_discovery *d;

	/* A wake-up from here on schedules another run. */
	spin_lock_bh(&dn->lock);
	dn->awaited = false;
	spin_unlock_bh(&dn->lock);
	rtnl_lock();
	if (!list_empty(&dn->clients)) {
		/* reopens the socket after a yield */
		group_open(dn);
		move(dn);
		list_for_each_entry(d, &dn->clients, list) {
			unsigned long due = attend(dn, d);

			if (time_before(due, next))
				next = due;
		}
		teredo_discovery_wake(dn, time_after(next, jiffies) ? next - jiffies : 0);
	}
	rtnl_unlock();
}

/* -- a device -- */

void teredo_discovery_setup(struct teredo_dev *td)
{
	td->discovery->td = td;
	INIT_LIST_HEAD(&td->discovery->list);
}

static int begin(struct teredo_discovery_net *dn, struct teredo_discovery *d)
{
	int err = group_open(dn);

	if (err)
		return err;
	d->ifindex = 0;
	d->wanted = 0;
	d->address = in6addr_any;
	d->sent = jiffies - NEWS_SPACING;
	d->asked = false;
	list_add_tail(&d->list, &dn->clients);
	teredo_discovery_wake(dn, 0);
	return 0;
}

/* Stop receiving, wait for all receivers, then remove the neighbours. The work finds
 * clients under RTNL only, and ends by itself when there is none.
 */
static void end(struct teredo_discovery_net *dn, struct teredo_discovery *d)
{
	list_del_init(&d->list);
	quit(dn, d);
	/* also if it has quit earlier, because of a yield */
	synchronize_net();
	forget_neighbours(d);
	if (list_empty(&dn->clients))
		group_close(dn);
}

int teredo_discovery_set(struct teredo_dev *td, bool on)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(td->underlay);
	struct teredo_discovery *d = td->discovery;

	ASSERT_RTNL();
	if (on == !list_empty(&d->list))
		return 0;
	if (on)
		return begin(dn, d);
	end(dn, d);
	return 0;
}

void teredo_discovery_update(struct teredo_dev *td)
{
	ASSERT_RTNL();
	if (!list_empty(&td->discovery->list))
		teredo_discovery_wake(teredo_discovery_net(td->underlay), 0);
}

void teredo_discovery_yield(struct net *net)
{
	group_close(teredo_discovery_net(net));
}

void teredo_discovery_return(struct net *net, struct sock *sk)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(net);

	if (sk)
		dn->holder = sk;
	if (!list_empty(&dn->clients))
		teredo_discovery_wake(dn, 0);
}

void teredo_discovery_forget(struct net *net, const struct sock *sk)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(net);

	if (dn->holder == sk)
		dn->holder = NULL;
}

/* -- notifiers -- */

/* @dev went down, lost an address, or is being removed. */
static void lost(struct net_device *dev)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(dev_net(dev));
	struct teredo_discovery *d, *next;
	bool any = false;

	list_for_each_entry_safe(d, next, &dn->members, member) {
		if (d->ifindex == dev->ifindex) {
			quit(dn, d);
			any = true;
		}
	}
	if (any)
		after_quits(dn);
}

static void changed(struct net_device *dev, unsigned long event)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(dev_net(dev));

	ASSERT_RTNL();
	if (list_empty(&dn->clients))
		return;
	switch (event) {
	case NETDEV_DOWN:
	case NETDEV_UNREGISTER:
		lost(dev);
		fallthrough;
	case NETDEV_UP:
	case NETDEV_CHANGE:
		teredo_discovery_wake(dn, SETTLE);
		break;
	}
}

static int netdev_event(struct notifier_block *nb, unsigned long event,
			void *data)
{
	changed(netdev_notifier_info_to_dev(data), event);
	return NOTIFY_DONE;
}

static int inetaddr_event(struct notifier_block *nb, unsigned long event,
			  void *data)
{
	const struct in_ifaddr *ifa = data;

	changed(ifa->ifa_dev->dev, event);
	return NOTIFY_DONE;
}

static struct notifier_block netdev_notifier = {
	.notifier_call = netdev_event,
};

static struct notifier_block inetaddr_notifier = {
	.notifier_call = inetaddr_event,
};

static int __net_init net_begin(struct net *net)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(net);

	dn->net = net;
	INIT_LIST_HEAD(&dn->clients);
	INIT_LIST_HEAD(&dn->members);
	spin_lock_init(&dn->lock);
	INIT_DELAYED_WORK(&dn->work, work);
	return 0;
}

/* Clients in this namespace are down by now, and those that were moved to others are
 * deleted (rtnl.c). The socket of the group was closed with the last of them, and nothing
 * can wake the work any more.
 */
static void __net_exit net_end(struct net *net)
{
	struct teredo_discovery_net *dn = teredo_discovery_net(net);

	WARN_ON_ONCE(!list_empty(&dn->clients) || dn->members_count ||
		     dn->sock);
	cancel_delayed_work_sync(&dn->work);
}

static struct pernet_operations pernet_ops = {
	.init = net_begin,
	.exit = net_end,
	.id = &discovery_net_id,
	.size = sizeof(struct teredo_discovery_net),
};

int teredo_discovery_init(void)
{
	int err;

	err = register_pernet_subsys(&pernet_ops);
	if (err)
		return err;
	err = register_netdevice_notifier(&netdev_notifier);
	if (err)
		goto err_pernet;
	err = register_inetaddr_notifier(&inetaddr_notifier);
	if (err)
		goto err_netdev;
	return 0;

err_netdev:
	unregister_netdevice_notifier(&netdev_notifier);
err_pernet:
	unregister_pernet_subsys(&pernet_ops);
	return err;
}

void teredo_discovery_exit(void)
{
	unregister_inetaddr_notifier(&inetaddr_notifier);
	unregister_netdevice_notifier(&netdev_notifier);
	unregister_pernet_subsys(&pernet_ops);
}
