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

/* Drop the received datagram @skb. */
void teredo_drop_rx(struct sk_buff *skb, const struct teredo_rx *rx,
		    enum teredo_stats reason);

/* Count and trace a drop, on one device, of a datagram offered to several. Does not free it. */
void teredo_refuse_rx(const struct teredo_dev *td, const struct teredo_rx *rx,
		      enum teredo_stats reason);

/* Drop @skb, a packet that was given to the link and has no outer headers yet. @to is
 * TEREDO_NOWHERE if its destination is not known.
 */
void teredo_drop_tx(const struct teredo_dev *td, struct sk_buff *skb,
		    enum teredo_stats reason, union teredo_endpoint to);

/* Drop a datagram of our own, or of the controller. It is traced with its reason, but counted
 * as tx-failed: packets given to the link are those sent plus those counted by reason.
 */
void teredo_drop_control(const struct teredo_dev *td, struct sk_buff *skb,
			 enum teredo_stats reason, union teredo_endpoint to);

/* Count and trace a drop of what the stack has already freed on the way out. @given: it was
 * given to the link. @inner: its addresses, if drops are traced.
 */
void teredo_dropped_tx(const struct teredo_dev *td,
		       const struct teredo_trace_inner *inner,
		       enum teredo_stats reason, union teredo_endpoint to,
		       bool given);

#endif /* TEREDO_DROP_H */
