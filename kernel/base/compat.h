/* SPDX-License-Identifier: GPL-2.0 */
/* Everything that differs between kernel versions. The sources use the interfaces of the
 * newest kernel that we support; no other file tests versions.
 */
#ifndef TEREDO_COMPAT_H
#define TEREDO_COMPAT_H

#include <linux/version.h>

/* net/genetlink.h: split operations came with 6.2. Before, one entry serves the do and the
 * dump of a command; teredo_compat_merge_ops() makes such entries from the generated table.
 * To be removed with the support of 6.1.
 */
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
struct genl_split_ops {
	int (*pre_doit)(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info);
	int (*doit)(struct sk_buff *skb, struct genl_info *info);
	void (*post_doit)(const struct genl_split_ops *ops, struct sk_buff *skb,
			  struct genl_info *info);
	int (*start)(struct netlink_callback *cb);
	int (*dumpit)(struct sk_buff *skb, struct netlink_callback *cb);
	int (*done)(struct netlink_callback *cb);
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
};

/* Merge the do and the dump of each command. Both get the wider of the two policies, as the
 * narrower would refuse attributes of the other form; handlers ignore what is not for them.
 * Returns the number of entries in @out.
 */
static inline unsigned int
teredo_compat_merge_ops(struct genl_ops *out, const struct genl_split_ops *in,
			unsigned int n)
{
	unsigned int i, used = 0;

	for (i = 0; i < n; i++) {
		struct genl_ops *op = &out[used - 1];

		if (!used || op->cmd != in[i].cmd)
			op = &out[used++];
		op->cmd = in[i].cmd;
		op->flags |= in[i].flags & ~(GENL_CMD_CAP_DO |
					     GENL_CMD_CAP_DUMP);
		if (in[i].doit)
			op->doit = in[i].doit;
		if (in[i].dumpit) {
			op->start = in[i].start;
			op->dumpit = in[i].dumpit;
			op->done = in[i].done;
		}
		if (in[i].maxattr > op->maxattr) {
			op->policy = in[i].policy;
			op->maxattr = in[i].maxattr;
		}
	}
	return used;
}

/* Return the entry for the do of a command; the table has exactly one. */
static inline const struct genl_split_ops *
teredo_compat_find_op(const struct genl_split_ops *table, u8 cmd)
{
	while (table->cmd != cmd || !table->doit)
		table++;
	return table;
}

#define TEREDO_GENL_OPS(table)						\
static int merged_pre_doit(const struct genl_ops *ops,			\
			   struct sk_buff *skb, struct genl_info *info)	\
{									\
	const struct genl_split_ops *op;				\
									\
	op = teredo_compat_find_op(table, ops->cmd);			\
	return op->pre_doit ? op->pre_doit(op, skb, info) : 0;		\
}									\
									\
static void merged_post_doit(const struct genl_ops *ops,		\
			     struct sk_buff *skb,			\
			     struct genl_info *info)			\
{									\
	const struct genl_split_ops *op;				\
									\
	op = teredo_compat_find_op(table, ops->cmd);			\
	if (op->post_doit)						\
		op->post_doit(op, skb, info);				\
}									\
									\
static struct genl_ops merged_ops[ARRAY_SIZE(table)] __ro_after_init
#define teredo_genl_set_ops(family, table)				\
	do {								\
		(family)->ops = merged_ops;				\
		(family)->n_ops = teredo_compat_merge_ops(merged_ops,	\
					table, ARRAY_SIZE(table));	\
		(family)->pre_doit = merged_pre_doit;			\
		(family)->post_doit = merged_post_doit;			\
		(family)->resv_start_op = 1;				\
	} while (0)
#else
#define TEREDO_GENL_OPS(table)	static_assert(ARRAY_SIZE(table))
#define teredo_genl_set_ops(family, table)				\
	do {								\
		(family)->split_ops = table;				\
		(family)->n_split_ops = ARRAY_SIZE(table);		\
	} while (0)
#endif

/* net/genetlink.h: attributes of a dump request; moved in 6.7. */
static inline struct nlattr **
teredo_compat_dump_attrs(struct netlink_callback *cb)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	return genl_dumpit_info(cb)->attrs;
#else
	return genl_info_dump(cb)->attrs;
#endif
}

/* linux/rtnetlink.h: newlink() takes a struct since 6.15. The macro defines the callback
 * @name, which calls @body with the arguments of teredo_newlink_body().
 */
#include <net/rtnetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 15, 0)
#define TEREDO_NEWLINK(name, body)					\
static int name(struct net *src_net, struct net_device *dev,		\
		struct nlattr *tb[], struct nlattr *data[],		\
		struct netlink_ext_ack *extack)				\
{									\
	return body(src_net, dev, data, extack);			\
}
#else
#define TEREDO_NEWLINK(name, body)					\
static int name(struct net_device *dev,					\
		struct rtnl_newlink_params *params,			\
		struct netlink_ext_ack *extack)				\
{									\
	return body(rtnl_newlink_link_net(params), dev, params->data,	\
		    extack);						\
}
#endif

/* linux/netdevice.h: NETIF_F_LLTX became a bit of its own in 6.12. */
#include <linux/netdevice.h>

static inline void teredo_compat_set_lltx(struct net_device *dev)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
	dev->features |= NETIF_F_LLTX;
#else
	dev->lltx = true;
#endif
}

/* net/udp_tunnel.h: since 6.2 the hook for ICMP errors gets their details as arguments.
 * They are not needed: skb->data is at the quoted packet, and the transport header is the
 * ICMP header. The body is void body(struct sock *, struct sk_buff *).
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define TEREDO_ENCAP_ERR_RCV(name, body)				\
static void name(struct sock *sk, struct sk_buff *skb,			\
		 unsigned int udp_offset)				\
{									\
	body(sk, skb);							\
}
#else
#define TEREDO_ENCAP_ERR_RCV(name, body)				\
static void name(struct sock *sk, struct sk_buff *skb, int err,		\
		 __be16 port, u32 info, u8 *payload)			\
{									\
	body(sk, skb);							\
}
#endif

/* net/udp_tunnel.h: these functions take a struct sock since 7.1, and in kernels with a
 * backport of that. So the type of each function decides, not the version.
 */
#include <net/udp_tunnel.h>

/* Evaluate to sock->sk if @function takes the arguments that follow it, else to @sock. */
#define teredo_compat_sock(sock, function, ...)				\
	__builtin_choose_expr(__builtin_types_compatible_p(		\
		typeof(function), void (__VA_ARGS__)), (sock)->sk, sock)

static inline void
teredo_compat_setup_tunnel(struct net *net, struct socket *sock,
			   struct udp_tunnel_sock_cfg *cfg)
{
	setup_udp_tunnel_sock(net,
			      teredo_compat_sock(sock, setup_udp_tunnel_sock,
						 struct net *, struct sock *,
						 struct udp_tunnel_sock_cfg *),
			      cfg);
}

static inline void teredo_compat_release_tunnel(struct socket *sock)
{
	udp_tunnel_sock_release(teredo_compat_sock(sock, udp_tunnel_sock_release,
						   struct sock *));
}

/* linux/local_lock.h: on PREEMPT_RT, local_lock_nested_bh() protects per-CPU data of code
 * that runs with BH off. It came with 6.11; before, BH off was enough there, too.
 */
#include <linux/local_lock.h>

#ifndef local_lock_nested_bh
#define local_lock_nested_bh(lock)	do { } while (0)
#define local_unlock_nested_bh(lock)	do { } while (0)
#endif

/* linux/udp.h: let GSO packets of inner UDP reach the socket unsegmented. The flag moved
 * into a word of its own in 6.6, and in stable trees.
 */
#include <linux/udp.h>

static inline void teredo_compat_accept_udp_gso(struct sock *sk)
{
#ifdef udp_set_bit
	udp_set_bit(ACCEPT_L4, sk);
#else
	udp_sk(sk)->accept_udp_l4 = 1;
#endif
}

/* net/inet_sock.h: the flags of a socket moved into a word of their own in 6.6. */
#include <net/inet_sock.h>

static inline void teredo_compat_no_mc_all(struct sock *sk)
{
#ifdef inet_clear_bit
	inet_clear_bit(MC_ALL, sk);
#else
	inet_sk(sk)->mc_all = 0;
#endif
}

/* crypto/utils.h: crypto_memneq() was in crypto/algapi.h before 6.6. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#include <crypto/algapi.h>
#else
#include <crypto/utils.h>
#endif

/* linux/timer.h: timer_container_of() was from_timer() before 6.16, and
 * timer_delete_sync() was del_timer_sync() before 6.1.84 and 6.2.
 */
#include <linux/timer.h>

#ifndef timer_container_of
#define timer_container_of(var, callback_timer, timer_fieldname)	\
	from_timer(var, callback_timer, timer_fieldname)
#endif

#endif /* TEREDO_COMPAT_H */
