/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/teredo.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_TEREDO_GEN_H
#define _LINUX_TEREDO_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/teredo.h>

/* Common nested types */
extern const struct nla_policy teredo_config_nl_policy[TEREDO_A_CONFIG_METRIC + 1];

/* Ops table for teredo */
extern const struct genl_split_ops teredo_nl_ops[14];

int teredo_nl_rcu_pre_doit(const struct genl_split_ops *ops,
			   struct sk_buff *skb, struct genl_info *info);
int teredo_nl_rtnl_change_pre_doit(const struct genl_split_ops *ops,
				   struct sk_buff *skb, struct genl_info *info);
int teredo_nl_rcu_change_pre_doit(const struct genl_split_ops *ops,
				  struct sk_buff *skb, struct genl_info *info);
int teredo_nl_rtnl_pre_doit(const struct genl_split_ops *ops,
			    struct sk_buff *skb, struct genl_info *info);
int teredo_nl_rtnl_control_pre_doit(const struct genl_split_ops *ops,
				    struct sk_buff *skb,
				    struct genl_info *info);
int teredo_nl_rcu_control_pre_doit(const struct genl_split_ops *ops,
				   struct sk_buff *skb, struct genl_info *info);
void
teredo_nl_rcu_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			struct genl_info *info);
void
teredo_nl_rtnl_post_doit(const struct genl_split_ops *ops, struct sk_buff *skb,
			 struct genl_info *info);
int teredo_nl_peer_get_start(struct netlink_callback *cb);
int teredo_nl_secret_get_start(struct netlink_callback *cb);
int teredo_nl_peer_get_done(struct netlink_callback *cb);

int teredo_nl_dev_get_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_dev_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int teredo_nl_dev_set_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_peer_get_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int teredo_nl_peer_new_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_peer_del_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_peer_flush_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_state_set_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_control_bind_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_control_send_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_secret_new_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_secret_del_doit(struct sk_buff *skb, struct genl_info *info);
int teredo_nl_secret_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

enum {
	TEREDO_NLGRP_STATE,
	TEREDO_NLGRP_PEERS,
};

#endif /* _LINUX_TEREDO_GEN_H */
