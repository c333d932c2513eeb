/* SPDX-License-Identifier: GPL-2.0 */
/* Netlink messages about devices */
#ifndef TEREDO_NL_DEVICE_H
#define TEREDO_NL_DEVICE_H

#include <linux/types.h>
#include <uapi/linux/teredo.h>

struct genl_info;
struct sk_buff;
struct teredo_dev;

/* Allocate a message with room for teredo_nl_fill_dev(). Returns NULL without memory. */
struct sk_buff *teredo_nl_new_dev_msg(bool with_stats, gfp_t gfp);

/* Append a message about a device. Returns 0, or -EMSGSIZE and leaves @skb unchanged. RTNL
 * or RCU.
 */
int teredo_nl_fill_dev(struct sk_buff *skb, struct teredo_dev *td, u32 portid,
		       u32 seq, int flags, enum teredo_cmd cmd, bool with_stats);

/* Answer a request with a message about a device. Returns 0 or -errno. RTNL or RCU. */
int teredo_nl_reply_dev(struct genl_info *info, struct teredo_dev *td,
			enum teredo_cmd cmd, bool with_stats);

#endif /* TEREDO_NL_DEVICE_H */
