// SPDX-License-Identifier: GPL-2.0
#include "role/forward.h"

#include <linux/skbuff.h>

#include "base/trace.h"
#include "codec/build.h"
#include "data/route.h"
#include "data/rx.h"
#include "data/send.h"
#include "link/device.h"

/* Largest datagram to forward: a bubble or an echo, and its trailers; octets */
#define FORWARD_MAX \
	(TEREDO_IPV6_LEN + TEREDO_SERVER_ICMP_MAX + 128)

int teredo_forward(struct teredo_dev *td, struct sk_buff *skb,
		   const struct teredo_rx *rx)
{
	u8 buf[TEREDO_ORIGIN_LEN + FORWARD_MAX];
	u32 rest = rx->data_len - rx->pkt.ipv6;
	union teredo_endpoint to;
	struct teredo_addr ta;
	size_t len = 0;

	if (!teredo_addr_is_usable(&ta, &rx->pkt.daddr) ||
	    teredo_is_broadcast(td, ta.client))
		return TEREDO_A_STATS_TX_NOT_GLOBAL;
	/* It would come back to an address of this server (S-28). */
	if (teredo_server_is_own(rx->cfg, ta.client))
		return TEREDO_A_STATS_RX_LOOP;
	if (rest > FORWARD_MAX)
		return TEREDO_A_STATS_RX_TOO_BIG;

	if (ta.server == rx->cfg->local)
		len = teredo_build_origin(buf, rx->src.addr, rx->src.port);
	if (skb_copy_bits(skb, rx->pkt.ipv6, buf + len, rest))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	to = teredo_endpoint(ta.client, ta.port);
	if (!teredo_send_buf(td, to, buf, len + rest)) {
		trace_teredo_forward(td->dev, rx->src, to, &rx->pkt.saddr,
				     &rx->pkt.daddr, rest);
		teredo_count(td->stats, TEREDO_A_STATS_RX_FORWARDED);
	}
	consume_skb(skb);
	return TEREDO_TAKEN;
}
