/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_XMIT_H
#define TEREDO_XMIT_H

#include <linux/netdevice.h>

/* Return the offloads possible for @skb: a GSO packet too long for one datagram is segmented
 * first.
 */
netdev_features_t teredo_features_check(struct sk_buff *skb,
					struct net_device *dev,
					netdev_features_t features);
netdev_tx_t teredo_xmit(struct sk_buff *skb, struct net_device *dev);

#endif /* TEREDO_XMIT_H */
