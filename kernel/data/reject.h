/* SPDX-License-Identifier: GPL-2.0 */
/* ICMPv6 errors to those whose packets do not arrive. */
#ifndef TEREDO_REJECT_H
#define TEREDO_REJECT_H

#include "base/endpoint.h"
#include "base/stats.h"

struct sk_buff;
struct sk_buff_head;
struct teredo_dev;

/* Count @reason, tell the sender of the IPv6 packet @skb if the reason is one
 * to tell (C-55 to C-57, R-03, R-30), and free it. RCU; not under a lock.
 */
void teredo_reject(struct teredo_dev *td, struct sk_buff *skb,
		   enum teredo_stats reason);

/* The same for a packet that was to go to @to; the path takes @mtu octets. */
void teredo_reject_to(struct teredo_dev *td, struct sk_buff *skb,
		      enum teredo_stats reason, union teredo_endpoint to,
		      u32 mtu);

/* The same for a list, which is empty afterwards. */
void teredo_reject_all(struct teredo_dev *td, struct sk_buff_head *list,
		       enum teredo_stats reason);

/* Tell the sender of @skb, which stays the caller's, unless too many errors were
 * sent of late (SEC-29), of which @keep has to be left to others. The stack keeps from
 * answering errors, multicasts and the like, and limits the rate of each sender
 * (SEC-30). @mtu: of Packet Too Big. RCU; not under a lock.
 */
bool teredo_reject_send(struct teredo_dev *td, struct sk_buff *skb, u8 type,
			u8 code, u32 mtu, unsigned int keep);

#endif /* TEREDO_REJECT_H */
