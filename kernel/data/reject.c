// SPDX-License-Identifier: GPL-2.0
#include "data/reject.h"

#include <linux/icmpv6.h>
#include <net/sock.h>

#include "data/drop.h"
#include "link/device.h"

/* Set *@type and *@code to the error for @reason. Returns false if there is none. The stack
 * sends no error about errors, multicasts and the like (SEC-30).
 */
static bool error_for(enum teredo_stats reason, u8 *type, u8 *code)
{
	*type = ICMPV6_DEST_UNREACH;
	switch (reason) {
	case TEREDO_A_STATS_TX_INNER_SOURCE:
		*code = ICMPV6_ADM_PROHIBITED;
		return true;
	case TEREDO_A_STATS_TX_INNER_DEST:
	case TEREDO_A_STATS_TX_NOT_READY:
	case TEREDO_A_STATS_TX_NO_ROUTE:
	case TEREDO_A_STATS_TX_PEER_LIMIT:
	case TEREDO_A_STATS_TX_SITE_LIMIT:
	case TEREDO_A_STATS_TX_QUEUE_FULL:
	case TEREDO_A_STATS_TX_UNREACHABLE:
	case TEREDO_A_STATS_TX_FORGOTTEN:
		*code = ICMPV6_ADDR_UNREACH;
		return true;
	case TEREDO_A_STATS_TX_TOO_BIG:
		*type = ICMPV6_PKT_TOOBIG;
		*code = 0;
		return true;
	default:
		return false;
	}
}

bool teredo_reject_send(struct teredo_dev *td, struct sk_buff *skb, u8 type,
			u8 code, u32 mtu, unsigned int keep)
{
	if (!teredo_limit_ok(td, TEREDO_LIMIT_ICMPV6_ERRORS, 0, keep))
		return false;
	teredo_count(td->stats, TEREDO_A_STATS_TX_ICMP);
	icmpv6_ndo_send(skb, type, code, type == ICMPV6_PKT_TOOBIG ? mtu : 0);
	return true;
}

/* Return true if @skb was sent by a program of this host, not by the stack. */
static bool is_of_program(const struct sk_buff *skb)
{
	return skb->sk && sk_fullsock(skb->sk) && !skb->sk->sk_kern_sock;
}

/* Return what an error about @skb has to leave to others. Sites that get many errors leave
 * some; programs of this host leave nothing. Answers of the stack to strangers, which may
 * be forged, come last: nobody waits for an error about them.
 */
static unsigned int keep_for(struct teredo_dev *td, const struct sk_buff *skb)
{
	const struct ipv6hdr *ip6 = ipv6_hdr(skb);

	if (skb->skb_iif)
		return teredo_limit_keep(td, TEREDO_LIMIT_ICMPV6_ERRORS,
					 teredo_site(&ip6->saddr));
	if (is_of_program(skb))
		return TEREDO_KEEP_NOTHING;
	return teredo_limit_last(teredo_limit_keep(td, TEREDO_LIMIT_ICMPV6_ERRORS,
						   teredo_site(&ip6->daddr)));
}

void teredo_reject_to(struct teredo_dev *td, struct sk_buff *skb,
		      enum teredo_stats reason, union teredo_endpoint to,
		      u32 mtu)
{
	u8 type, code;

	if (error_for(reason, &type, &code))
		teredo_reject_send(td, skb, type, code, mtu, keep_for(td, skb));
	teredo_drop_tx(td, skb, reason, to);
}

void teredo_reject(struct teredo_dev *td, struct sk_buff *skb,
		   enum teredo_stats reason)
{
	teredo_reject_to(td, skb, reason, TEREDO_NOWHERE,
			 READ_ONCE(td->dev->mtu));
}

void teredo_reject_all(struct teredo_dev *td, struct sk_buff_head *list,
		       enum teredo_stats reason)
{
	struct sk_buff *skb;

	while ((skb = __skb_dequeue(list)))
		teredo_reject(td, skb, reason);
}
