// SPDX-License-Identifier: GPL-2.0
/* Transmit path, from the IPv6 stack: sanity checks, then the role. Continue in client.c,
 * relay.c or server.c, then peer.c, then send.c.
 */
#include "data/xmit.h"

#include <linux/if_ether.h>
#include <net/ip_tunnels.h>
#include <net/ipv6.h>

#include "data/drop.h"
#include "data/reject.h"
#include "link/device.h"
#include "link/role.h"

netdev_features_t teredo_features_check(struct sk_buff *skb,
					struct net_device *dev,
					netdev_features_t features)
{
	if (unlikely(skb->len > TEREDO_PAYLOAD_LIMIT))
		features &= ~NETIF_F_GSO_MASK;
	return features;
}

static int check(const struct sk_buff *skb, const struct net_device *dev)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	if (unlikely(ip6->version != 6))
		return TEREDO_A_STATS_TX_MALFORMED;
	/* The stack respects the MTU; packet sockets and bridges may not. */
	if (unlikely(skb->len > dev->mtu && !skb_is_gso(skb)))
		return TEREDO_A_STATS_TX_TOO_BIG;
	if (unlikely(ipv6_addr_is_multicast(&ip6->daddr)))
		return TEREDO_A_STATS_TX_INNER_DEST;
	if (unlikely(!teredo_addr_is_routable(&ip6->saddr)))
		return TEREDO_A_STATS_TX_INNER_SOURCE;
	return 0;
}

netdev_tx_t teredo_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct teredo_dev *td = netdev_priv(dev);
	int verdict;

	/* BH is off, but for packet sockets nothing else is held. */
	rcu_read_lock();
	if (unlikely(skb->protocol != htons(ETH_P_IPV6) ||
		     !pskb_inet_may_pull(skb))) {
		teredo_drop_tx(td, skb, TEREDO_A_STATS_TX_MALFORMED,
			       TEREDO_NOWHERE);
		goto out;
	}

	verdict = check(skb, dev);
	if (likely(!verdict))
		verdict = READ_ONCE(td->role)->xmit(td, skb,
						    rcu_dereference_bh(td->config));
	if (unlikely(verdict > 0))
		teredo_reject(td, skb, verdict);
out:
	rcu_read_unlock();
	return NETDEV_TX_OK;
}
