/* SPDX-License-Identifier: GPL-2.0 */
/* Forwarding of datagrams by a server (RFC 4380 5.3.1). */
#ifndef TEREDO_FORWARD_H
#define TEREDO_FORWARD_H

#include "link/config.h"

struct sk_buff;
struct teredo_dev;
struct teredo_rx;

/* Return true if @addr is one of the server's two addresses. */
static inline bool teredo_server_is_own(const struct teredo_config *cfg,
					__be32 addr)
{
	return addr == cfg->local ||
	       addr == teredo_config_server2(cfg, cfg->local);
}

/* Forward the inner packet and its trailers to a Teredo client; with an origin indication
 * if it is a client of this server (S-14 to S-16). Returns TEREDO_TAKEN, or the reason to
 * drop the datagram. RCU, BH off.
 */
int teredo_forward(struct teredo_dev *td, struct sk_buff *skb,
		   const struct teredo_rx *rx);

#endif /* TEREDO_FORWARD_H */
