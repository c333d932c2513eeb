/* SPDX-License-Identifier: GPL-2.0 */
/* The end of a packet that goes nowhere: counted, traced, freed. */
#ifndef TEREDO_DROP_H
#define TEREDO_DROP_H

#include <uapi/linux/teredo.h>

#include "socket.h"

struct teredo_rx;

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

#endif /* TEREDO_DROP_H */
