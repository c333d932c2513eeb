// SPDX-License-Identifier: GPL-2.0
#include "data/socket.h"

#include <linux/random.h>
#include <linux/slab.h>
#include <net/ip.h>
#include <net/netns/generic.h>
#include <net/sock.h>
#include <net/udp_tunnel.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "data/offload.h"
#include "data/route.h"
#include "link/device.h"
#include "link/role.h"

/* -- who else is here -- */

#define PORTS	16

/* Teredo sockets of a namespace, by port. RCU; written under RTNL. */
struct sockets_net {
	struct hlist_head socks[PORTS];
};

static unsigned int sockets_net_id;

static struct hlist_head *socks_by_port(const struct net *net, __be16 port)
{
	struct sockets_net *sn = net_generic(net, sockets_net_id);

	return &sn->socks[ntohs(port) % PORTS];
}

const struct teredo_sock *teredo_socket_find(const struct net *net,
					     union teredo_endpoint to)
{
	const struct teredo_sock *ts;

	hlist_for_each_entry_rcu(ts, socks_by_port(net, to.port), node)
		if (ts->port == to.port && (!ts->addr || ts->addr == to.addr))
			return ts;
	return NULL;
}

static struct pernet_operations sockets_net_ops = {
	.id = &sockets_net_id,
	.size = sizeof(struct sockets_net),
};

int teredo_sockets_register(void)
{
	return register_pernet_subsys(&sockets_net_ops);
}

void teredo_sockets_unregister(void)
{
	unregister_pernet_subsys(&sockets_net_ops);
}

int teredo_sockets_init(struct teredo_sockets *socks)
{
	socks->routes_key = get_random_u32() | 1;
	socks->routes = teredo_routes_new();
	return socks->routes ? 0 : -ENOMEM;
}

void teredo_sockets_uninit(struct teredo_sockets *socks)
{
	teredo_routes_free(socks->routes);
}

/* -- life -- */

/* Handle an ICMPv4 error about a datagram from this port. Nobody else sees it. */
static int encap_err_lookup(struct sock *sk, struct sk_buff *skb)
{
	return 0;
}

static void encap_err(struct sock *sk, struct sk_buff *skb)
{
	const struct teredo_sock *ts = rcu_dereference_sk_user_data(sk);

	if (likely(ts))
		ts->ops->error(ts, skb);
}

TEREDO_ENCAP_ERR_RCV(encap_err_rcv, encap_err)

/* A socket that sends without DF needs no path MTU, and anybody could forge one to have
 * everything sent in fragments: keep to the MTU of the interface.
 */
static void set_df(const struct teredo_sock *ts, const struct teredo_config *cfg)
{
	ip_sock_set_mtu_discover(ts->sock->sk, cfg->df == TEREDO_DF_SET ?
				 IP_PMTUDISC_DO : IP_PMTUDISC_OMIT);
}

void teredo_sockets_set_df(struct teredo_dev *td,
			   const struct teredo_config *cfg)
{
	struct teredo_sock *ts;
	unsigned int i;

	for (i = 0; i < TEREDO_SOCKS; i++) {
		ts = rtnl_dereference(td->sockets->sock[i]);
		if (ts)
			set_df(ts, cfg);
	}
}

static int sock_open(struct teredo_dev *td, const struct teredo_config *cfg,
		     const struct teredo_sock_ops *ops, unsigned int index,
		     __be32 addr, __be16 port)
{
	struct udp_tunnel_sock_cfg tunnel = {
		.encap_type = 1,
		.encap_rcv = ops->rcv,
		.encap_err_rcv = encap_err_rcv,
		.encap_err_lookup = encap_err_lookup,
		.gro_receive = teredo_gro_receive,
		.gro_complete = teredo_gro_complete,
	};
	struct udp_port_cfg udp = {
		.family = AF_INET,
		.local_ip.s_addr = addr,
		.local_udp_port = port,
		.use_udp_checksums = 1,
	};
	struct teredo_sock *ts;
	int err;

	ts = teredo_made(TEREDO_OBJECT_SOCKET,
			 kzalloc(sizeof(*ts), GFP_KERNEL_ACCOUNT));
	if (!ts)
		return -ENOMEM;
	err = udp_sock_create(td->underlay, &udp, &ts->sock);
	if (err)
		goto err_free;
	ts->td = td;
	ts->ops = ops;
	ts->index = index;
	ts->addr = addr;
	ts->port = inet_sk(ts->sock->sk)->inet_sport;
	ts->sock->sk->sk_allocation = GFP_ATOMIC;
	teredo_compat_accept_udp_gso(ts->sock->sk);
	/* Accept no multicast, not even to groups that others on this host have joined:
	 * the stack would keep the route of each in the socket.
	 */
	teredo_compat_no_mc_all(ts->sock->sk);
	set_df(ts, cfg);

	tunnel.sk_user_data = ts;
	teredo_compat_setup_tunnel(td->underlay, ts->sock, &tunnel);
	hlist_add_head_rcu(&ts->node, socks_by_port(td->underlay, ts->port));
	rcu_assign_pointer(td->sockets->sock[index], ts);
	return 0;

err_free:
	kfree(teredo_gone(TEREDO_OBJECT_SOCKET, ts));
	return err;
}

__be16 teredo_sockets_port(const struct teredo_dev *td,
			   const struct teredo_config *cfg)
{
	return cfg->port ?: htons(td->role->default_port);
}

struct sock *teredo_sockets_primary(const struct teredo_dev *td)
{
	const struct teredo_sock *ts;

	ts = rtnl_dereference(td->sockets->sock[TEREDO_SOCK_PRIMARY]);
	return ts ? ts->sock->sk : NULL;
}

int teredo_sockets_open(struct teredo_dev *td, const struct teredo_config *cfg,
			const struct teredo_sock_ops *ops)
{
	__be16 port = teredo_sockets_port(td, cfg);
	int err;

	ASSERT_RTNL();
	err = sock_open(td, cfg, ops, TEREDO_SOCK_PRIMARY, cfg->local, port);
	if (!err && td->role->second_socket)
		err = sock_open(td, cfg, ops, TEREDO_SOCK_SECONDARY,
				teredo_config_server2(cfg, cfg->local), port);
	if (err)
		teredo_sockets_close(td);
	return err;
}

void teredo_sockets_close(struct teredo_dev *td)
{
	struct teredo_sock *ts[TEREDO_SOCKS];
	unsigned int i;

	ASSERT_RTNL();
	/* First the sockets are unpublished, then we wait for those that found them.
	 * udp_tunnel_sock_release() clears the pointer that teredo_encap_rcv() reads, and
	 * waits for receivers. After that only we know of the sockets, and no CPU can use
	 * its table of routes.
	 */
	for (i = 0; i < TEREDO_SOCKS; i++) {
		ts[i] = rtnl_dereference(td->sockets->sock[i]);
		RCU_INIT_POINTER(td->sockets->sock[i], NULL);
		if (ts[i])
			hlist_del_rcu(&ts[i]->node);
	}
	synchronize_net();
	for (i = 0; i < TEREDO_SOCKS; i++) {
		if (!ts[i])
			continue;
		teredo_compat_release_tunnel(ts[i]->sock);
		kfree(teredo_gone(TEREDO_OBJECT_SOCKET, ts[i]));
	}
	teredo_routes_release(td->sockets->routes);
}
