/* SPDX-License-Identifier: GPL-2.0 */
/* All roles. */
#ifndef TEREDO_ROLES_H
#define TEREDO_ROLES_H

#include "link/role.h"

struct in6_addr;

/* Return the role for the mode of a configuration, or NULL if there is none. */
const struct teredo_role *teredo_role_find(const struct teredo_config *cfg);

extern const struct teredo_role teredo_client_role;	/* client.c */
extern const struct teredo_role teredo_relay_role;	/* relay.c */
extern const struct teredo_role teredo_host_relay_role;
extern const struct teredo_role teredo_server_role;	/* server.c */
extern const struct teredo_role teredo_server_relay_role;

/* Operations of relay.c, for a server that is also a relay; see struct teredo_role */
int teredo_relay_xmit(struct teredo_dev *td, struct sk_buff *skb,
		      const struct teredo_config *cfg);
int teredo_relay_rcv(struct teredo_dev *td, struct sk_buff *skb,
		     const struct teredo_rx *rx);
bool teredo_relay_probe(struct teredo_dev *td,
			const struct teredo_probe *probe);

/* Set *@out to the source of the bubble that a relay sends for @probe. */
void teredo_relay_source(const struct teredo_probe *probe,
			 struct in6_addr *out);

#endif /* TEREDO_ROLES_H */
