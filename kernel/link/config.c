// SPDX-License-Identifier: GPL-2.0
#include "link/config.h"

#include <linux/bits.h>
#include <linux/slab.h>
#include <net/ipv6.h>
#include <net/netlink.h>

#include "base/ledger.h"
#include "codec/addr.h"
#include "link/modes.h"

#define PEERS_MAX	BIT(24)

struct teredo_config *teredo_config_default(void)
{
	struct teredo_config *cfg;

	cfg = teredo_made(TEREDO_OBJECT_CONFIG,
			  kzalloc(sizeof(*cfg), GFP_KERNEL_ACCOUNT));
	if (!cfg)
		return NULL;
	cfg->mode = TEREDO_MODE_CLIENT;
	cfg->prefix.s6_addr32[0] = htonl(TEREDO_PREFIX);
	cfg->prefix_len = TEREDO_PREFIX_LEN;
	cfg->refresh = TEREDO_REFRESH_DEFAULT;
	cfg->peers_max = BIT(20);
	cfg->queue = 32;
	return cfg;
}

void teredo_config_free(struct teredo_config *cfg)
{
	kfree(teredo_gone(TEREDO_OBJECT_CONFIG, cfg));
}

__be32 teredo_config_server2(const struct teredo_config *cfg, __be32 primary)
{
	if (cfg->server2 || !primary)
		return cfg->server2;
	return htonl(ntohl(primary) + 1);
}

static int refuse(struct netlink_ext_ack *extack, const struct nlattr *attr,
		  const char *msg, int err)
{
	if (extack) {
		extack->_msg = msg;
		extack->bad_attr = attr;
	}
	return err;
}

/* Refuse options of roles and extensions that this module does not have yet. */
static int parse_unsupported(struct nlattr *tb[],
			     struct netlink_ext_ack *extack)
{
	const struct nlattr *fallback = tb[TEREDO_A_CONFIG_FALLBACK];
	const struct nlattr *gateway = tb[TEREDO_A_CONFIG_GATEWAY];
	const struct nlattr *port = tb[TEREDO_A_CONFIG_GATEWAY_PORT];

	if (fallback && nla_get_u8(fallback))
		return refuse(extack, fallback,
			      "fallback is not supported by this module",
			      -EOPNOTSUPP);
	/* Without a gateway, a port has no meaning. */
	if ((gateway && nla_get_in_addr(gateway)) ||
	    (!gateway && port && nla_get_be16(port)))
		return refuse(extack, gateway ?: port,
			      "gateway is not supported by this module",
			      -EOPNOTSUPP);
	return 0;
}

/* -- options that do not apply to all modes, see modes.h -- */

/* Return true if the option has its default, which every mode accepts. */
static bool is_default(const struct teredo_config *cfg, unsigned int attr)
{
	switch (attr) {
	case TEREDO_A_CONFIG_SERVER:
		return !cfg->server;
	case TEREDO_A_CONFIG_SERVER_NAME:
		return !cfg->server_name[0];
	case TEREDO_A_CONFIG_SERVER2:
		return !cfg->server2;
	case TEREDO_A_CONFIG_REFRESH:
		return cfg->refresh == TEREDO_REFRESH_DEFAULT;
	case TEREDO_A_CONFIG_DISCOVERY:
		return !cfg->discovery;
	case TEREDO_A_CONFIG_SECURE:
		return !cfg->secure;
	case TEREDO_A_CONFIG_RELAYING:
		return !cfg->relaying;
	case TEREDO_A_CONFIG_ID:
		return !cfg->id[0];
	}
	return true;
}

/* Reset the options that do not apply to all modes. Values for the previous mode could
 * affect the new one, or mean something else in it, without anybody having intended that.
 */
static void forget_other_mode(struct teredo_config *cfg)
{
	cfg->server = 0;
	cfg->server2 = 0;
	cfg->server_name[0] = 0;
	cfg->refresh = TEREDO_REFRESH_DEFAULT;
	cfg->discovery = false;
	cfg->secure = TEREDO_SECURE_OFF;
	cfg->relaying = false;
	cfg->id[0] = 0;
}

/* Refuse options that do not apply to the mode. Defaults are accepted, so that a
 * configuration can be read and written back.
 */
static int check_mode(const struct teredo_config *cfg, struct nlattr *tb[],
		      struct netlink_ext_ack *extack)
{
	unsigned int attr;
	const char *msg;

	for (attr = 1; attr <= TEREDO_A_CONFIG_MAX; attr++) {
		msg = teredo_mode_refuses(cfg->mode, attr);
		if (tb[attr] && msg && !is_default(cfg, attr))
			return refuse(extack, tb[attr], msg, -EINVAL);
	}
	return 0;
}

static int parse_addr(__be32 *out, const struct nlattr *attr,
		      struct netlink_ext_ack *extack, const char *msg)
{
	__be32 addr;

	if (!attr)
		return 0;
	addr = nla_get_in_addr(attr);
	if (addr && !teredo_ipv4_is_global(addr))
		return refuse(extack, attr, msg, -EINVAL);
	*out = addr;
	return 0;
}

static int parse_prefix(struct teredo_config *cfg, struct nlattr *tb[],
			struct netlink_ext_ack *extack)
{
	const struct nlattr *prefix = tb[TEREDO_A_CONFIG_PREFIX];
	const struct nlattr *len = tb[TEREDO_A_CONFIG_PREFIX_LEN];
	struct in6_addr addr;

	if (len)
		cfg->prefix_len = nla_get_u8(len);
	if (prefix) {
		addr = nla_get_in6_addr(prefix);
		cfg->prefix = addr;
	}
	if (!prefix && !len)
		return 0;
	if (cfg->prefix_len != TEREDO_PREFIX_LEN)
		return refuse(extack, len ?: prefix,
			      "prefix must be 32 bits long", -EINVAL);
	ipv6_addr_prefix(&addr, &cfg->prefix, cfg->prefix_len);
	if (!ipv6_addr_equal(&addr, &cfg->prefix))
		return refuse(extack, prefix ?: len,
			      "prefix has bits set beyond its length", -EINVAL);
	if (!teredo_addr_is_routable(&addr))
		return refuse(extack, prefix ?: len,
			      "prefix is not of global scope", -EINVAL);
	return 0;
}

/* Check the options of a server against each other, once all are known. */
static int check_server(const struct teredo_config *cfg, struct nlattr *tb[],
			struct netlink_ext_ack *extack)
{
	__be32 second = teredo_config_server2(cfg, cfg->local);

	/* With the same address for both, a symmetric NAT would not be recognised. */
	if (cfg->mode == TEREDO_MODE_CLIENT && cfg->server2 &&
	    cfg->server2 == cfg->server)
		return refuse(extack, tb[TEREDO_A_CONFIG_SERVER2] ?:
			      tb[TEREDO_A_CONFIG_SERVER],
			      "server2 must differ from server",
			      -EINVAL);
	if (cfg->mode != TEREDO_MODE_SERVER)
		return 0;
	if (!cfg->local)
		return refuse(extack, tb[TEREDO_A_CONFIG_LOCAL] ?:
			      tb[TEREDO_A_CONFIG_MODE],
			      "a server needs local, its primary address",
			      -EINVAL);
	if (!teredo_ipv4_is_global(cfg->local))
		return refuse(extack, tb[TEREDO_A_CONFIG_LOCAL] ?:
			      tb[TEREDO_A_CONFIG_MODE],
			      "local of a server must be a global unicast address",
			      -EINVAL);
	if (second == cfg->local || !teredo_ipv4_is_global(second))
		return refuse(extack, tb[TEREDO_A_CONFIG_SERVER2] ?:
			      tb[TEREDO_A_CONFIG_LOCAL],
			      "server2 must be a different global unicast address",
			      -EINVAL);
	return 0;
}

static int parse(struct teredo_config *cfg, const struct teredo_config *old,
		 struct nlattr *tb[], bool up, struct netlink_ext_ack *extack)
{
	const struct nlattr *attr;
	int err;

	err = parse_unsupported(tb, extack);
	if (err)
		return err;

	attr = tb[TEREDO_A_CONFIG_MODE];
	if (attr) {
		cfg->mode = nla_get_u8(attr);
		if (!teredo_mode_exists(cfg->mode))
			return refuse(extack, attr,
				      "mode is not supported by this module",
				      -EOPNOTSUPP);
		if (up && cfg->mode != old->mode)
			return refuse(extack, attr,
				      "mode can change only while the link is down",
				      -EBUSY);
		if (cfg->mode != old->mode)
			forget_other_mode(cfg);
	}
	attr = tb[TEREDO_A_CONFIG_LOCAL];
	if (attr) {
		cfg->local = nla_get_in_addr(attr);
		if (up && cfg->local != old->local)
			return refuse(extack, attr,
				      "local can change only while the link is down",
				      -EBUSY);
		if (ipv4_is_multicast(cfg->local) ||
		    ipv4_is_lbcast(cfg->local) ||
		    (cfg->local && ipv4_is_zeronet(cfg->local)))
			return refuse(extack, attr,
				      "local must be a unicast address",
				      -EINVAL);
	}
	attr = tb[TEREDO_A_CONFIG_PORT];
	if (attr) {
		cfg->port = nla_get_be16(attr);
		if (up && cfg->port != old->port)
			return refuse(extack, attr,
				      "port can change only while the link is down",
				      -EBUSY);
	}

	err = parse_addr(&cfg->server, tb[TEREDO_A_CONFIG_SERVER], extack,
			 "server must be a global unicast address") ?:
	      parse_addr(&cfg->server2, tb[TEREDO_A_CONFIG_SERVER2], extack,
			 "server2 must be a global unicast address") ?:
	      parse_prefix(cfg, tb, extack);
	if (err)
		return err;
	if (up && cfg->mode == TEREDO_MODE_SERVER &&
	    cfg->server2 != old->server2)
		return refuse(extack, tb[TEREDO_A_CONFIG_SERVER2],
			      "server2 of a server can change only while the link is down",
			      -EBUSY);

	attr = tb[TEREDO_A_CONFIG_SERVER_NAME];
	if (attr)
		nla_strscpy(cfg->server_name, attr, sizeof(cfg->server_name));
	attr = tb[TEREDO_A_CONFIG_REFRESH];
	if (attr)
		cfg->refresh = nla_get_u32(attr);
	attr = tb[TEREDO_A_CONFIG_PEERS_MAX];
	if (attr) {
		cfg->peers_max = nla_get_u32(attr);
		if (!cfg->peers_max || cfg->peers_max > PEERS_MAX)
			return refuse(extack, attr,
				      "peers-max must be between 1 and 16777216",
				      -ERANGE);
	}
	attr = tb[TEREDO_A_CONFIG_QUEUE];
	if (attr)
		cfg->queue = nla_get_u32(attr);
	attr = tb[TEREDO_A_CONFIG_TTL];
	if (attr)
		cfg->ttl = nla_get_u8(attr);
	attr = tb[TEREDO_A_CONFIG_MARK];
	if (attr)
		cfg->mark = nla_get_u32(attr);
	attr = tb[TEREDO_A_CONFIG_SECURE];
	if (attr)
		cfg->secure = nla_get_u8(attr);
	attr = tb[TEREDO_A_CONFIG_RELAYING];
	if (attr)
		cfg->relaying = nla_get_u8(attr);
	attr = tb[TEREDO_A_CONFIG_ID];
	if (attr)
		nla_strscpy(cfg->id, attr, sizeof(cfg->id));
	attr = tb[TEREDO_A_CONFIG_DF];
	if (attr)
		cfg->df = nla_get_u8(attr);

	attr = tb[TEREDO_A_CONFIG_TABLE];
	if (attr)
		cfg->table = nla_get_u32(attr);
	attr = tb[TEREDO_A_CONFIG_METRIC];
	if (attr)
		cfg->metric = nla_get_u32(attr);

	attr = tb[TEREDO_A_CONFIG_DISCOVERY];
	if (attr)
		cfg->discovery = nla_get_u8(attr);

	return check_mode(cfg, tb, extack) ?: check_server(cfg, tb, extack);
}

struct teredo_config *teredo_config_parse(const struct teredo_config *old,
					  struct nlattr *tb[], bool up,
					  struct netlink_ext_ack *extack)
{
	struct teredo_config *cfg;
	int err;

	cfg = teredo_made(TEREDO_OBJECT_CONFIG,
			  kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT));
	if (!cfg)
		return ERR_PTR(-ENOMEM);
	err = parse(cfg, old, tb, up, extack);
	if (err) {
		teredo_config_free(cfg);
		return ERR_PTR(err);
	}
	return cfg;
}

int teredo_config_fill(struct sk_buff *skb, const struct teredo_config *cfg)
{
	if (nla_put_u8(skb, TEREDO_A_CONFIG_MODE, cfg->mode) ||
	    nla_put_in_addr(skb, TEREDO_A_CONFIG_SERVER, cfg->server) ||
	    nla_put_in_addr(skb, TEREDO_A_CONFIG_SERVER2, cfg->server2) ||
	    nla_put_string(skb, TEREDO_A_CONFIG_SERVER_NAME,
			   cfg->server_name) ||
	    nla_put_in_addr(skb, TEREDO_A_CONFIG_LOCAL, cfg->local) ||
	    nla_put_be16(skb, TEREDO_A_CONFIG_PORT, cfg->port) ||
	    nla_put_in6_addr(skb, TEREDO_A_CONFIG_PREFIX, &cfg->prefix) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_PREFIX_LEN, cfg->prefix_len) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_REFRESH, cfg->refresh) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_PEERS_MAX, cfg->peers_max) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_QUEUE, cfg->queue) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_TTL, cfg->ttl) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_MARK, cfg->mark) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_SECURE, cfg->secure) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_RELAYING, cfg->relaying) ||
	    nla_put_string(skb, TEREDO_A_CONFIG_ID, cfg->id) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_DF, cfg->df) ||
	    nla_put_u8(skb, TEREDO_A_CONFIG_DISCOVERY, cfg->discovery) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_TABLE, cfg->table) ||
	    nla_put_u32(skb, TEREDO_A_CONFIG_METRIC, cfg->metric))
		return -EMSGSIZE;
	return 0;
}

size_t teredo_config_size(void)
{
	return 7 * nla_total_size(sizeof(u8)) +		/* mode to discovery */
	       nla_total_size(sizeof(__be16)) +		/* port */
	       9 * nla_total_size(sizeof(u32)) +	/* addresses, numbers */
	       nla_total_size(sizeof(struct in6_addr)) +
	       nla_total_size(TEREDO_SERVER_NAME_MAX + 1) +
	       nla_total_size(TEREDO_ID_MAX + 1);
}
