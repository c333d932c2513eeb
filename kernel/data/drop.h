/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a packet that goes nowhere: counted, traced, freed. */
#ifndef TEREDO_DROP_H
#define TEREDO_DROP_H

#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct sk_buff;
struct teredo_dev;
struct teredo_rx;
struct teredo_trace_inner;

/* @skb came and is not taken. */
void teredo_drop_rx(struct sk_buff *skb, const struct teredo_rx *rx,
		    enum teredo_stats reason);

/* What is for many devices, one of which does not take it. */
void teredo_refuse_rx(const struct teredo_dev *td, const struct teredo_rx *rx,
		      enum teredo_stats reason);

/* @skb, whose data is a payload, is not sent to @to, which is TEREDO_NOWHERE if
 * that is not known.
 */
void teredo_drop_tx(const struct teredo_dev *td, struct sk_buff *skb,
		    enum teredo_stats reason, union teredo_endpoint to);

/* The same for a datagram of our own, or of the controller: the counters of reasons
 * are for what was given to the link, so that with what was sent they sum up.
 */
void teredo_drop_control(const struct teredo_dev *td, struct sk_buff *skb,
			 enum teredo_stats reason, union teredo_endpoint to);

/* Either, @given to the link or not, for what the stack has freed on its way out.
 * @inner: what is known of it if drops are traced.
 */
void teredo_dropped_tx(const struct teredo_dev *td,
		       const struct teredo_trace_inner *inner,
		       enum teredo_stats reason, union teredo_endpoint to,
		       bool given);

#endif /* TEREDO_DROP_H */
