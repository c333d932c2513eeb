/* SPDX-License-Identifier: GPL-2.0 */
/* Bubbles (RFC 4380 5.2.6). */
#ifndef TEREDO_BUBBLE_H
#define TEREDO_BUBBLE_H

#include "base/endpoint.h"

struct in6_addr;
struct sk_buff;
struct teredo_dev;
struct teredo_probe;
struct teredo_rx;

/* Functions that send return true if a datagram was sent. All: RCU, BH off. */

/* Send the bubbles of @probe, which are one attempt (C-70): if the limit of the server in
 * the Teredo address allows it, one through that server, and one to the mapping in the
 * address if TEREDO_WAY_DIRECT is in probe->ways (C-51). The direct one goes first, because
 * it opens our NAT for the answer to the other one. It is never sent alone (C-53, F-54).
 */
bool teredo_bubble_probe(struct teredo_dev *td, const struct in6_addr *saddr,
			 const struct teredo_probe *probe);

/* Send a bubble to @to. The caller makes sure that @to is global unicast, or the source of
 * a discovery bubble or of a datagram of a trusted peer.
 */
bool teredo_bubble_send(struct teredo_dev *td, union teredo_endpoint to,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr);

/* Count and free a received bubble. Returns TEREDO_TAKEN. */
int teredo_bubble_taken(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx);

#endif /* TEREDO_BUBBLE_H */
