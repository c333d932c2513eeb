/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink messages about peers */
#ifndef TEREDO_NL_PEER_H
#define TEREDO_NL_PEER_H

#include <linux/types.h>
#include <uapi/linux/teredo.h>

struct netlink_callback;
struct sk_buff;
struct teredo_dev;
struct teredo_peer_info;

/* Append a message about a peer. @cause is that of an event, or NULL; @cb is that of a
 * dump, or NULL. Returns 0, or -EMSGSIZE and leaves @skb unchanged.
 */
int teredo_nl_fill_peer(struct sk_buff *skb, const struct teredo_dev *td,
			const struct teredo_peer_info *peer, u32 portid, u32 seq,
			int flags, enum teredo_cmd cmd,
			const enum teredo_peer_cause *cause,
			struct netlink_callback *cb);

#endif /* TEREDO_NL_PEER_H */
