// SPDX-License-Identifier: GPL-2.0
#include "method/bubble.h"

#include "base/trace.h"
#include "codec/build.h"
#include "data/rx.h"
#include "data/send.h"
#include "link/device.h"
#include "link/role.h"
#include "peer/probe.h"

bool teredo_bubble_send(struct teredo_dev *td, union teredo_endpoint to,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr)
{
	u8 buf[TEREDO_IPV6_LEN];

	teredo_build_bubble(buf, saddr, daddr);
	if (teredo_send_buf(td, to, buf, sizeof(buf)))
		return false;
	trace_teredo_bubble(td->dev, false, to, saddr, daddr);
	teredo_count(td->stats, TEREDO_A_STATS_TX_BUBBLE);
	return true;
}

int teredo_bubble_taken(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx)
{
	trace_teredo_bubble(td->dev, true, rx->src, &rx->pkt.saddr,
			    &rx->pkt.daddr);
	teredo_count(td->stats, TEREDO_A_STATS_RX_BUBBLE);
	consume_skb(skb);
	return TEREDO_TAKEN;
}

/* Unpack @daddr. Returns false, and counts that, if it is not usable: no packet is held for
 * such an address, but the administrator may have set such a peer.
 */
static bool unpack(struct teredo_dev *td, const struct in6_addr *daddr,
		   struct teredo_addr *ta)
{
	if (teredo_addr_is_usable(ta, daddr))
		return true;
	teredo_count(td->stats, TEREDO_A_STATS_TX_FAILED);
	return false;
}

bool teredo_bubble_probe(struct teredo_dev *td, const struct in6_addr *saddr,
			 const struct teredo_probe *probe)
{
	struct teredo_addr ta;
	bool sent = false;

	if (!unpack(td, &probe->addr, &ta) ||
	    !teredo_probe_may_ask(td, ta.server, probe))
		return false;
	if (probe->ways & TEREDO_WAY_DIRECT)
		sent = teredo_bubble_send(td, teredo_endpoint(ta.client, ta.port),
					  saddr, &probe->addr);
	return teredo_bubble_send(td, teredo_endpoint(ta.server,
						      htons(TEREDO_PORT)),
				  saddr, &probe->addr) || sent;
}
