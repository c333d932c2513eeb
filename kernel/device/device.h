/* SPDX-License-Identifier: GPL-2.0 */
/* Lifetime of a link: creation, configuration, state. */
#ifndef TEREDO_LIFE_H
#define TEREDO_LIFE_H

#include "link/device.h"

struct netlink_ext_ack;
struct nla_policy;

/* Return the Teredo device of @dev, or NULL if there is none. RTNL or RCU. */
struct teredo_dev *teredo_from_netdev(struct net_device *dev);

/* Replace the status of @td, which takes ownership of @status, and notify. RTNL. */
void teredo_set_status(struct teredo_dev *td, struct teredo_status *status);

/* Check the permission for a request that decides what the sockets send. They stay in the
 * namespace where the link was created, even if the link is moved, so the requester has to
 * be @permitted there as well. Returns 0, or -EPERM with extack.
 */
int teredo_check_underlay(const struct teredo_dev *td, bool permitted,
			  struct netlink_ext_ack *extack);

/* Apply the configuration @cfg, of which @td takes ownership. Returns 0, or with extack
 * -EBUSY if there are more peers than @cfg allows, or -EADDRINUSE if discovery cannot
 * begin. On error the device is unchanged and the caller still owns @cfg. May sleep. RTNL.
 */
int teredo_apply_config(struct teredo_dev *td, struct teredo_config *cfg,
			struct netlink_ext_ack *extack);

/* Register the link type, with @policy for its options, the highest of which is @maxtype.
 * Returns 0 or -errno.
 */
int teredo_device_init(const struct nla_policy *policy, unsigned int maxtype);
void teredo_device_exit(void);

#endif /* TEREDO_LIFE_H */
