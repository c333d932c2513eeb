/* SPDX-License-Identifier: GPL-2.0 */
/* Lifetime of a link: create, open, configure, close. */
#ifndef TEREDO_LIFE_H
#define TEREDO_LIFE_H

#include "link/device.h"

struct netlink_ext_ack;
struct nla_policy;

/* Return the device if @dev is of our type, else NULL. RTNL or RCU. */
struct teredo_dev *teredo_from_netdev(struct net_device *dev);

/* Replace the status and notify. @td takes ownership of @status. RTNL. */
void teredo_set_status(struct teredo_dev *td, struct teredo_status *status);

/* Check a request that decides what the sockets send. They stay in the namespace where the
 * link was created, even if the link is moved, so the requester has to be @permitted there as
 * well. Returns 0, or -EPERM with extack.
 */
int teredo_check_underlay(const struct teredo_dev *td, bool permitted,
			  struct netlink_ext_ack *extack);

/* Apply the configuration @cfg, of which @td takes ownership. On error, with extack, the
 * device is unchanged and the caller still owns @cfg. RTNL.
 */
int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack);

/* Register the link type, with @policy for its options, the highest of which is @maxtype. */
int teredo_device_init(const struct nla_policy *policy, unsigned int maxtype);
void teredo_device_exit(void);

#endif /* TEREDO_LIFE_H */
