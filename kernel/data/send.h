/* SPDX-License-Identifier: GPL-2.0 */
/* The one way to send: UDP and IPv4 in front of a payload. */
#ifndef TEREDO_SEND_H
#define TEREDO_SEND_H

#include <linux/types.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct sk_buff;
struct teredo_dev;

/* Send @skb, whose data is an IPv6 packet, GSO or not, to @to from the socket to.via.
 * Returns 0 if @skb is gone, which is counted; else the reason why it was not sent, and
 * @skb stays the caller's, who counts that; *@mtu is what the path takes if the reason is
 * TEREDO_A_STATS_TX_TOO_BIG. RCU, BH off, and no lock.
 */
int teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
		       union teredo_endpoint to, u32 *mtu);

/* Send @len octets of payload to @to from the socket to.via. RCU, BH off.
 * -errno is for the controller; all else may ignore it, it is counted.
 */
int teredo_send_buf(struct teredo_dev *td, union teredo_endpoint to,
		    const void *buf, size_t len);

/* Answer @skb, of which nothing is needed any more, with @len octets of payload
 * to @to from the socket to.via, and count that with @counter. Takes @skb, and sends
 * its memory again where it can: a server does little else than this. RCU, BH off.
 */
void teredo_answer(struct teredo_dev *td, struct sk_buff *skb,
		   union teredo_endpoint to, const void *buf, size_t len,
		   enum teredo_stats counter);

/* Send @len octets of payload to the discovery group, to the link @ifindex only.
 * 0 or -errno; @from is whom they come from. RCU, BH off.
 */
int teredo_send_group(struct teredo_dev *td, int ifindex, const void *buf,
		      size_t len, union teredo_endpoint *from);

#endif /* TEREDO_SEND_H */
