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

#include "method/bubble.h"
#include "codec/build.h"
#include "base/compat.h"
#include "link/device.h"
#include "data/drop.h"
#include "base/ledger.h"
#include "peer/table.h"
#include "data/recv.h"
#include "base/trace.h"

/* The first announcement, and the one that a newcomer gets: soon, but not with
 * all others on the link.
 */
#define SOON		HZ
/* Between two announcements, whoever asks for them; and if a newcomer does, who
 * may be made up, but may also have packets that wait no longer than 8 s.
 */
#define SPACING		(HZ / 4)
#define NEWS_SPACING	(5 * HZ)
/* Addresses come before routes do, and nobody tells when those come. */
#define SETTLE		HZ
#define RETRY		(10 * HZ)

/* Of all clients of a namespace, so many take part: each hears what each of the others
 * says, and each answers whoever speaks on the link.
 */
#define MEMBERS_MAX	64

struct discovery_net {
	struct net *net;
	struct list_head clients;	/* teredo_discovery.list; RTNL */
	struct list_head members;	/* teredo_discovery.member; RCU */
	unsigned int members_count;	/* RTNL */
	struct socket *sock;		/* of the group, or NULL */
	struct sock *holder;		/* ours that has the port elsewhere */
	struct delayed_work work;	/* announces, follows changes */
	spinlock_t lock;		/* protects the two below */
	bool awaited;			/* the work has yet to run */
	unsigned long due;		/* jiffies, when */
};

static unsigned int discovery_net_id;

static struct discovery_net *discovery_net(const struct net *net)
{
	return net_generic(net, discovery_net_id);
}

/* Have the work run after @delay, or earlier. Any context. The deadline is our own:
 * the work's timer keeps an old one when it is queued without delay.
 *
 * Timers come late by up to an eighth of what they are set to, 300 s by more than half
 * a minute. So the work comes after seven eighths, finds nothing to do yet, and asks for
 * the rest, until that is no matter.
 */
static void wake(struct discovery_net *dn, unsigned long delay)
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

/* -- announcements -- */

void teredo_discovery_ask(struct teredo_dev *td)
{
	struct teredo_discovery *d = &td->discovery;

	if (!READ_ONCE(d->ifindex) || READ_ONCE(d->asked))
		return;
	WRITE_ONCE(d->asked, true);
	wake(discovery_net(td->net), get_random_u32_below(SOON));
}

static int hear(struct teredo_dev *td, const struct in6_addr *saddr,
		union teredo_endpoint src)
{
	const struct teredo_status *status = rcu_dereference(td->status);
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_addr ta;
	bool news = false;
	int verdict;

	if (status->state != TEREDO_STATE_QUALIFIED)
		return TEREDO_A_STATS_RX_NOT_READY;
	if (ipv6_addr_equal(saddr, &status->address))
		return TEREDO_A_STATS_RX_LOOP;
	/* Behind another NAT there is another way, and an address of another
	 * NAT could be anybody's (C-85, C-86).
	 */
	if (!teredo_config_covers(cfg, saddr) ||
	    !teredo_addr_is_usable(&ta, saddr) ||
	    ta.client != status->mapped_addr)
		return TEREDO_A_STATS_RX_INNER_SOURCE;
	verdict = teredo_peer_announced(td, cfg, saddr, src, &news);
	if (verdict)
		return verdict;
	trace_teredo_bubble(td->dev, true, src, saddr,
			    &in6addr_linklocal_allnodes);
	teredo_count(td->stats, TEREDO_A_STATS_RX_DISCOVERY);
	teredo_bubble_send(td, src, &status->address, saddr);	/* C-88 */
	/* The answer means nothing to who has not heard our announcement, and
	 * so could not begin to speak to us for up to 300 s.
	 */
	if (news)
		teredo_discovery_ask(td);
	return TEREDO_GO_ON;
}

/* A discovery bubble to the link, and to those of our own namespace, whom
 * multicast from a tunnel's socket would not reach. False if it could not be sent.
 */
static bool announce(struct teredo_dev *td, const struct teredo_status *status)
{
	struct teredo_discovery *d = &td->discovery;
	unsigned long now = jiffies, sent = READ_ONCE(d->sent);
	int ifindex = READ_ONCE(d->ifindex);
	struct teredo_discovery *other;
	union teredo_endpoint from;
	u8 buf[TEREDO_IPV6_LEN];

	if (!ifindex || time_before(now, sent + SPACING) ||
	    cmpxchg(&d->sent, sent, now) != sent)
		return true;
	teredo_build_discovery(buf, &status->address);
	if (teredo_send_group(td, ifindex, buf, sizeof(buf), &from))
		return false;
	trace_teredo_bubble(td->dev, false, teredo_discovery_group(),
			    &status->address, &in6addr_linklocal_allnodes);
	teredo_count(td->stats, TEREDO_A_STATS_TX_DISCOVERY);

	list_for_each_entry_rcu(other, &discovery_net(td->net)->members,
				member) {
		struct teredo_dev *neighbour;
		int verdict;

		if (other == d || READ_ONCE(other->ifindex) != ifindex)
			continue;
		neighbour = container_of(other, struct teredo_dev, discovery);
		verdict = hear(neighbour, &status->address, from);
		if (verdict)
			teredo_count(neighbour->stats, verdict);
	}
	return true;
}

bool teredo_discovery_probe(struct teredo_dev *td,
			    const struct teredo_status *status,
			    const struct teredo_probe *probe)
{
	/* It does not answer the bubble, but takes it for a sign of life of
	 * ours; the announcement is what it answers.
	 */
	bool sent = teredo_bubble_send(td, probe->local, &status->address,
				       &probe->addr);

	announce(td, status);
	return sent;
}

/* -- reception -- */

/* True if @addr is a host of a subnet that @dev is in (C-85). */
static bool in_local_subnet(const struct net_device *dev, __be32 addr)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		if (!ifa->ifa_mask || !inet_ifa_match(addr, ifa))
			continue;
		/* not its first and last addresses, where these mean all */
		if (ifa->ifa_prefixlen < 31 &&
		    ((addr & ~ifa->ifa_mask) == 0 ||
		     (addr | ifa->ifa_mask) == htonl(INADDR_BROADCAST)))
			continue;
		return true;
	}
	return false;
}

/* The bubble must be as C-84 has it. */
static int check_bubble(struct sk_buff *skb, struct teredo_rx *rx)
{
	const struct teredo_packet *pkt = &rx->pkt;
	int verdict;

	rx->src = teredo_endpoint(ip_hdr(skb)->saddr, udp_hdr(skb)->source);
	rx->dst = teredo_endpoint(ip_hdr(skb)->daddr, udp_hdr(skb)->dest);
	if (rx->dst.addr != htonl(TEREDO_DISCOVERY_GROUP))
		return TEREDO_A_STATS_RX_OUTER_DEST;
	if (!rx->src.port || !in_local_subnet(skb->dev, rx->src.addr))
		return TEREDO_A_STATS_RX_OUTER_SOURCE;
	if (ip_hdr(skb)->ttl != 1)
		return TEREDO_A_STATS_RX_MALFORMED;

	skb_pull_rcsum(skb, sizeof(struct udphdr));
	rx->data_len = skb->len;
	verdict = teredo_rx_parse(skb, rx);
	if (verdict)
		return verdict;
	if (pkt->has_auth || pkt->has_origin)
		return TEREDO_A_STATS_RX_MISPLACED;
	if (!teredo_addr_is_all_nodes(&pkt->daddr))
		return TEREDO_A_STATS_RX_INNER_DEST;
	if (!teredo_is_bubble(pkt) || pkt->hop_limit != 1)
		return TEREDO_A_STATS_RX_MALFORMED;
	return teredo_rx_check_trailers(skb, rx);
}

/* For all members of the namespace that are where it came from. */
static int encap_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct discovery_net *dn = rcu_dereference_sk_user_data(sk);
	struct teredo_discovery *d;
	struct teredo_rx rx = {};
	bool taken = false;
	int bad, verdict;

	/* The socket is going. */
	if (!dn)
		goto out;
	bad = check_bubble(skb, &rx);
	list_for_each_entry_rcu(d, &dn->members, member) {
		struct teredo_dev *td;

		if (READ_ONCE(d->ifindex) != skb->dev->ifindex)
			continue;
		td = container_of(d, struct teredo_dev, discovery);
		verdict = bad ?: hear(td, &rx.pkt.saddr, rx.src);
		if (verdict)
			teredo_refuse_rx(td, &rx, verdict);
		else
			taken = true;
	}
out:
	/* Those who look for lost packets see only what nobody took. */
	if (taken)
		consume_skb(skb);
	else
		kfree_skb(skb);
	return 0;
}

static int encap_err_lookup(struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

/* -- the group -- */

/* Ours that has port 3544 of all addresses shares it for this moment, and only
 * with sockets of its own user. To share it always would be an invitation.
 */
static void holder_shares(struct discovery_net *dn, bool yes)
{
	if (!dn->holder)
		return;
	lock_sock(dn->holder);
	dn->holder->sk_reuseport = yes;
	release_sock(dn->holder);
}

static int group_bind(struct discovery_net *dn, struct socket *sock)
{
	struct sockaddr_in sin = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(TEREDO_DISCOVERY_GROUP),
		.sin_port = htons(TEREDO_PORT),
	};
	int err;

	/* What comes to the group goes to all who listen: to share takes
	 * nothing away, and is a favour to others who want the port.
	 */
	sock->sk->sk_reuse = SK_CAN_REUSE;
	sock->sk->sk_reuseport = 1;
	holder_shares(dn, true);
	err = kernel_bind(sock, (void *)&sin, sizeof(sin));
	holder_shares(dn, false);
	return err;
}

/* Sharing takes two sockets of one user, and whoever opens this one, now or after a
 * yield, need not be who opened the other.
 */
static void group_own(const struct discovery_net *dn, struct socket *sock)
{
	const struct sock *holder = dn->holder;

	if (!holder)
		return;
	SOCK_INODE(sock)->i_uid = SOCK_INODE(holder->sk_socket)->i_uid;
	WRITE_ONCE(sock->sk->sk_uid, READ_ONCE(holder->sk_uid));
}

static int group_open(struct discovery_net *dn)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = encap_rcv,
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

/* One membership serves all on a link. */
static bool others_on(struct discovery_net *dn, int ifindex)
{
	const struct teredo_discovery *d;

	list_for_each_entry(d, &dn->members, member)
		if (d->ifindex == ifindex)
			return true;
	return false;
}

static int membership(struct discovery_net *dn, int ifindex,
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

/* What was announced a moment ago was something else, or to others: it holds up nothing
 * that is to be said now.
 */
static void unsaid(struct teredo_discovery *d)
{
	WRITE_ONCE(d->sent, jiffies - SPACING);
}

/* Between a quit() and this, an RCU grace period has to pass. */
static void join(struct discovery_net *dn, struct teredo_discovery *d,
		 int ifindex)
{
	if (dn->members_count >= MEMBERS_MAX)
		return;
	if (!others_on(dn, ifindex) &&
	    membership(dn, ifindex, ip_mc_join_group))
		return;
	WRITE_ONCE(d->ifindex, ifindex);
	unsaid(d);
	d->due = jiffies + get_random_u32_below(SOON);
	list_add_tail_rcu(&d->member, &dn->members);
	dn->members_count++;
}

static void quit(struct discovery_net *dn, struct teredo_discovery *d)
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
	teredo_peers_flush_local(container_of(d, struct teredo_dev, discovery));
}

/* Some have quit, and nobody else has done what is due then: whoever was found on
 * their link is no neighbour any more, and packets to local addresses would end up who
 * knows where. One wait for all of them, and for those who still hear.
 */
static void after_quits(struct discovery_net *dn)
{
	struct teredo_discovery *d;

	synchronize_net();
	list_for_each_entry(d, &dn->clients, list)
		if (!d->ifindex)
			forget_neighbours(d);
}

static void group_close(struct discovery_net *dn)
{
	struct teredo_discovery *d, *next;

	ASSERT_RTNL();
	if (!dn->sock)
		return;
	/* Whoever is left joins again, and its neighbours stay. No membership may go
	 * with the socket: the release would take RTNL for it.
	 */
	list_for_each_entry_safe(d, next, &dn->members, member)
		quit(dn, d);
	teredo_compat_release_tunnel(teredo_gone(TEREDO_OBJECT_SOCKET, dn->sock));
	dn->sock = NULL;
}

/* -- the work -- */

/* The link that leads to the server, if others can be there. */
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
	rt = ip_route_output_key(td->net, &fl4);
	if (IS_ERR(rt))
		return 0;
	dev = rt->dst.dev;
	if (rt->rt_type == RTN_UNICAST && dev != td->dev &&
	    dev->flags & IFF_MULTICAST && !(dev->flags & IFF_LOOPBACK))
		ifindex = dev->ifindex;
	ip_rt_put(rt);
	return ifindex;
}

/* Have everybody quit who has to go to another link, or to none. */
static void move(struct discovery_net *dn)
{
	struct teredo_discovery *d;
	bool any = false;

	list_for_each_entry(d, &dn->clients, list) {
		d->wanted = find_link(container_of(d, struct teredo_dev,
						   discovery));
		if (d->ifindex && d->ifindex != d->wanted) {
			quit(dn, d);
			any = true;
		}
	}
	if (any)
		after_quits(dn);
}

/* Do what has to be done for one client, and say when to look again. */
static unsigned long attend(struct discovery_net *dn,
			    struct teredo_discovery *d)
{
	struct teredo_dev *td = container_of(d, struct teredo_dev, discovery);
	const struct teredo_status *status = rtnl_dereference(td->status);
	bool sent;

	if (!d->ifindex && d->wanted && dn->sock)
		join(dn, d, d->wanted);
	if (!d->ifindex)
		return jiffies + RETRY;
	if (!ipv6_addr_equal(&d->address, &status->address)) {
		d->address = status->address;
		unsaid(d);
		d->due = jiffies + get_random_u32_below(SOON);
	}
	if (READ_ONCE(d->asked)) {
		WRITE_ONCE(d->asked, false);
		if (time_after(d->due, READ_ONCE(d->sent) + NEWS_SPACING))
			d->due = READ_ONCE(d->sent) + NEWS_SPACING;
	}
	if (!time_before(jiffies, d->due)) {
		rcu_read_lock();
		local_bh_disable();
		sent = announce(td, status);
		local_bh_enable();
		rcu_read_unlock();
		/* Nobody has heard what was not sent. */
		d->due = jiffies +
			 (sent ? TEREDO_ANNOUNCE_MIN +
				 get_random_u32_below(TEREDO_ANNOUNCE_MAX -
						      TEREDO_ANNOUNCE_MIN + 1) :
				 RETRY + get_random_u32_below(SOON));
	}
	return d->due;
}

static void work(struct work_struct *work)
{
	struct discovery_net *dn = container_of(to_delayed_work(work),
						struct discovery_net, work);
	unsigned long next = jiffies + TEREDO_ANNOUNCE_MIN;
	struct teredo_discovery *d;

	/* Whoever wants it from here on gets another run. */
	spin_lock_bh(&dn->lock);
	dn->awaited = false;
	spin_unlock_bh(&dn->lock);
	rtnl_lock();
	if (!list_empty(&dn->clients)) {
		/* if it did not come back after a yield */
		group_open(dn);
		move(dn);
		list_for_each_entry(d, &dn->clients, list) {
			unsigned long due = attend(dn, d);

			if (time_before(due, next))
				next = due;
		}
		wake(dn, time_after(next, jiffies) ? next - jiffies : 0);
	}
	rtnl_unlock();
}

/* -- a device -- */

void teredo_discovery_setup(struct teredo_dev *td)
{
	INIT_LIST_HEAD(&td->discovery.list);
	teredo_buckets_init(&td->discovery.answers);
}

static int begin(struct discovery_net *dn, struct teredo_discovery *d)
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
	wake(dn, 0);
	return 0;
}

/* From the list to the peers, each after those are done who had it from the
 * one before: who hears for us, who was found. The work needs RTNL to find us,
 * and ends by itself when it finds nobody.
 */
static void end(struct discovery_net *dn, struct teredo_discovery *d)
{
	list_del_init(&d->list);
	quit(dn, d);
	/* also if it has not just quit, since it may have before a yield */
	synchronize_net();
	forget_neighbours(d);
	if (list_empty(&dn->clients))
		group_close(dn);
}

int teredo_discovery_set(struct teredo_dev *td, bool on)
{
	struct discovery_net *dn = discovery_net(td->net);
	struct teredo_discovery *d = &td->discovery;

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
	if (!list_empty(&td->discovery.list))
		wake(discovery_net(td->net), 0);
}

void teredo_discovery_yield(struct net *net)
{
	group_close(discovery_net(net));
}

void teredo_discovery_return(struct net *net, struct sock *sk)
{
	struct discovery_net *dn = discovery_net(net);

	if (sk)
		dn->holder = sk;
	if (!list_empty(&dn->clients))
		wake(dn, 0);
}

void teredo_discovery_forget(struct net *net, const struct sock *sk)
{
	struct discovery_net *dn = discovery_net(net);

	if (dn->holder == sk)
		dn->holder = NULL;
}

/* -- what happens around us -- */

/* @dev went down, lost an address, or is going for good. */
static void lost(struct net_device *dev)
{
	struct discovery_net *dn = discovery_net(dev_net(dev));
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
	struct discovery_net *dn = discovery_net(dev_net(dev));

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
		wake(dn, SETTLE);
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
	struct discovery_net *dn = discovery_net(net);

	dn->net = net;
	INIT_LIST_HEAD(&dn->clients);
	INIT_LIST_HEAD(&dn->members);
	spin_lock_init(&dn->lock);
	INIT_DELAYED_WORK(&dn->work, work);
	return 0;
}

/* Clients that are in this namespace are down by now, and those that were moved
 * elsewhere were deleted before (device.c): the group's socket went with the last of
 * them, and with them all who could wake the work.
 */
static void __net_exit net_end(struct net *net)
{
	struct discovery_net *dn = discovery_net(net);

	WARN_ON_ONCE(!list_empty(&dn->clients) || dn->members_count ||
		     dn->sock);
	cancel_delayed_work_sync(&dn->work);
}

static struct pernet_operations pernet_ops = {
	.init = net_begin,
	.exit = net_end,
	.id = &discovery_net_id,
	.size = sizeof(struct discovery_net),
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
