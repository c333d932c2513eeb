// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/teredo.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/teredo.h>

/* Common nested types */
const struct nla_policy teredo_config_nl_policy[TEREDO_A_CONFIG_METRIC + 1] = {
	[TEREDO_A_CONFIG_MODE] = NLA_POLICY_MAX(NLA_U8, 5),
	[TEREDO_A_CONFIG_SERVER] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_SERVER2] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_SERVER_NAME] = { .type = NLA_NUL_STRING, .len = TEREDO_SERVER_NAME_MAX, },
	[TEREDO_A_CONFIG_LOCAL] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_PORT] = { .type = NLA_U16, },
	[TEREDO_A_CONFIG_PREFIX] = NLA_POLICY_EXACT_LEN(16),
	[TEREDO_A_CONFIG_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U8, 128),
	[TEREDO_A_CONFIG_REFRESH] = NLA_POLICY_RANGE(NLA_U32, 1, 3600),
	[TEREDO_A_CONFIG_PEERS_MAX] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_QUEUE] = NLA_POLICY_MAX(NLA_U32, 1024),
	[TEREDO_A_CONFIG_TTL] = { .type = NLA_U8, },
	[TEREDO_A_CONFIG_MARK] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_DISCOVERY] = NLA_POLICY_MAX(NLA_U8, 1),
	[TEREDO_A_CONFIG_SECURE] = NLA_POLICY_MAX(NLA_U8, 2),
	[TEREDO_A_CONFIG_RELAYING] = NLA_POLICY_MAX(NLA_U8, 1),
	[TEREDO_A_CONFIG_FALLBACK] = NLA_POLICY_MAX(NLA_U8, 1),
	[TEREDO_A_CONFIG_GATEWAY] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_GATEWAY_PORT] = { .type = NLA_U16, },
	[TEREDO_A_CONFIG_ID] = { .type = NLA_NUL_STRING, .len = 255, },
	[TEREDO_A_CONFIG_DF] = NLA_POLICY_MAX(NLA_U8, 1),
	[TEREDO_A_CONFIG_TABLE] = { .type = NLA_U32, },
	[TEREDO_A_CONFIG_METRIC] = { .type = NLA_U32, },
};

/* TEREDO_CMD_DEV_GET - do */
static const struct nla_policy teredo_dev_get_do_nl_policy[TEREDO_A_DEV_WITH_STATS + 1] = {
	[TEREDO_A_DEV_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_DEV_WITH_STATS] = { .type = NLA_FLAG, },
};

/* TEREDO_CMD_DEV_GET - dump */
static const struct nla_policy teredo_dev_get_dump_nl_policy[TEREDO_A_DEV_WITH_STATS + 1] = {
	[TEREDO_A_DEV_WITH_STATS] = { .type = NLA_FLAG, },
};

/* TEREDO_CMD_DEV_SET - do */
static const struct nla_policy teredo_dev_set_nl_policy[TEREDO_A_DEV_CONFIG + 1] = {
	[TEREDO_A_DEV_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_DEV_CONFIG] = NLA_POLICY_NESTED(teredo_config_nl_policy),
};

/* TEREDO_CMD_PEER_GET - do */
static const struct nla_policy teredo_peer_get_do_nl_policy[TEREDO_A_PEER_ADDRESS + 1] = {
	[TEREDO_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_PEER_ADDRESS] = NLA_POLICY_EXACT_LEN(16),
};

/* TEREDO_CMD_PEER_GET - dump */
static const struct nla_policy teredo_peer_get_dump_nl_policy[TEREDO_A_PEER_STATE + 1] = {
	[TEREDO_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_PEER_ADDRESS] = NLA_POLICY_EXACT_LEN(16),
	[TEREDO_A_PEER_STATE] = NLA_POLICY_MAX(NLA_U8, 4),
};

/* TEREDO_CMD_PEER_NEW - do */
static const struct nla_policy teredo_peer_new_nl_policy[TEREDO_A_PEER_PERMANENT + 1] = {
	[TEREDO_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_PEER_ADDRESS] = NLA_POLICY_EXACT_LEN(16),
	[TEREDO_A_PEER_MAPPED_ADDRESS] = { .type = NLA_U32, },
	[TEREDO_A_PEER_MAPPED_PORT] = { .type = NLA_U16, },
	[TEREDO_A_PEER_PERMANENT] = { .type = NLA_FLAG, },
};

/* TEREDO_CMD_PEER_DEL - do */
static const struct nla_policy teredo_peer_del_nl_policy[TEREDO_A_PEER_ADDRESS + 1] = {
	[TEREDO_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_PEER_ADDRESS] = NLA_POLICY_EXACT_LEN(16),
};

/* TEREDO_CMD_PEER_FLUSH - do */
static const struct nla_policy teredo_peer_flush_nl_policy[TEREDO_A_PEER_IFNAME + 1] = {
	[TEREDO_A_PEER_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_PEER_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* TEREDO_CMD_STATE_SET - do */
static const struct nla_policy teredo_state_set_nl_policy[TEREDO_A_DEV_MTU_CONFIGURED + 1] = {
	[TEREDO_A_DEV_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_DEV_STATE] = NLA_POLICY_MAX(NLA_U8, 4),
	[TEREDO_A_DEV_ADDRESS] = NLA_POLICY_EXACT_LEN(16),
	[TEREDO_A_DEV_MAPPED_ADDRESS] = { .type = NLA_U32, },
	[TEREDO_A_DEV_MAPPED_PORT] = { .type = NLA_U16, },
	[TEREDO_A_DEV_NAT] = NLA_POLICY_MAX(NLA_U8, 4),
	[TEREDO_A_DEV_SERVER] = { .type = NLA_U32, },
	[TEREDO_A_DEV_SERVER2] = { .type = NLA_U32, },
	[TEREDO_A_DEV_LEARNED_REFRESH] = NLA_POLICY_MAX(NLA_U32, 3600),
	[TEREDO_A_DEV_REASON] = { .type = NLA_NUL_STRING, .len = TEREDO_REASON_MAX, },
	[TEREDO_A_DEV_MTU_CONFIGURED] = { .type = NLA_U32, },
};

/* TEREDO_CMD_CONTROL_BIND - do */
static const struct nla_policy teredo_control_bind_nl_policy[TEREDO_A_DEV_IFNAME + 1] = {
	[TEREDO_A_DEV_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_DEV_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* TEREDO_CMD_CONTROL_SEND - do */
static const struct nla_policy teredo_control_send_nl_policy[TEREDO_A_DATAGRAM_PAYLOAD + 1] = {
	[TEREDO_A_DATAGRAM_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_DATAGRAM_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_DATAGRAM_ADDRESS] = { .type = NLA_U32, },
	[TEREDO_A_DATAGRAM_PORT] = { .type = NLA_U16, },
	[TEREDO_A_DATAGRAM_PAYLOAD] = { .type = NLA_BINARY, },
};

/* TEREDO_CMD_SECRET_NEW - do */
static const struct nla_policy teredo_secret_new_nl_policy[TEREDO_A_SECRET_ONLY_NEW + 1] = {
	[TEREDO_A_SECRET_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_SECRET_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_SECRET_ID] = { .type = NLA_NUL_STRING, .len = 255, },
	[TEREDO_A_SECRET_KEY] = { .type = NLA_BINARY, },
	[TEREDO_A_SECRET_STATE] = NLA_POLICY_MAX(NLA_U8, 2),
	[TEREDO_A_SECRET_ALGORITHM] = NLA_POLICY_MAX(NLA_U8, 1),
	[TEREDO_A_SECRET_ONLY_NEW] = { .type = NLA_FLAG, },
};

/* TEREDO_CMD_SECRET_DEL - do */
static const struct nla_policy teredo_secret_del_nl_policy[TEREDO_A_SECRET_ID + 1] = {
	[TEREDO_A_SECRET_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_SECRET_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
	[TEREDO_A_SECRET_ID] = { .type = NLA_NUL_STRING, .len = 255, },
};

/* TEREDO_CMD_SECRET_GET - dump */
static const struct nla_policy teredo_secret_get_nl_policy[TEREDO_A_SECRET_IFNAME + 1] = {
	[TEREDO_A_SECRET_IFINDEX] = { .type = NLA_U32, },
	[TEREDO_A_SECRET_IFNAME] = { .type = NLA_NUL_STRING, .len = 15, },
};

/* Ops table for teredo */
const struct genl_split_ops teredo_nl_ops[14] = {
	{
		.cmd		= TEREDO_CMD_DEV_GET,
		.pre_doit	= teredo_nl_rcu_pre_doit,
		.doit		= teredo_nl_dev_get_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_dev_get_do_nl_policy,
		.maxattr	= TEREDO_A_DEV_WITH_STATS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_DEV_GET,
		.dumpit		= teredo_nl_dev_get_dumpit,
		.policy		= teredo_dev_get_dump_nl_policy,
		.maxattr	= TEREDO_A_DEV_WITH_STATS,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TEREDO_CMD_DEV_SET,
		.pre_doit	= teredo_nl_rtnl_change_pre_doit,
		.doit		= teredo_nl_dev_set_doit,
		.post_doit	= teredo_nl_rtnl_post_doit,
		.policy		= teredo_dev_set_nl_policy,
		.maxattr	= TEREDO_A_DEV_CONFIG,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_PEER_GET,
		.pre_doit	= teredo_nl_rcu_pre_doit,
		.doit		= teredo_nl_peer_get_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_peer_get_do_nl_policy,
		.maxattr	= TEREDO_A_PEER_ADDRESS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_PEER_GET,
		.start		= teredo_nl_peer_get_start,
		.dumpit		= teredo_nl_peer_get_dumpit,
		.done		= teredo_nl_peer_get_done,
		.policy		= teredo_peer_get_dump_nl_policy,
		.maxattr	= TEREDO_A_PEER_STATE,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TEREDO_CMD_PEER_NEW,
		.pre_doit	= teredo_nl_rcu_change_pre_doit,
		.doit		= teredo_nl_peer_new_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_peer_new_nl_policy,
		.maxattr	= TEREDO_A_PEER_PERMANENT,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_PEER_DEL,
		.pre_doit	= teredo_nl_rcu_pre_doit,
		.doit		= teredo_nl_peer_del_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_peer_del_nl_policy,
		.maxattr	= TEREDO_A_PEER_ADDRESS,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_PEER_FLUSH,
		.pre_doit	= teredo_nl_rtnl_pre_doit,
		.doit		= teredo_nl_peer_flush_doit,
		.post_doit	= teredo_nl_rtnl_post_doit,
		.policy		= teredo_peer_flush_nl_policy,
		.maxattr	= TEREDO_A_PEER_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_STATE_SET,
		.pre_doit	= teredo_nl_rtnl_control_pre_doit,
		.doit		= teredo_nl_state_set_doit,
		.post_doit	= teredo_nl_rtnl_post_doit,
		.policy		= teredo_state_set_nl_policy,
		.maxattr	= TEREDO_A_DEV_MTU_CONFIGURED,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_CONTROL_BIND,
		.pre_doit	= teredo_nl_rtnl_control_pre_doit,
		.doit		= teredo_nl_control_bind_doit,
		.post_doit	= teredo_nl_rtnl_post_doit,
		.policy		= teredo_control_bind_nl_policy,
		.maxattr	= TEREDO_A_DEV_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_CONTROL_SEND,
		.pre_doit	= teredo_nl_rcu_control_pre_doit,
		.doit		= teredo_nl_control_send_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_control_send_nl_policy,
		.maxattr	= TEREDO_A_DATAGRAM_PAYLOAD,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_SECRET_NEW,
		.doit		= teredo_nl_secret_new_doit,
		.policy		= teredo_secret_new_nl_policy,
		.maxattr	= TEREDO_A_SECRET_ONLY_NEW,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_SECRET_DEL,
		.pre_doit	= teredo_nl_rcu_change_pre_doit,
		.doit		= teredo_nl_secret_del_doit,
		.post_doit	= teredo_nl_rcu_post_doit,
		.policy		= teredo_secret_del_nl_policy,
		.maxattr	= TEREDO_A_SECRET_ID,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TEREDO_CMD_SECRET_GET,
		.start		= teredo_nl_secret_get_start,
		.dumpit		= teredo_nl_secret_get_dumpit,
		.policy		= teredo_secret_get_nl_policy,
		.maxattr	= TEREDO_A_SECRET_IFNAME,
		.flags		= GENL_UNS_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group teredo_nl_mcgrps[] = {
	[TEREDO_NLGRP_STATE] = { "state", },
	[TEREDO_NLGRP_PEERS] = { "peers", },
};
