// SPDX-License-Identifier: GPL-2.0
/* The client. Cases are numbered as in RFC 4380 5.2.3 (reception) and 5.2.4
 * (transmission).
 */
#include <linux/skbuff.h>
#include <linux/tcp.h>
#include <net/ipv6.h>

#include "control/control.h"
#include "data/route.h"
#include "data/rx.h"
#include "data/socket.h"
#include "link/device.h"
#include "method/bubble.h"
#include "method/discovery.h"
#include "method/echo.h"
#include "method/relays.h"
#include "peer/neighbour.h"
#include "peer/probe.h"
#include "peer/table.h"
#include "role/roles.h"

/* Return true for what the stack answers to any sender. */
static bool is_answer(const struct sk_buff *skb)
{
	unsigned int off = skb_network_offset(skb) + TEREDO_IPV6_LEN;
	union {
		struct tcphdr tcp;
		u8 type;
	} buf;
	const struct tcphdr *tcp;
	const u8 *type;

	switch (ipv6_hdr(skb)->nexthdr) {
	case IPPROTO_ICMPV6:
		type = skb_header_pointer(skb, off, sizeof(buf.type), &buf);
		return type && (*type < TEREDO_ICMP_ECHO_REQUEST ||
				*type == TEREDO_ICMP_ECHO_REPLY);
	case IPPROTO_TCP:
		tcp = skb_header_pointer(skb, off, sizeof(buf.tcp), &buf);
		return tcp && (tcp->rst || (tcp->syn && tcp->ack));
	default:
		return false;
	}
}

/* Queue and probe: the peer is not open (cases 2, 3 and 5). Case 4, the cone bit, is not
 * used (C-50).
 */
static int xmit_to_closed(struct teredo_dev *td, struct sk_buff *skb,
			  const struct teredo_config *cfg,
			  const struct teredo_status *status,
			  const struct teredo_peer *peer)
{
	const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;
	struct teredo_addr ta;

	if (teredo_config_covers(cfg, daddr)) {
		if (!teredo_addr_is_usable(&ta, daddr) ||
		    teredo_is_broadcast(td, ta.client))
			return TEREDO_A_STATS_TX_NOT_GLOBAL;
		/* a datagram to ourselves (SEC-50) */
		if (ta.client == status->mapped_addr &&
		    ta.port == status->mapped_port)
			return TEREDO_A_STATS_TX_INNER_DEST;
		return teredo_peer_wait(td, cfg, daddr,
					TEREDO_PEER_KIND_TEREDO, skb);
	}
	if (!teredo_addr_is_routable(daddr))
		return TEREDO_A_STATS_TX_INNER_DEST;
	/* An answer to a stranger counts as little as the stranger, who was not tested on
	 * arrival: forged sources must not use up the tests of hosts that we want to
	 * reach, nor of other strangers (SEC-28).
	 */
	if (!peer && is_answer(skb) &&
	    !teredo_limit_ok(td, TEREDO_LIMIT_NATIVE_TESTS, 0,
			     TEREDO_KEEP_MOST))
		return TEREDO_A_STATS_TX_STRANGER_LIMIT;
	return teredo_peer_wait(td, cfg, daddr, TEREDO_PEER_KIND_NATIVE, skb);
}

static int client_xmit(struct teredo_dev *td, struct sk_buff *skb,
		       const struct teredo_config *cfg)
{
	const struct teredo_status *status = rcu_dereference_bh(td->status);
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);
	struct teredo_peer *peer;

	if (unlikely(status->state != TEREDO_STATE_QUALIFIED))
		return TEREDO_A_STATS_TX_NOT_READY;
	/* Servers and relays would drop it, as nobody could answer (C-56). */
	if (unlikely(!ipv6_addr_equal(&ip6->saddr, &status->address) &&
		     !teredo_config_covers(cfg, &ip6->daddr)))
		return TEREDO_A_STATS_TX_INNER_SOURCE;

	peer = teredo_peer_lookup(td, &ip6->daddr);
	if (unlikely(!peer || !teredo_peer_is_open(peer)))
		return xmit_to_closed(td, skb, cfg, status, peer);
	teredo_peer_send(td, peer, skb);	/* case 1 */
	return TEREDO_TAKEN;
}

static bool client_probe(struct teredo_dev *td,
			 const struct teredo_probe *probe)
{
	const struct teredo_status *status = rcu_dereference_bh(td->status);
	bool sent = false;

	/* Between two qualifications there is no source address. */
	if (status->state != TEREDO_STATE_QUALIFIED)
		return false;
	if (probe->ways & TEREDO_WAY_ECHO)
		sent = teredo_echo_send(td, status, probe);
	if (probe->ways & TEREDO_WAY_LOCAL)
		sent = teredo_discovery_probe(td, status, probe); /* case 3 */
	if (probe->ways & TEREDO_WAY_INDIRECT &&
	    teredo_bubble_probe(td, &status->address, probe))
		sent = true;
	return sent;
}

/* Return true if an indirect bubble is to be answered at @to. A limit of its own: bubbles
 * through our server must not use up the attempts of C-68 (C-72, D-05). It is per address,
 * shared by the ports there; ports that have proved to be where they say have priority.
 */
static bool may_answer(struct teredo_dev *td, union teredo_endpoint to,
		       const struct teredo_peer *peer)
{
	unsigned int keep;

	keep = teredo_limit_keep(td, TEREDO_LIMIT_INDIRECT_ANSWERS, to.word);
	if (teredo_relay_is_proven(td->relays, to) ||
	    (peer && READ_ONCE(peer->proven) &&
	     teredo_endpoint_read(&peer->mapped).word == to.word))
		keep = teredo_limit_ahead(keep);
	else
		keep = teredo_limit_behind(keep);
	return teredo_limit_ok(td, TEREDO_LIMIT_INDIRECT_ANSWERS,
			       (__force u32)to.addr, keep);
}

/* Handle a bubble that came through our server: somebody wants to reach us. The answer
 * goes to the mapping of a Teredo client, or to the relay named by the origin indication
 * (C-36, D-06).
 */
static int rcv_indirect_bubble(struct teredo_dev *td, struct sk_buff *skb,
			       const struct teredo_rx *rx)
{
	const struct in6_addr *own = &rx->status->address;
	const struct teredo_packet *pkt = &rx->pkt;
	const struct teredo_peer *peer;
	union teredo_endpoint to;
	struct teredo_addr ta;

	if (teredo_config_covers(rx->cfg, &pkt->saddr)) {
		if (!teredo_addr_is_usable(&ta, &pkt->saddr))
			return TEREDO_A_STATS_RX_INNER_SOURCE;
		to = teredo_endpoint(ta.client, ta.port);
	} else {
		if (!pkt->has_origin)
			return TEREDO_A_STATS_RX_INNER_SOURCE;
		to = teredo_endpoint(pkt->origin_addr, pkt->origin_port);
	}
	if (!teredo_is_global(td, to))
		return TEREDO_A_STATS_RX_INNER_SOURCE;
	peer = teredo_peer_lookup(td, &pkt->saddr);
	if (!may_answer(td, to, peer))
		return TEREDO_A_STATS_RX_LIMITED;
	if (pkt->has_origin)
		teredo_relay_answered(td->relays, to);
	/* A neighbour would not have needed the server. */
	if (peer && teredo_neighbour_rcu(peer))
		teredo_discovery_ask(td);
	teredo_bubble_send(td, to, own, &pkt->saddr);
	return teredo_bubble_taken(td, skb, rx);
}

/* Case 5: the source is not the mapping in the address, but maybe where discovery found
 * the peer.
 */
static int rcv_from_neighbour(struct teredo_dev *td,
			      const struct teredo_rx *rx,
			      const struct teredo_peer *peer)
{
	if (!peer || !teredo_peer_is_local(peer, rx->src) ||
	    !teredo_peer_trust(td, rx->cfg, &rx->pkt.saddr,
			       TEREDO_PEER_KIND_TEREDO, rx->src,
			       TEREDO_TRUST_LOCAL, 0))
		return TEREDO_A_STATS_RX_MAPPING;
	return TEREDO_GO_ON;
}

/* Return true if the stranger @host, who came by @relay, is to be tested. Both may be
 * forged. Priority have strangers by relays that have brought an answer to a test, then
 * those by relays that had a bubble answered, which any host can bring about in any name.
 * Within a priority, those by a relay and from a site with few tests lately.
 */
static bool may_test(struct teredo_dev *td, union teredo_endpoint relay,
		     const struct in6_addr *host)
{
	unsigned int keep;

	keep = max(teredo_limit_keep(td, TEREDO_LIMIT_NATIVE_TESTS,
				     (__force u32)relay.addr),
		   teredo_limit_keep(td, TEREDO_LIMIT_NATIVE_TESTS,
				     teredo_site(host)));
	if (teredo_relay_is_proven(td->relays, relay))
		keep = teredo_limit_ahead(keep);
	else if (teredo_relay_is_answered(td->relays, relay))
		keep = teredo_limit_behind(keep);
	else
		keep = teredo_limit_last(keep);
	return teredo_limit_ok(td, TEREDO_LIMIT_NATIVE_TESTS, 0, keep);
}

/* No trusted peer matches the source of this datagram. */
static int rcv_from_closed(struct teredo_dev *td, struct sk_buff *skb,
			   const struct teredo_rx *rx,
			   const struct teredo_peer *peer)
{
	const struct teredo_packet *pkt = &rx->pkt;
	struct teredo_addr ta;
	int verdict;

	if (teredo_config_covers(rx->cfg, &pkt->saddr)) {
		/* Case 3: the source is the mapping in its address. */
		if (!teredo_addr_is_usable(&ta, &pkt->saddr))
			return TEREDO_A_STATS_RX_INNER_SOURCE;
		if (ta.client != rx->src.addr || ta.port != rx->src.port)
			return rcv_from_neighbour(td, rx, peer);
		if (teredo_is_broadcast(td, ta.client))
			return TEREDO_A_STATS_RX_OUTER_SOURCE;
		/* Accept the packet even if there is no room in the list: its source is
		 * not in doubt.
		 */
		teredo_peer_trust(td, rx->cfg, &pkt->saddr,
				  TEREDO_PEER_KIND_TEREDO, rx->src,
				  TEREDO_TRUST_NEW, 0);
		return TEREDO_GO_ON;
	}

	verdict = teredo_echo_rcv(td, skb, rx);	/* case 2 */
	if (verdict)
		return verdict;
	/* Case 6: a native host, by some relay. Accept, but test it before anything is
	 * sent back that way (C-44, C-91). Test at once, for the answer will soon want to
	 * leave; too many strangers get neither. This is not the limit for bubbles: forged
	 * hosts and relays must not keep us from answering those (D-05).
	 */
	if (teredo_is_bubble(pkt))
		return TEREDO_GO_ON;
	if (!teredo_addr_is_routable(&pkt->saddr))
		return TEREDO_A_STATS_RX_INNER_SOURCE;
	if ((!peer || teredo_probe_is_due(peer)) &&
	    may_test(td, rx->src, &pkt->saddr))
		teredo_peer_probe(td, rx->cfg, &pkt->saddr,
				  TEREDO_PEER_KIND_NATIVE);
	return TEREDO_GO_ON;
}

static int client_rcv(struct teredo_dev *td, struct sk_buff *skb,
		      const struct teredo_rx *rx)
{
	const struct teredo_status *status = rx->status;
	const struct teredo_packet *pkt = &rx->pkt;
	struct teredo_peer *peer;
	bool by_server;
	int verdict;

	by_server = rx->src.port == htons(TEREDO_PORT) && status->server &&
		    (rx->src.addr == status->server ||
		     rx->src.addr == status->server2);
	if (by_server) {
		WRITE_ONCE(td->server_heard, jiffies);
		WRITE_ONCE(td->server_known, true);
	}
	/* Answers to solicitations are for the controller, in any state; it knows what it
	 * asked for (C-14).
	 */
	if (unlikely(pkt->nexthdr == TEREDO_NEXTHDR_ICMPV6 &&
		     teredo_addr_is_link_local(&pkt->daddr)))
		return teredo_control_recv(td, skb, rx);

	if (unlikely(status->state != TEREDO_STATE_QUALIFIED))
		return TEREDO_A_STATS_RX_NOT_READY;
	if (unlikely(pkt->has_auth || (pkt->has_origin && !by_server)))
		return TEREDO_A_STATS_RX_MISPLACED;
	if (unlikely(!ipv6_addr_equal(&pkt->daddr, &status->address)))
		return TEREDO_A_STATS_RX_INNER_DEST;
	if (unlikely(ipv6_addr_equal(&pkt->saddr, &status->address)))
		return TEREDO_A_STATS_RX_LOOP;
	verdict = teredo_rx_check_trailers(skb, rx);
	if (unlikely(verdict))
		return verdict;
	if (unlikely(by_server && teredo_is_bubble(pkt)))
		return rcv_indirect_bubble(td, skb, rx);

	peer = teredo_peer_lookup(td, &pkt->saddr);
	if (likely(peer && teredo_peer_matches(peer, rx->src))) {
		teredo_peer_heard(peer);		/* case 1 */
		/* maybe the answer to a test of a trusted peer, to keep it trusted */
		if (unlikely(READ_ONCE(peer->nonce) &&
			     peer->kind == TEREDO_PEER_KIND_NATIVE)) {
			verdict = teredo_echo_rcv(td, skb, rx);
			if (verdict)
				return verdict;
		}
	} else {
		verdict = rcv_from_closed(td, skb, rx, peer);
		if (verdict)
			return verdict;
	}
	if (unlikely(teredo_is_bubble(pkt)))
		return teredo_bubble_taken(td, skb, rx);
	return TEREDO_GO_ON;
}

const struct teredo_role teredo_client_role = {
	.start_state = TEREDO_STATE_STARTING,
	.ways = TEREDO_WAY_LOCAL | TEREDO_WAY_DIRECT | TEREDO_WAY_INDIRECT |
		TEREDO_WAY_ECHO,
	.xmit = client_xmit,
	.rcv = client_rcv,
	.probe = client_probe,
};
