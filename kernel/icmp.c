// SPDX-License-Identifier: GPL-2.0
#include "icmp.h"

#include <linux/icmpv6.h>

#include "device.h"
#include "drop.h"

/* What a sender is told. All other drops are silent. The stack itself keeps
 * from answering errors, multicasts and the like (SEC-30).
 */
static bool error_for(const struct teredo_dev *td, enum teredo_stats reason,
		      u8 *type, u8 *code, u32 *info)
{
	*type = ICMPV6_DEST_UNREACH;
	*info = 0;
	switch (reason) {
	case TEREDO_A_STATS_TX_INNER_SOURCE:
		*code = ICMPV6_ADM_PROHIBITED;
		return true;
	case TEREDO_A_STATS_TX_INNER_DEST:
	case TEREDO_A_STATS_TX_NOT_READY:
	case TEREDO_A_STATS_TX_PEER_LIMIT:
	case TEREDO_A_STATS_TX_QUEUE_FULL:
	case TEREDO_A_STATS_TX_UNREACHABLE:
		*code = ICMPV6_ADDR_UNREACH;
		return true;
	case TEREDO_A_STATS_TX_TOO_BIG:
		*type = ICMPV6_PKT_TOOBIG;
		*code = 0;
		*info = READ_ONCE(td->dev->mtu);
		return true;
	default:
		return false;
	}
}

void teredo_icmp_reject(struct teredo_dev *td, struct sk_buff *skb,
			enum teredo_stats reason)
{
	u8 type, code;
	u32 info;

	if (error_for(td, reason, &type, &code, &info) &&
	    teredo_ratelimiter_ok(&td->errors, 0)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_ICMP);
		icmpv6_ndo_send(skb, type, code, info);
	}
	teredo_drop_tx(td, skb, reason, TEREDO_NOWHERE);
}

void teredo_icmp_reject_all(struct teredo_dev *td, struct sk_buff_head *list,
			    enum teredo_stats reason)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list)))
		teredo_icmp_reject(td, skb, reason);
}
