/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_XMIT_H
#define TEREDO_XMIT_H

#include <linux/netdevice.h>

/* What the device can do for @skb: a packet that makes too long a datagram is to
 * come in segments.
 */
netdev_features_t teredo_features_check(struct sk_buff *skb,
					struct net_device *dev,
					netdev_features_t features);
netdev_tx_t teredo_xmit(struct sk_buff *skb, struct net_device *dev);

#endif /* TEREDO_XMIT_H */
