// SPDX-License-Identifier: GPL-2.0
/* Of a datagram that comes in, IPv4 asks whether its source may come this way
 * and its destination is ours, and UDP, whose port it is. For connected sockets
 * the stack remembers the answers (udp_v4_early_demux()), but ours listens to all
 * the world. So a hook behind all others before routing keeps them for it, by
 * source, and gives a datagram from where one came lately its route and its
 * socket; the stack asks no more. What comes later (the firewall's input chain,
 * policies, the UDP checksum) remains.
 *
 * An answer is good while nothing changes about routes, rules, addresses or
 * devices, which the generation of the routing tables tells, and for a second,
 * for what has no generation (rp_filter).
 */
#include "data/demux.h"

#include <linux/bpf.h>
#include <linux/filter.h>
#include <linux/if_bridge.h>
#include <linux/netfilter_bridge.h>
#include <linux/netfilter_ipv4.h>
#include <linux/rtnetlink.h>
#include <linux/udp.h>
#include <net/ip.h>
#include <net/netns/generic.h>
#include <net/route.h>
#include <net/sock.h>
#include <net/udp.h>

#include "base/compat.h"
#include "base/ledger.h"

#define VALID	HZ
#define PORTS	16

struct demux_net {
	struct hlist_head socks[PORTS];	/* teredo_sock.demux_node, by port; RCU */
	unsigned int count;		/* RTNL */
};

static unsigned int demux_net_id;

static struct hlist_head *bucket(struct demux_net *dn, __be16 port)
{
	return &dn->socks[ntohs(port) % PORTS];
}

static const struct teredo_sock *find(struct demux_net *dn, __be32 addr,
				      __be16 port)
{
	const struct teredo_sock *ts;

	hlist_for_each_entry_rcu(ts, bucket(dn, port), demux_node)
		if (ts->port == port && (!ts->addr || ts->addr == addr))
			return ts;
	return NULL;
}

static struct teredo_memo *memo_of(const struct teredo_sock *ts,
				   const union teredo_demux_key *key)
{
	u32 hash = (__force u32)key->saddr + (__force u16)key->sport;

	return &this_cpu_ptr(ts->demux)->memo[hash * ts->demux_key >>
					      (32 - TEREDO_DEMUX_BITS)];
}

static bool is_equal(const union teredo_demux_key *a,
		     const union teredo_demux_key *b)
{
	return !((a->word[0] ^ b->word[0]) | (a->word[1] ^ b->word[1]) |
		 (a->word[2] ^ b->word[2]));
}

static bool is_bridged(const struct sk_buff *skb)
{
#if IS_ENABLED(CONFIG_BRIDGE_NETFILTER)
	return nf_bridge_info_exists(skb);
#else
	return false;
#endif
}

/* Not what bridges and virtual routers pass on under another device's name. */
static bool may_be_early(const struct net *net, const struct sk_buff *skb)
{
	return !netif_is_l3_slave(skb->dev) && !netif_is_l3_master(skb->dev) &&
	       !is_bridged(skb) &&
	       READ_ONCE(net->ipv4.sysctl_ip_early_demux) &&
	       READ_ONCE(net->ipv4.sysctl_udp_early_demux);
}

/* Only this CPU uses its memos, and BH is off; for PREEMPT_RT there is the lock. */
static void demux(struct net *net, const struct teredo_sock *ts,
		  struct sk_buff *skb, __be16 sport)
{
	const union teredo_demux_key key = {
		.saddr = ip_hdr(skb)->saddr,
		.daddr = ip_hdr(skb)->daddr,
		.iif = skb->dev->ifindex,
		.mark = skb->mark,
		.genid = rt_genid_ipv4(net),
		.sport = sport,
		.tos = ip_hdr(skb)->tos,
	};
	struct sock *sk = ts->sock->sk;
	struct teredo_memo *memo;
	struct dst_entry *dst;

	local_lock_nested_bh(&ts->demux->lock);
	memo = memo_of(ts, &key);
	dst = rcu_dereference(sk->sk_rx_dst);
	if (likely(is_equal(&memo->key, &key) && dst && memo->dst == dst &&
		   teredo_dst_is_valid(net, dst) &&
		   time_before(jiffies, memo->until))) {
		/* The socket's reference lasts until the end of the RCU
		 * section, and the socket itself is freed by RCU.
		 */
		skb_dst_set_noref(skb, dst);
		skb->sk = sk;
		skb->destructor = sock_pfree;
	} else if (may_be_early(net, skb)) {
		memo->key = key;
		memo->until = jiffies + VALID;
		memo->dst = NULL;
		this_cpu_ptr(ts->demux)->open = memo;
	}
	local_unlock_nested_bh(&ts->demux->lock);
}

static unsigned int hook(void *priv, struct sk_buff *skb,
			 const struct nf_hook_state *state)
{
	struct demux_net *dn = net_generic(state->net, demux_net_id);
	const struct iphdr *iph = ip_hdr(skb);
	const struct teredo_sock *ts;
	const struct udphdr *uh;
	struct udphdr buf;

	/* Nor what somebody has already decided about. */
	if (iph->protocol != IPPROTO_UDP || iph->ihl != sizeof(*iph) / 4 ||
	    ip_is_fragment(iph) || skb->pkt_type != PACKET_HOST ||
	    skb->sk || skb_dst(skb) ||
	    static_branch_unlikely(&bpf_sk_lookup_enabled))
		return NF_ACCEPT;
	uh = skb_header_pointer(skb, sizeof(*iph), sizeof(buf), &buf);
	if (unlikely(!uh))
		return NF_ACCEPT;
	ts = find(dn, iph->daddr, uh->dest);
	if (ts)
		demux(state->net, ts, skb, uh->source);
	return NF_ACCEPT;
}

static const struct nf_hook_ops hook_ops = {
	.hook = hook,
	.pf = NFPROTO_IPV4,
	.hooknum = NF_INET_PRE_ROUTING,
	.priority = NF_IP_PRI_LAST,
};

/* Have the socket keep a reference to the route of @skb, and return what it keeps.
 * Only to one that @skb itself has no reference to, as it is the routing tables': they
 * have it let go of its device when that goes. Of a route that was made for @skb alone
 * (its source has a realm, say), nobody knows but who holds it.
 */
static const struct dst_entry *keep(struct sock *sk, const struct sk_buff *skb)
{
	struct dst_entry *dst = skb_dst(skb);

	if (skb_dst_is_noref(skb) && dst_hold_safe(dst))
		dst_release(xchg((__force struct dst_entry **)&sk->sk_rx_dst,
				 dst));
	return rcu_dereference(sk->sk_rx_dst);
}

/* @memo is what the hook made of this very datagram; something else may have come
 * in between, after another drop.
 */
static bool is_about(const struct teredo_memo *memo, const struct sk_buff *skb)
{
	return memo->key.saddr == ip_hdr(skb)->saddr &&
	       memo->key.daddr == ip_hdr(skb)->daddr &&
	       memo->key.sport == udp_hdr(skb)->source;
}

/* A datagram without a good memo has arrived by the long way: so that is the
 * answer. The socket keeps a reference to one route, that to its address; if it
 * has several addresses, the others take the long way.
 */
void teredo_demux_note(const struct teredo_sock *ts, const struct sk_buff *skb)
{
	const struct rtable *rt = skb_rtable(skb);
	struct sock *sk = ts->sock->sk;
	struct net *net = sock_net(sk);
	const struct dst_entry *dst;
	struct teredo_demux *demux;
	struct teredo_memo *memo;

	local_lock_nested_bh(&ts->demux->lock);
	demux = this_cpu_ptr(ts->demux);
	memo = demux->open;
	demux->open = NULL;
	if (memo && is_about(memo, skb) &&
	    memo->key.genid == rt_genid_ipv4(net) &&
	    rt && rt->rt_type == RTN_LOCAL) {
		dst = rcu_dereference(sk->sk_rx_dst);
		if (!dst || !teredo_dst_is_valid(net, dst))
			dst = keep(sk, skb);
		if (dst == skb_dst(skb))
			memo->dst = dst;
	}
	local_unlock_nested_bh(&ts->demux->lock);
}

int teredo_demux_add(struct net *net, struct teredo_sock *ts)
{
	struct demux_net *dn = net_generic(net, demux_net_id);
	int cpu, err;

	ASSERT_RTNL();
	ts->demux = teredo_percpu_alloc(struct teredo_demux);
	if (!ts->demux)
		return -ENOMEM;
	for_each_possible_cpu(cpu)
		local_lock_init(&per_cpu_ptr(ts->demux, cpu)->lock);
	if (!dn->count) {
		err = nf_register_net_hook(net, &hook_ops);
		if (err) {
			teredo_demux_free(ts);
			return err;
		}
	}
	dn->count++;
	ts->demux_key = get_random_u32() | 1;
	hlist_add_head_rcu(&ts->demux_node, bucket(dn, ts->port));
	return 0;
}

void teredo_demux_del(struct net *net, struct teredo_sock *ts)
{
	struct demux_net *dn = net_generic(net, demux_net_id);

	ASSERT_RTNL();
	hlist_del_rcu(&ts->demux_node);
	if (!--dn->count)
		nf_unregister_net_hook(net, &hook_ops);
}

void teredo_demux_free(struct teredo_sock *ts)
{
	teredo_percpu_free(ts->demux);
}

static struct pernet_operations pernet_ops = {
	.id = &demux_net_id,
	.size = sizeof(struct demux_net),
};

int teredo_demux_init(void)
{
	return register_pernet_subsys(&pernet_ops);
}

void teredo_demux_exit(void)
{
	unregister_pernet_subsys(&pernet_ops);
}
