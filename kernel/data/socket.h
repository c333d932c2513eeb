/* SPDX-License-Identifier: GPL-2.0 */
/* UDP sockets of a device. */
#ifndef TEREDO_SOCKET_H
#define TEREDO_SOCKET_H

#include <linux/types.h>
#include <linux/rcupdate.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct net;
struct sk_buff;
struct sock;
struct socket;
struct teredo_config;
struct teredo_dev;
struct teredo_routes;

#define TEREDO_SOCK_PRIMARY	0
#define TEREDO_SOCK_SECONDARY	1	/* of a server */
#define TEREDO_SOCKS		2

struct teredo_sock;

/**
 * struct teredo_sock_ops - handlers of a socket
 * @rcv: called for every datagram, as encap_rcv() of udp_tunnel_sock_cfg. RCU, BH off.
 * @error: called for an ICMPv4 error about a datagram that claims to come from the socket.
 *	skb->data is at the quoted IPv4 header, the transport header is the ICMP header. The
 *	caller keeps @skb. RCU, BH off.
 */
struct teredo_sock_ops {
	int (*rcv)(struct sock *sk, struct sk_buff *skb);
	void (*error)(const struct teredo_sock *ts, struct sk_buff *skb);
};

struct teredo_sock {
	struct teredo_dev *td;
	const struct teredo_sock_ops *ops;
	struct socket *sock;
	__be32 addr;			/* bound, 0 is any */
	__be16 port;			/* bound, never 0 */
	u8 index;			/* TEREDO_SOCK_... */
	struct hlist_node node;		/* of all in its namespace; RCU */
};

struct teredo_sockets {
	struct teredo_sock __rcu *sock[TEREDO_SOCKS];	/* written: RTNL */
	struct teredo_routes __percpu *routes;
	u32 routes_key;					/* odd */
};

/* Register what each namespace needs. At module load and unload. */
int teredo_sockets_register(void);
void teredo_sockets_unregister(void);

int teredo_sockets_init(struct teredo_sockets *socks);
void teredo_sockets_uninit(struct teredo_sockets *socks);

/* Return the service port: the configured one, else the role's, else 0 for a random one. */
__be16 teredo_sockets_port(const struct teredo_dev *td,
			   const struct teredo_config *cfg);

/* Open the sockets that the role needs, with the handlers @ops. Returns 0, or the error of
 * bind(2): -EADDRINUSE, -EADDRNOTAVAIL and others. RTNL.
 */
int teredo_sockets_open(struct teredo_dev *td, const struct teredo_config *cfg,
			const struct teredo_sock_ops *ops);

/* Close the sockets. On return no handler runs or will run. RTNL. */
void teredo_sockets_close(struct teredo_dev *td);

/* Return the service socket, or NULL. RTNL. */
struct sock *teredo_sockets_primary(const struct teredo_dev *td);

/* Apply the option df to the sockets. RTNL. */
void teredo_sockets_set_df(struct teredo_dev *td,
			   const struct teredo_config *cfg);

/* Return the Teredo socket of this namespace that @to leads to, or NULL. RCU. */
const struct teredo_sock *teredo_socket_find(const struct net *net,
					     union teredo_endpoint to);

#endif /* TEREDO_SOCKET_H */
