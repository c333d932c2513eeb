/* SPDX-License-Identifier: GPL-2.0 */
/* Notifications to processes. Folders below netlink/ call the functions of this table,
 * which netlink/ fills in.
 */
#ifndef TEREDO_NOTIFY_H
#define TEREDO_NOTIFY_H

#include <linux/list.h>
#include <linux/types.h>

#include "base/endpoint.h"

struct teredo_dev;

/**
 * struct teredo_notify - notifications
 * @device: a device has changed. RTNL.
 * @device_gone: the device is leaving its namespace. RTNL.
 * @peers_heard: return true if anybody listens to events about peers. Any context.
 * @peers: send the events of a list of struct teredo_event, then ENOBUFS if later ones were
 *	lost. Process context.
 * @datagram: pass a datagram to the controller @portid. Returns 0 or -errno. Any context.
 * @error: report to the controller @portid that the IPv4 address @from sent an ICMP error
 *	about its datagram to @to. Lost without memory. Any context.
 */
struct teredo_notify {
	void (*device)(struct teredo_dev *td);
	void (*device_gone)(struct teredo_dev *td);
	bool (*peers_heard)(const struct teredo_dev *td);
	void (*peers)(struct teredo_dev *td, const struct list_head *events,
		      bool lost);
	int (*datagram)(struct teredo_dev *td, u32 portid,
			union teredo_endpoint src, const void *data, size_t len);
	void (*error)(struct teredo_dev *td, u32 portid, union teredo_endpoint to,
		      __be32 from, u8 type, u8 code);
};

/* Set by netlink/ before there is any device, and never changed. */
extern const struct teredo_notify *teredo_notify;

#endif /* TEREDO_NOTIFY_H */
