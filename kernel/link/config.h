/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration of a device. The attribute set "config" has one parser and one filler,
 * which serve rtnetlink and generic netlink alike.
 */
#ifndef TEREDO_CONFIG_H
#define TEREDO_CONFIG_H

#include <linux/in6.h>
#include <linux/netlink.h>
#include <linux/rcupdate.h>
#include <uapi/linux/teredo.h>

#include "codec/wire.h"

struct sk_buff;

/* The options of a link. Readers hold RCU, writers RTNL; never changed in place. Addresses
 * and ports are in network byte order.
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
	__be32 local;			/* 0: any */
	__be32 server;			/* 0: none */
	__be32 server2;			/* 0: teredo_config_server2() */
	__be16 port;			/* 0: that of the role */
	u32 mark;
	u32 refresh;			/* seconds */
	u32 peers_max;
	u32 queue;			/* limit of packets held for a peer */
	u32 table;			/* of the controller's routes; 0: not set */
	u32 metric;			/* of these routes; 0: not set */
	struct rcu_head rcu;
	char server_name[TEREDO_SERVER_NAME_MAX + 1];
	char id[TEREDO_ID_MAX + 1];	/* for the controller; "": none */
};

/* Allocate a configuration with the defaults. Returns NULL without memory. */
struct teredo_config *teredo_config_default(void);
/* Free a configuration that no reader can see. */
void teredo_config_free(struct teredo_config *cfg);

/* Copy @old and apply @tb, the parsed attributes of the set config. @up: the link is up.
 * Free with teredo_config_free(). Returns ERR_PTR(-ENOMEM), or ERR_PTR with extack if an
 * attribute is refused: -EINVAL, -ERANGE, -EOPNOTSUPP, or -EBUSY if the link has to be
 * down.
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

/* Return the secondary address: the configured one, else @primary plus one, or 0 if that is
 * 0.
 */
__be32 teredo_config_server2(const struct teredo_config *cfg, __be32 primary);

/* Put all options into @skb as attributes of the set config. Returns 0 or -EMSGSIZE. */
int teredo_config_fill(struct sk_buff *skb, const struct teredo_config *cfg);
/* Return how many octets teredo_config_fill() needs at most. */
size_t teredo_config_size(void);

#endif /* TEREDO_CONFIG_H */
