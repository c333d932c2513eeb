/* SPDX-License-Identifier: GPL-2.0 */
/* The life of a link: it is made, opened, changed, closed. */
#ifndef TEREDO_LIFE_H
#define TEREDO_LIFE_H

#include "link/device.h"

struct netlink_ext_ack;
struct nla_policy;

/* The device if @dev is of our type, else NULL. RTNL or RCU. */
struct teredo_dev *teredo_from_netdev(struct net_device *dev);

/* Replace the status, and let everybody know; @status becomes the device's. RTNL. */
void teredo_set_status(struct teredo_dev *td, struct teredo_status *status);

/* The sockets are in the namespace of the link's creator, who need not have given
 * them away with the link: whoever decides what they send has to be @permitted
 * there, too. 0, or -EPERM and extack.
 */
int teredo_check_underlay(const struct teredo_dev *td, bool permitted,
			  struct netlink_ext_ack *extack);

/* Make @cfg the configuration. -errno and extack leave the device as it is,
 * and @cfg the caller's. RTNL.
 */
int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack);

/* Register the link type, whose options @policy has, @maxtype of them. */
int teredo_device_init(const struct nla_policy *policy, unsigned int maxtype);
void teredo_device_exit(void);

#endif /* TEREDO_LIFE_H */
