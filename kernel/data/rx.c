// SPDX-License-Identifier: GPL-2.0
#include "data/rx.h"

#include <linux/skbuff.h>

#include "base/stats.h"
#include "codec/trailer.h"

/* Almost all datagrams are an IPv6 packet and nothing else, so pull only its header at
 * first.
 */
int teredo_rx_parse(struct sk_buff *skb, struct teredo_rx *rx)
{
	unsigned int want = min_t(u32, rx->data_len, TEREDO_IPV6_LEN);

	if (unlikely(!want || !pskb_may_pull(skb, want)))
		return TEREDO_A_STATS_RX_TRUNCATED;
	if (unlikely(!skb->data[0])) {
		want = min_t(u32, rx->data_len, TEREDO_HEADERS_MAX);
		if (!pskb_may_pull(skb, want))
			return TEREDO_A_STATS_RX_NO_MEMORY;
	}
	switch (teredo_parse(&rx->pkt, skb->data, want, rx->data_len)) {
	case TEREDO_PARSE_OK:
		return TEREDO_GO_ON;
	case TEREDO_PARSE_TRUNCATED:
		return TEREDO_A_STATS_RX_TRUNCATED;
	case TEREDO_PARSE_MALFORMED:
		break;
	}
	return TEREDO_A_STATS_RX_MALFORMED;
}

const u8 *teredo_rx_payload(struct sk_buff *skb, const struct teredo_rx *rx)
{
	unsigned int head = rx->pkt.ipv6 + TEREDO_IPV6_LEN;

	if (!pskb_may_pull(skb, head + rx->pkt.payload_len))
		return NULL;
	return skb->data + head;
}

int teredo_rx_read_trailers(struct sk_buff *skb, const struct teredo_rx *rx)
{
	u32 end = rx->pkt.ipv6 + TEREDO_IPV6_LEN + rx->pkt.payload_len;
	u32 len = rx->data_len - end;
	u8 buf[TEREDO_TRAILERS_LEN_MAX];
	struct teredo_trailers trailers;
	const u8 *data;

	/* The limit is what valid trailers can need, not the length of a datagram. */
	if (len > sizeof(buf))
		return TEREDO_A_STATS_RX_TRAILER;
	data = skb_header_pointer(skb, end, len, buf);
	if (!data || !teredo_parse_trailers(&trailers, data, len))
		return TEREDO_A_STATS_RX_TRAILER;
	/* Alternate addresses belong to indirect bubbles; elsewhere they are ignored,
	 * valid or not (F-43, F-46).
	 */
	if (trailers.bad_alternate && rx->pkt.has_origin &&
	    teredo_is_bubble(&rx->pkt))
		return TEREDO_A_STATS_RX_TRAILER;
	return TEREDO_GO_ON;
}
