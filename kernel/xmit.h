/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_XMIT_H
#define TEREDO_XMIT_H

#include <linux/netdevice.h>

netdev_tx_t teredo_xmit(struct sk_buff *skb, struct net_device *dev);

#endif /* TEREDO_XMIT_H */
