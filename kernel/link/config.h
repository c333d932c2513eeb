/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration of a device: the one parser and the one filler of the
 * attribute set "config", for rtnetlink and generic netlink alike.
 */
#ifndef TEREDO_CONFIG_H
#define TEREDO_CONFIG_H

#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <uapi/linux/teredo.h>

#include "codec/wire.h"

struct sk_buff;

/* Addresses and ports in network byte order. Readers hold RCU, writers RTNL;
 * never changed in place.
 */
struct teredo_config {
	struct in6_addr prefix;
	u8 prefix_len;
	u8 mode;			/* enum teredo_mode */
	u8 ttl;				/* 0: the namespace's default */
	u8 secure;			/* enum teredo_secure */
	bool relaying;
	u8 df;				/* enum teredo_df */
	bool discovery;
	__be32 local;
	__be32 server;
	__be32 server2;
	__be16 port;
	u32 mark;
	u32 refresh;			/* seconds */
	u32 peers_max;
	u32 queue;			/* packets for each waiting peer */
	u32 table;			/* of routes, as the next one; */
	u32 metric;			/* the controller's. 0: not told */
	struct rcu_head rcu;
	char server_name[TEREDO_SERVER_NAME_MAX + 1];
	char id[TEREDO_ID_MAX + 1];	/* "" for none; the controller's */
};

/* Allocate a configuration with the defaults. Returns NULL without memory. */
struct teredo_config *teredo_config_default(void);
void teredo_config_free(struct teredo_config *cfg);

/* Copy @old and apply @tb, the parsed attributes of the set config. @up: the link is up.
 * Returns ERR_PTR with extack if an attribute is refused. Free with teredo_config_free().
 */
struct teredo_config *teredo_config_parse(const struct teredo_config *old,
					  struct nlattr *tb[], bool up,
					  struct netlink_ext_ack *extack);

/* Return true if @addr is in the service prefix, which is always 32 bits long. */
static inline bool teredo_config_covers(const struct teredo_config *cfg,
					const struct in6_addr *addr)
{
	return addr->s6_addr32[0] == cfg->prefix.s6_addr32[0];
}

/* Return the secondary address: the configured one, else @primary plus one. */
__be32 teredo_config_server2(const struct teredo_config *cfg, __be32 primary);

int teredo_config_fill(struct sk_buff *skb, const struct teredo_config *cfg);
size_t teredo_config_size(void);	/* octets that the filler needs */

#endif /* TEREDO_CONFIG_H */
