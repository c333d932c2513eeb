// SPDX-License-Identifier: GPL-2.0
#include "method/announce.h"

#include <linux/inetdevice.h>
#include <linux/random.h>
#include <linux/udp.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "base/trace.h"
#include "codec/build.h"
#include "data/drop.h"
#include "data/rx.h"
#include "data/send.h"
#include "link/device.h"
#include "method/bubble.h"
#include "peer/neighbour.h"
#include "peer/probe.h"

/* -- announcements -- */

void teredo_discovery_ask(struct teredo_dev *td)
{
	struct teredo_discovery *d = td->discovery;

	if (!READ_ONCE(d->ifindex) || READ_ONCE(d->asked))
		return;
	WRITE_ONCE(d->asked, true);
	teredo_discovery_wake(teredo_discovery_net(td->underlay),
			      get_random_u32_below(TEREDO_ANNOUNCE_SOON));
}

/* Handle a discovery bubble of the client @saddr from @src. Returns TEREDO_GO_ON, or the
 * reason to drop it. RCU, BH off.
 */
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
	/* A client behind another NAT is reached at its mapping. And anybody could claim
	 * the address of another NAT (C-85, C-86).
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
	/* The answer means nothing to a neighbour that has not heard our announcement. It
	 * could not begin to send to us until the next one, in up to 300 s.
	 */
	if (news)
		teredo_discovery_ask(td);
	return TEREDO_GO_ON;
}

bool teredo_announce(struct teredo_dev *td, const struct teredo_status *status)
{
	struct teredo_discovery *d = td->discovery;
	unsigned long now = jiffies, sent = READ_ONCE(d->sent);
	int ifindex = READ_ONCE(d->ifindex);
	struct teredo_discovery *other;
	union teredo_endpoint from;
	u8 buf[TEREDO_IPV6_LEN];

	if (!ifindex || time_before(now, sent + TEREDO_ANNOUNCE_SPACING) ||
	    cmpxchg(&d->sent, sent, now) != sent)
		return true;
	teredo_build_discovery(buf, &status->address);
	if (teredo_send_group(td, ifindex, buf, sizeof(buf), &from))
		return false;
	trace_teredo_bubble(td->dev, false, teredo_discovery_group(),
			    &status->address, &in6addr_linklocal_allnodes);
	teredo_count(td->stats, TEREDO_A_STATS_TX_DISCOVERY);

	list_for_each_entry_rcu(other, &teredo_discovery_net(td->underlay)->members,
				member) {
		struct teredo_dev *neighbour;
		int verdict;

		if (other == d || READ_ONCE(other->ifindex) != ifindex)
			continue;
		neighbour = other->td;
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
	/* The neighbour takes the bubble as a sign of life, but does not answer it. It
	 * answers the announcement.
	 */
	bool sent = teredo_bubble_send(td, probe->local, &status->address,
				       &probe->addr);

	teredo_announce(td, status);
	return sent;
}

/* -- reception -- */

/* Return true if @addr is a host in a subnet of @dev (C-85). */
static bool in_local_subnet(const struct net_device *dev, __be32 addr)
{
	const struct in_device *in_dev = __in_dev_get_rcu(dev);
	const struct in_ifaddr *ifa;

	if (!in_dev)
		return false;
	in_dev_for_each_ifa_rcu(ifa, in_dev) {
		if (!ifa->ifa_mask || !inet_ifa_match(addr, ifa))
			continue;
		/* not the first and last address, which are broadcasts below /31 */
		if (ifa->ifa_prefixlen < 31 &&
		    ((addr & ~ifa->ifa_mask) == 0 ||
		     (addr | ifa->ifa_mask) == htonl(INADDR_BROADCAST)))
			continue;
		return true;
	}
	return false;
}

/* Parse and check a discovery bubble (C-84). Returns 0, or the reason to drop it. */
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

int teredo_announce_rcv(struct sock *sk, struct sk_buff *skb)
{
	struct teredo_discovery_net *dn = rcu_dereference_sk_user_data(sk);
	struct teredo_discovery *d;
	struct teredo_rx rx = {};
	bool taken = false;
	int bad, verdict;

	/* The socket is being closed. */
	if (!dn)
		goto out;
	bad = check_bubble(skb, &rx);
	list_for_each_entry_rcu(d, &dn->members, member) {
		struct teredo_dev *td;

		if (READ_ONCE(d->ifindex) != skb->dev->ifindex)
			continue;
		td = d->td;
		verdict = bad ?: hear(td, &rx.pkt.saddr, rx.src);
		if (verdict)
			teredo_refuse_rx(td, &rx, verdict);
		else
			taken = true;
	}
out:
	/* Drop monitors are to see only what no client has accepted. */
	if (taken)
		consume_skb(skb);
	else
		kfree_skb(skb);
	return 0;
}
