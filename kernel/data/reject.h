/* SPDX-License-Identifier: GPL-2.0 */
/* ICMPv6 errors to the senders of packets that are dropped. */
#ifndef TEREDO_REJECT_H
#define TEREDO_REJECT_H

#include "base/endpoint.h"
#include "base/stats.h"

struct sk_buff;
struct sk_buff_head;
struct teredo_dev;

/* Drop the IPv6 packet @skb for @reason, and send an error to its sender if the reason
 * calls for one (C-55 to C-57, R-03, R-30). RCU, no lock, as all below.
 */
void teredo_reject(struct teredo_dev *td, struct sk_buff *skb,
		   enum teredo_stats reason);

/* The same for a packet to @to. @mtu is that of the path, for TEREDO_A_STATS_TX_TOO_BIG. */
void teredo_reject_to(struct teredo_dev *td, struct sk_buff *skb,
		      enum teredo_stats reason, union teredo_endpoint to,
		      u32 mtu);

/* The same for all packets of a list, which is empty on return. */
void teredo_reject_all(struct teredo_dev *td, struct sk_buff_head *list,
		       enum teredo_stats reason);

/* Send an error of @type and @code to the sender of @skb, which the caller keeps. Returns
 * false if the rate limit, of which @keep is to be left to others, does not allow it
 * (SEC-29). The stack sends no error about errors, multicasts and the like, and limits the
 * rate per sender (SEC-30). @mtu is for Packet Too Big.
 */
bool teredo_reject_send(struct teredo_dev *td, struct sk_buff *skb, u8 type,
			u8 code, u32 mtu, unsigned int keep);

#endif /* TEREDO_REJECT_H */
