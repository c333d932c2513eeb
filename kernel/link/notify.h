/* SPDX-License-Identifier: GPL-2.0 */
/* What has to be said to processes: by whom and how, the floors below netlink/ do not
 * know.
 */
#ifndef TEREDO_NOTIFY_H
#define TEREDO_NOTIFY_H

#include <linux/list.h>
#include <linux/types.h>

#include "base/endpoint.h"

struct teredo_dev;

/**
 * struct teredo_notify - the ears of processes
 * @device: something about a device is not what it was. RTNL.
 * @device_gone: the device is leaving its namespace. RTNL.
 * @peers_heard: somebody listens to what becomes of peers. Any context.
 * @peers: what became of peers, a list of struct teredo_event, and then, if some are
 *	lost, that. Process context.
 * @datagram: a datagram for the controller @portid. -errno if it is not taken. Any
 *	context.
 * @error: what the controller @portid sent to @to came back in an ICMP error of @from.
 *	Lost if there is no room. Any context.
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

/* That of netlink/; set before there is a device, and never again. */
extern const struct teredo_notify *teredo_notify;

#endif /* TEREDO_NOTIFY_H */
