/* SPDX-License-Identifier: GPL-2.0 */
/* Routing loops between tunnels of different kinds (RFC 6324): a packet leaves by
 * one, and its address leads it, or its answer, back here by another. Neither
 * side can see the loop, and each turn costs both of them.
 */
#ifndef TEREDO_LOOP_H
#define TEREDO_LOOP_H

#include "codec/addr.h"
#include "link/config.h"

struct teredo_dev;

/* True if @addr embeds an IPv4 address of this node, and is not from here. Slow.
 * RCU, BH off.
 */
bool teredo_loop_is_own(struct teredo_dev *td, const struct teredo_config *cfg,
			const struct in6_addr *addr);

/* True if a packet from @saddr must not be put into the tunnel (SEC-43). Costs
 * ordinary addresses three comparisons.
 */
static inline bool teredo_loop_source(struct teredo_dev *td,
				      const struct teredo_config *cfg,
				      const struct in6_addr *saddr)
{
	return unlikely(teredo_addr_is_tunnel(saddr) ||
			teredo_config_covers(cfg, saddr)) &&
	       teredo_loop_is_own(td, cfg, saddr);
}

/* True if a packet to @daddr, outside of Teredo, must not be let out of the
 * tunnel (SEC-44).
 */
static inline bool teredo_loop_dest(struct teredo_dev *td,
				    const struct teredo_config *cfg,
				    const struct in6_addr *daddr)
{
	return unlikely(teredo_addr_is_tunnel(daddr)) &&
	       teredo_loop_is_own(td, cfg, daddr);
}

#endif /* TEREDO_LOOP_H */
