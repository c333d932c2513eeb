/* SPDX-License-Identifier: GPL-2.0 */
/* Sending: put UDP and IPv4 headers in front of a payload. */
#ifndef TEREDO_SEND_H
#define TEREDO_SEND_H

#include <linux/types.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"

struct sk_buff;
struct teredo_dev;

/* Send the IPv6 packet @skb, GSO or not, to @to from the socket to.via. Returns 0 if @skb was
 * consumed (sent, or dropped by the stack, which is counted), else the reason to drop it,
 * which the caller has to count; it still owns @skb. Sets *@mtu to the MTU of the path if the
 * reason is TEREDO_A_STATS_TX_TOO_BIG. RCU, BH off, no lock.
 */
int teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
		       union teredo_endpoint to, u32 *mtu);

/* Send @len octets of payload to @to from the socket to.via. Returns 0 or -errno, which is
 * counted already; only the controller is told of it. RCU, BH off.
 */
int teredo_send_buf(struct teredo_dev *td, union teredo_endpoint to,
		    const void *buf, size_t len);

/* Answer @skb with @len octets of payload to @to from the socket to.via, and count the answer
 * as @counter. Consumes @skb, and reuses its memory where possible: a server does little
 * else. RCU, BH off.
 */
void teredo_answer(struct teredo_dev *td, struct sk_buff *skb,
		   union teredo_endpoint to, const void *buf, size_t len,
		   enum teredo_stats counter);

/* Send @len octets of payload to the discovery group, on the link @ifindex only. Returns 0 or
 * -errno; sets *@from to their outer source. RCU, BH off.
 */
int teredo_send_group(struct teredo_dev *td, int ifindex, const void *buf,
		      size_t len, union teredo_endpoint *from);

#endif /* TEREDO_SEND_H */
