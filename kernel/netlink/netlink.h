/* SPDX-License-Identifier: GPL-2.0 */
/* Generic netlink: dumps, changes, events. */
#ifndef TEREDO_NETLINK_H
#define TEREDO_NETLINK_H

#include <linux/types.h>
#include <uapi/linux/teredo.h>

#include "peer/peer.h"
#include "data/socket.h"

struct teredo_dev;

/* Tell the group "state" about a device. RTNL. */
void teredo_nl_dev_event(struct teredo_dev *td);

/* The device is leaving its namespace. RTNL. */
void teredo_nl_dev_gone(struct teredo_dev *td);

/* True if somebody listens to the group "peers". Any context. */
bool teredo_nl_peers_heard(struct teredo_dev *td);

/* What became of a peer. */
struct teredo_event {
	struct list_head node;
	enum teredo_cmd cmd;
	enum teredo_peer_cause cause;
	struct teredo_peer_info peer;
};

/* Tell the group "peers" of @events, a list of struct teredo_event, and then, if some
 * are @lost, that. Process context.
 */
void teredo_nl_peer_events(struct teredo_dev *td, const struct list_head *events,
			   bool lost);

/* Send a datagram to the controller @portid. -errno if it is not taken. */
int teredo_nl_control_recv(struct teredo_dev *td, u32 portid,
			   union teredo_endpoint src, const void *data,
			   size_t len);

/* Tell the controller @portid that what it sent to @to came back in an ICMP error of
 * @from. Lost if there is no room.
 */
void teredo_nl_control_error(struct teredo_dev *td, u32 portid,
			     union teredo_endpoint to, __be32 from, u8 type,
			     u8 code);

int teredo_nl_init(void);
void teredo_nl_exit(void);

#endif /* TEREDO_NETLINK_H */
