/* SPDX-License-Identifier: GPL-2.0 */
/* Dropping packets: count the reason, trace it, free the packet. */
#ifndef TEREDO_DROP_H
#define TEREDO_DROP_H

#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct sk_buff;
struct teredo_dev;
struct teredo_rx;
struct teredo_trace_inner;

/* Drop the received datagram @skb. Frees it. */
void teredo_drop_rx(struct sk_buff *skb, const struct teredo_rx *rx,
		    enum teredo_stats reason);

/* Count and trace, for one device, the drop of a datagram that was offered to several. Does
 * not free it.
 */
void teredo_refuse_rx(const struct teredo_dev *td, const struct teredo_rx *rx,
		      enum teredo_stats reason);

/* Drop @skb, a packet that was given to the link and has no outer headers yet. Frees it.
 * @to is TEREDO_NOWHERE if its outer destination is not known.
 */
void teredo_drop_tx(const struct teredo_dev *td, struct sk_buff *skb,
		    enum teredo_stats reason, union teredo_endpoint to);

/* Drop a datagram of our own, or of the controller. Frees it. It is traced with @reason,
 * but counted as tx-failed, so that the packets given to the link are those sent plus those
 * counted by reason.
 */
void teredo_drop_control(const struct teredo_dev *td, struct sk_buff *skb,
			 enum teredo_stats reason, union teredo_endpoint to);

/* Count and trace a drop on the way out of a packet that the stack has already freed.
 * @given: the packet was given to the link. @inner: its addresses, if drops are traced.
 */
void teredo_dropped_tx(const struct teredo_dev *td,
		       const struct teredo_trace_inner *inner,
		       enum teredo_stats reason, union teredo_endpoint to,
		       bool given);

#endif /* TEREDO_DROP_H */
