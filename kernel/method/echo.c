// SPDX-License-Identifier: GPL-2.0
#include "method/echo.h"

#include <linux/skbuff.h>

#include "codec/build.h"
#include "data/route.h"
#include "data/rx.h"
#include "data/send.h"
#include "link/device.h"
#include "method/relays.h"
#include "peer/probe.h"
#include "peer/table.h"

bool teredo_echo_send(struct teredo_dev *td,
		      const struct teredo_status *status,
		      const struct teredo_probe *probe)
{
	u8 buf[TEREDO_ECHO_LEN];

	if (!teredo_probe_may_ask(td, status->server, probe))
		return false;
	teredo_build_echo(buf, &status->address, &probe->addr,
			  (const u8 *)&probe->nonce);
	if (teredo_send_buf(td, teredo_endpoint(status->server,
						htons(TEREDO_PORT)),
			    buf, sizeof(buf)))
		return false;
	teredo_count(td->stats, TEREDO_A_STATS_TX_ECHO);
	return true;
}

int teredo_echo_rcv(struct teredo_dev *td, struct sk_buff *skb,
		    const struct teredo_rx *rx)
{
	const struct teredo_packet *pkt = &rx->pkt;
	const struct teredo_peer *peer;
	const u8 *icmp;
	u64 nonce;

	if (pkt->nexthdr != TEREDO_NEXTHDR_ICMPV6 ||
	    pkt->payload_len != TEREDO_ECHO_LEN - TEREDO_IPV6_LEN)
		return TEREDO_GO_ON;
	icmp = teredo_rx_payload(skb, rx);
	if (!icmp || icmp[0] != TEREDO_ICMP_ECHO_REPLY || icmp[1] ||
	    !teredo_icmp_is_valid(pkt, icmp))
		return TEREDO_GO_ON;
	/* Packets will be sent there, so check the address unless they are sent there
	 * already (F-49, SEC-37).
	 */
	peer = teredo_peer_lookup(td, &pkt->saddr);
	if (!(peer && teredo_peer_matches(peer, rx->src)) &&
	    !teredo_is_global(td, rx->src))
		return TEREDO_A_STATS_RX_OUTER_SOURCE;
	memcpy(&nonce, icmp + TEREDO_ICMP_LEN, sizeof(nonce));
	if (!teredo_peer_trust(td, rx->cfg, &pkt->saddr,
			       TEREDO_PEER_KIND_NATIVE, rx->src,
			       TEREDO_TRUST_NONCE, nonce))
		return TEREDO_GO_ON;
	teredo_relay_proven(td->relays, rx->src);
	teredo_count(td->stats, TEREDO_A_STATS_RX_ECHO);
	consume_skb(skb);
	return TEREDO_TAKEN;
}
