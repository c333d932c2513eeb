/* SPDX-License-Identifier: GPL-2.0 */
/* The direct IPv6 connectivity test (RFC 4380 5.2.9): an echo request through
 * the server; the reply comes back through the relay that is nearest to the
 * native host, and shows us that relay's address.
 */
#ifndef TEREDO_ECHO_H
#define TEREDO_ECHO_H

#include <linux/types.h>

struct sk_buff;
struct teredo_dev;
struct teredo_probe;
struct teredo_rx;
struct teredo_status;

/* Send the echo request of a probe (C-89, C-90). True if it was. RCU, BH off. */
bool teredo_echo_send(struct teredo_dev *td,
		      const struct teredo_status *status,
		      const struct teredo_probe *probe);

/* If the datagram is the echo reply to a test, trust its sender and take it
 * (C-39). TEREDO_TAKEN, TEREDO_GO_ON, or the reason to drop it. RCU, BH off.
 */
int teredo_echo_rcv(struct teredo_dev *td, struct sk_buff *skb,
		    const struct teredo_rx *rx);

#endif /* TEREDO_ECHO_H */
