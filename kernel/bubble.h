/* SPDX-License-Identifier: GPL-2.0 */
/* Bubbles (RFC 4380 5.2.6). */
#ifndef TEREDO_BUBBLE_H
#define TEREDO_BUBBLE_H

#include "peer.h"

struct teredo_rx;

/* Send a bubble to the mapping in the Teredo address @daddr (C-51). RCU, BH
 * off; false if the address does not allow it (C-53, F-54).
 */
bool teredo_bubble_direct(struct teredo_dev *td, const struct in6_addr *saddr,
			  const struct in6_addr *daddr);

/* Send a bubble through the server in the Teredo address @daddr. */
bool teredo_bubble_indirect(struct teredo_dev *td,
			    const struct in6_addr *saddr,
			    const struct in6_addr *daddr);

/* Send a bubble anywhere. @to is global unicast, or the source of a datagram
 * from a trusted peer, or of a discovery bubble.
 */
void teredo_bubble_send(struct teredo_dev *td, union teredo_endpoint to,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr);

/* A received bubble has done its work: @skb is freed, TEREDO_TAKEN returned. */
int teredo_bubble_taken(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx);

#endif /* TEREDO_BUBBLE_H */
