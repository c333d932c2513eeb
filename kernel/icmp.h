/* SPDX-License-Identifier: GPL-2.0 */
/* ICMPv6 errors to those whose packets we cannot send. */
#ifndef TEREDO_ICMP_H
#define TEREDO_ICMP_H

#include "stats.h"

struct teredo_dev;

/* Count @reason, tell the sender of the IPv6 packet @skb if the reason is one
 * to tell (C-55 to C-57, R-03, R-30), and free it. RCU; not under a lock.
 */
void teredo_icmp_reject(struct teredo_dev *td, struct sk_buff *skb,
			enum teredo_stats reason);

/* The same for a list, which is empty afterwards. */
void teredo_icmp_reject_all(struct teredo_dev *td, struct sk_buff_head *list,
			    enum teredo_stats reason);

#endif /* TEREDO_ICMP_H */
