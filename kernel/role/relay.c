// SPDX-License-Identifier: GPL-2.0
/* Relays (RFC 4380 5.4), between native hosts and Teredo clients. A relay sends first: a
 * client that it has never addressed cannot make it hold state.
 */
#include <linux/skbuff.h>
#include <net/addrconf.h>
#include <net/ipv6.h>

#include "data/loop.h"
#include "data/route.h"
#include "data/rx.h"
#include "link/device.h"
#include "method/bubble.h"
#include "peer/probe.h"
#include "peer/table.h"
#include "role/roles.h"

/* The source of a bubble is a link-local address, as 5.4.1 requires, that holds the nonce
 * of these attempts. A client repeats it as the destination of its answer. Wherever the
 * answer comes from, that proves that the bubble has reached the client (R-13, R-20, D-28).
 * The address needs no route.
 */
void teredo_relay_source(const struct teredo_probe *probe,
			 struct in6_addr *out)
{
	out->s6_addr32[0] = htonl(0xfe800000);
	out->s6_addr32[1] = 0;
	memcpy(&out->s6_addr[8], &probe->nonce, sizeof(probe->nonce));
}

int teredo_relay_xmit(struct teredo_dev *td, struct sk_buff *skb,
		      const struct teredo_config *cfg)
{
	const struct in6_addr *daddr = &ipv6_hdr(skb)->daddr;
	struct teredo_peer *peer;
	struct teredo_addr ta;

	if (teredo_loop_source(td, cfg, &ipv6_hdr(skb)->saddr))
		return TEREDO_A_STATS_TX_LOOP;
	peer = teredo_peer_lookup(td, daddr);
	if (likely(peer && teredo_peer_is_open(peer))) {
		teredo_peer_send(td, peer, skb);	/* case 1, R-05 */
		return TEREDO_TAKEN;
	}
	if (!teredo_config_covers(cfg, daddr))
		return TEREDO_A_STATS_TX_INNER_DEST;	/* */
	if (!teredo_addr_is_usable(&ta, daddr) ||
	    teredo_is_broadcast(td, ta.client))
		return TEREDO_A_STATS_TX_NOT_GLOBAL;	/* */
	/* A host that scans all addresses (RFC 4380 7.3.5) must not keep others from
	 * reaching theirs (SEC-26).
	 */
	if (!peer && !teredo_limit_ok(td, TEREDO_LIMIT_NEW_DESTINATIONS,
				      teredo_site(&ipv6_hdr(skb)->saddr),
				      TEREDO_KEEP_NOTHING))
		return TEREDO_A_STATS_TX_SITE_LIMIT;
	return teredo_peer_wait(td, cfg, daddr, TEREDO_PEER_KIND_TEREDO, skb);
}

bool teredo_relay_probe(struct teredo_dev *td, const struct teredo_probe *probe)
{
	struct in6_addr saddr;

	teredo_relay_source(probe, &saddr);
	return teredo_bubble_probe(td, &saddr, probe);	/* case 3, R-07 */
}

/* Send only packets of this host: a forwarded one has come by another link. */
static int host_relay_xmit(struct teredo_dev *td, struct sk_buff *skb,
			   const struct teredo_config *cfg)
{
	if (unlikely(skb->skb_iif))
		return TEREDO_A_STATS_TX_INNER_SOURCE;
	return teredo_relay_xmit(td, skb, cfg);
}

/* Handle a bubble, or a datagram from where its peer is not (yet) trusted. Returns
 * TEREDO_GO_ON, or the reason to drop it. The mapping may differ from the one in the
 * address only in an answer to a recent bubble of ours, once.
 */
static int rcv_slow(struct teredo_dev *td, const struct teredo_rx *rx,
		    const struct teredo_peer *peer)
{
	const struct teredo_packet *pkt = &rx->pkt;
	bool answer = teredo_is_bubble(pkt) &&
		      teredo_addr_is_link_local(&pkt->daddr);
	enum teredo_trust how = TEREDO_TRUST_KNOWN;
	struct teredo_addr ta;
	u64 nonce = 0;

	if (!teredo_config_covers(rx->cfg, &pkt->saddr) ||
	    !teredo_addr_is_usable(&ta, &pkt->saddr))
		return TEREDO_A_STATS_RX_INNER_SOURCE;	/* */
	if ((ta.client != rx->src.addr || ta.port != rx->src.port) &&
	    !(peer && teredo_peer_matches(peer, rx->src))) {
		if (!answer)
			return TEREDO_A_STATS_RX_MAPPING;	/* */
		/* Packets will be sent there (F-49, SEC-37). */
		if (!teredo_is_global(td, rx->src))
			return TEREDO_A_STATS_RX_OUTER_SOURCE;
		how = TEREDO_TRUST_NONCE;		/* */
	}
	if (answer)
		memcpy(&nonce, &pkt->daddr.s6_addr[8], sizeof(nonce));
	if (!peer)
		return TEREDO_A_STATS_RX_UNKNOWN_PEER;	/* */
	if (!teredo_peer_trust(td, rx->cfg, &pkt->saddr,
			       TEREDO_PEER_KIND_TEREDO, rx->src, how, nonce))
		return TEREDO_A_STATS_RX_MAPPING;
	return TEREDO_GO_ON;				/* */
}

int teredo_relay_rcv(struct teredo_dev *td, struct sk_buff *skb,
		     const struct teredo_rx *rx)
{
	const struct teredo_packet *pkt = &rx->pkt;
	bool bubble = teredo_is_bubble(pkt);
	struct teredo_peer *peer;
	int verdict;

	if (unlikely(pkt->has_auth || pkt->has_origin))
		return TEREDO_A_STATS_RX_MISPLACED;	/* */
	verdict = teredo_rx_check_trailers(skb, rx);
	if (unlikely(verdict))
		return verdict;

	peer = teredo_peer_lookup(td, &pkt->saddr);
	if (likely(peer && teredo_peer_matches(peer, rx->src) && !bubble)) {
		teredo_peer_heard(peer);
	} else {
		verdict = rcv_slow(td, rx, peer);
		if (verdict)
			return verdict;
	}
	if (unlikely(bubble))				/* */
		return teredo_bubble_taken(td, skb, rx);
	/* The routing tables decide where the packet goes, but never back into
	 * Teredo, where servers and clients do not need a relay (SEC-44).
	 */
	if (unlikely(!teredo_addr_is_routable(&pkt->daddr) ||
		     teredo_config_covers(rx->cfg, &pkt->daddr)))
		return TEREDO_A_STATS_RX_INNER_DEST;
	if (teredo_loop_dest(td, rx->cfg, &pkt->daddr))
		return TEREDO_A_STATS_RX_LOOP;
	return TEREDO_GO_ON;
}

/* Accept only packets to this host. */
static int host_relay_rcv(struct teredo_dev *td, struct sk_buff *skb,
			  const struct teredo_rx *rx)
{
	if (unlikely(!teredo_is_bubble(&rx->pkt) &&
		     !ipv6_chk_addr(dev_net(td->dev), &rx->pkt.daddr, NULL, 0)))
		return TEREDO_A_STATS_RX_INNER_DEST;
	return teredo_relay_rcv(td, skb, rx);
}

const struct teredo_role teredo_relay_role = {
	.start_state = TEREDO_STATE_ACTIVE,
	.ways = TEREDO_WAY_INDIRECT,
	.xmit = teredo_relay_xmit,
	.rcv = teredo_relay_rcv,
	.probe = teredo_relay_probe,
};

/* It is often behind a NAT itself, so it also sends direct bubbles. */
const struct teredo_role teredo_host_relay_role = {
	.start_state = TEREDO_STATE_ACTIVE,
	.ways = TEREDO_WAY_DIRECT | TEREDO_WAY_INDIRECT,
	.xmit = host_relay_xmit,
	.rcv = host_relay_rcv,
	.probe = teredo_relay_probe,
};
