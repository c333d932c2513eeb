// SPDX-License-Identifier: GPL-2.0
#include "bubble.h"

#include "build.h"
#include "device.h"
#include "recv.h"
#include "trace.h"

void teredo_bubble_send(struct teredo_dev *td, union teredo_endpoint to,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr)
{
	u8 buf[TEREDO_IPV6_LEN];

	teredo_build_bubble(buf, saddr, daddr);
	if (teredo_send_buf(td, TEREDO_SOCK_PRIMARY, to, buf, sizeof(buf)))
		return;
	trace_teredo_bubble(td->dev, false, to, saddr, daddr);
	teredo_count(td->stats, TEREDO_A_STATS_TX_BUBBLE);
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

bool teredo_bubble_direct(struct teredo_dev *td, const struct in6_addr *saddr,
			  const struct in6_addr *daddr)
{
	struct teredo_addr ta;

	if (!teredo_addr_is_usable(&ta, daddr)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_NOT_GLOBAL);
		return false;
	}
	teredo_bubble_send(td, teredo_endpoint(ta.client, ta.port), saddr,
			   daddr);
	return true;
}

bool teredo_bubble_indirect(struct teredo_dev *td,
			    const struct in6_addr *saddr,
			    const struct in6_addr *daddr)
{
	struct teredo_addr ta;

	if (!teredo_addr_is_usable(&ta, daddr)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_NOT_GLOBAL);
		return false;
	}
	/* Whoever sends us to many clients of one server cannot use us to
	 * flood that server (SEC-28).
	 */
	if (!teredo_ratelimiter_ok(&td->probes, ta.server)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_LIMITED);
		return false;
	}
	teredo_bubble_send(td, teredo_endpoint(ta.server, htons(TEREDO_PORT)),
			   saddr, daddr);
	return true;
}
