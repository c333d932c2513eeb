/* SPDX-License-Identifier: GPL-2.0 */
/* Routing loops between automatic tunnels of different kinds (RFC 6324): a packet leaves by
 * one tunnel, and its address leads it, or its answer, back to this node by another one.
 * Neither tunnel sees the loop, and each turn costs both.
 */
#ifndef TEREDO_LOOP_H
#define TEREDO_LOOP_H

#include "codec/addr.h"
#include "link/config.h"

struct teredo_dev;

/* Return true if @addr embeds an IPv4 address of this node, but is neither assigned here
 * nor that of a neighbour on a link. Slow: looks up routes. RCU, BH off.
 */
bool teredo_loop_is_own(struct teredo_dev *td, const struct teredo_config *cfg,
			const struct in6_addr *addr);

/* Return true if a packet from @saddr must not enter the tunnel (SEC-43). Ordinary
 * addresses cost three comparisons.
 */
static inline bool teredo_loop_source(struct teredo_dev *td,
				      const struct teredo_config *cfg,
				      const struct in6_addr *saddr)
{
	return unlikely(teredo_addr_is_tunnel(saddr) ||
			teredo_config_covers(cfg, saddr)) &&
	       teredo_loop_is_own(td, cfg, saddr);
}

/* Return true if a packet to @daddr, not Teredo, must not leave the tunnel (SEC-44). */
static inline bool teredo_loop_dest(struct teredo_dev *td,
				    const struct teredo_config *cfg,
				    const struct in6_addr *daddr)
{
	return unlikely(teredo_addr_is_tunnel(daddr)) &&
	       teredo_loop_is_own(td, cfg, daddr);
}

#endif /* TEREDO_LOOP_H */
