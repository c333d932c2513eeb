/* SPDX-License-Identifier: GPL-2.0 */
/* The direct IPv6 connectivity test (RFC 4380 5.2.9): an echo request goes through the
 * server, and the reply comes back through the relay nearest to the native host, which
 * shows us the address of that relay.
 */
#ifndef TEREDO_ECHO_H
#define TEREDO_ECHO_H

#include <linux/types.h>

struct sk_buff;
struct teredo_dev;
struct teredo_probe;
struct teredo_rx;
struct teredo_status;

/* Send the echo request of a probe (C-89, C-90). Returns true on success. RCU, BH off. */
bool teredo_echo_send(struct teredo_dev *td,
		      const struct teredo_status *status,
		      const struct teredo_probe *probe);

/* If the datagram is the echo reply to a test of ours, trust its sender and consume it
 * (C-39): returns TEREDO_TAKEN, or the reason to drop it. Returns TEREDO_GO_ON for any
 * other datagram. RCU, BH off.
 */
int teredo_echo_rcv(struct teredo_dev *td, struct sk_buff *skb,
		    const struct teredo_rx *rx);

#endif /* TEREDO_ECHO_H */
