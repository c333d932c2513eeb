// SPDX-License-Identifier: GPL-2.0
#include "data/loop.h"

#include <net/ip6_route.h>
#include <net/route.h>

#include "link/device.h"

/* Private addresses are not unique to this host (SEC-45). */
static bool is_own_ipv4(struct teredo_dev *td, __be32 addr)
{
	return teredo_ipv4_is_global(addr) &&
	       inet_addr_type(td->underlay, addr) == RTN_LOCAL;
}

static __be32 ipv4_of_6to4(const struct in6_addr *addr)
{
	__be32 ipv4;

	memcpy(&ipv4, &addr->s6_addr[2], sizeof(ipv4));
	return ipv4;
}

static bool embeds_own_ipv4(struct teredo_dev *td,
			    const struct teredo_config *cfg,
			    const struct in6_addr *addr)
{
	struct teredo_addr ta;

	if (teredo_config_covers(cfg, addr)) {
		teredo_addr_unpack(&ta, addr);
		return is_own_ipv4(td, ta.client) || is_own_ipv4(td, ta.server);
	}
	/* An address may be both 6to4 and ISATAP. */
	return is_own_ipv4(td, ipv4_of_6to4(addr)) ||
	       is_own_ipv4(td, addr->s6_addr32[3]);
}

/* Return true for an address of this host, or on a link where it has neighbours: this node
 * may be both the 6to4 router and the Teredo node of a site.
 */
static bool is_on_link(struct net *net, const struct in6_addr *addr)
{
	struct rt6_info *rt = rt6_lookup(net, addr, NULL, 0, NULL, 0);
	bool ret;

	if (!rt)
		return false;
	ret = rt->rt6i_flags & RTF_LOCAL ||
	      (!(rt->rt6i_flags & RTF_GATEWAY) &&
	       !(rt->dst.dev->flags & IFF_NOARP));
	ip6_rt_put(rt);
	return ret;
}

bool teredo_loop_is_own(struct teredo_dev *td, const struct teredo_config *cfg,
			const struct in6_addr *addr)
{
	return embeds_own_ipv4(td, cfg, addr) &&
	       !is_on_link(dev_net(td->dev), addr);
}
