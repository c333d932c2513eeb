// SPDX-License-Identifier: GPL-2.0
#include "data/drop.h"

#include "base/trace.h"
#include "data/rx.h"
#include "data/socket.h"
#include "link/device.h"

void teredo_refuse_rx(const struct teredo_dev *td, const struct teredo_rx *rx,
		      enum teredo_stats reason)
{
	trace_teredo_drop(td->dev, true, reason, rx->src, rx->dst,
			  &rx->pkt.saddr, &rx->pkt.daddr);
	dev_core_stats_rx_dropped_inc(td->dev);
	teredo_count(td->stats, reason);
}

void teredo_drop_rx(struct sk_buff *skb, const struct teredo_rx *rx,
		    enum teredo_stats reason)
{
	teredo_refuse_rx(rx->ts->td, rx, reason);
	kfree_skb(skb);
}

void teredo_drop_tx(const struct teredo_dev *td, struct sk_buff *skb,
		    enum teredo_stats reason, union teredo_endpoint to)
{
	if (trace_teredo_drop_enabled())
		teredo_trace_drop_tx(td->dev, skb, reason, to);
	dev_core_stats_tx_dropped_inc(td->dev);
	teredo_count(td->stats, reason);
	kfree_skb(skb);
}

void teredo_drop_control(const struct teredo_dev *td, struct sk_buff *skb,
			 enum teredo_stats reason, union teredo_endpoint to)
{
	if (trace_teredo_drop_enabled())
		teredo_trace_drop_tx(td->dev, skb, reason, to);
	teredo_count(td->stats, TEREDO_A_STATS_TX_FAILED);
	kfree_skb(skb);
}

void teredo_dropped_tx(const struct teredo_dev *td,
		       const struct teredo_trace_inner *inner,
		       enum teredo_stats reason, union teredo_endpoint to,
		       bool given)
{
	if (inner->known)
		trace_teredo_drop(td->dev, false, reason, TEREDO_NOWHERE, to,
				  &inner->saddr, &inner->daddr);
	if (given)
		dev_core_stats_tx_dropped_inc(td->dev);
	teredo_count(td->stats, given ? reason : TEREDO_A_STATS_TX_FAILED);
}
