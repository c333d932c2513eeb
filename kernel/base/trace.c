// SPDX-License-Identifier: GPL-2.0
#include "codec/parse.h"

#define CREATE_TRACE_POINTS
#include "base/trace.h"

/* Parse a payload at skb->data that we or the stack have made. If it has no IPv6 header,
 * the addresses are zero.
 */
static void inner_of(struct teredo_packet *pkt, const struct sk_buff *skb)
{
	/* The payload length in the header of a GSO packet need not match skb->len. */
	if (teredo_parse(pkt, skb->data, skb_headlen(skb),
			 skb_is_gso(skb) ? TEREDO_PAYLOAD_LIMIT : skb->len) !=
	    TEREDO_PARSE_OK)
		memset(pkt, 0, sizeof(*pkt));
}

void teredo_trace_inner(struct teredo_trace_inner *inner,
			const struct sk_buff *skb)
{
	struct teredo_packet pkt;

	inner_of(&pkt, skb);
	inner->saddr = pkt.saddr;
	inner->daddr = pkt.daddr;
	inner->known = true;
}

void teredo_trace_xmit(const struct net_device *dev, const struct sk_buff *skb,
		       union teredo_endpoint src, union teredo_endpoint dst)
{
	struct teredo_packet pkt;

	inner_of(&pkt, skb);
	trace_teredo_xmit(dev, src, dst, &pkt.saddr, &pkt.daddr, skb->len);
}

void teredo_trace_drop_tx(const struct net_device *dev,
			  const struct sk_buff *skb, enum teredo_stats reason,
			  union teredo_endpoint dst)
{
	struct teredo_packet pkt;

	inner_of(&pkt, skb);
	trace_teredo_drop(dev, false, reason, TEREDO_NOWHERE, dst, &pkt.saddr,
			  &pkt.daddr);
}
