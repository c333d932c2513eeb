/* SPDX-License-Identifier: GPL-2.0 */
/* Refresh intervals that were determined, by network, in a small text file that may be
 * deleted at any time. Old and invalid entries are ignored.
 */
#ifndef TEREDO_TOOL_REMEMBER_H
#define TEREDO_TOOL_REMEMBER_H

#include "base/containers.h"

/* in $STATE_DIRECTORY, which systemd sets, or here */
#define REMEMBER_FOLDER	"/var/lib/teredo"
#define REMEMBER_FILE	"refresh"

#define REMEMBER_MAX	64		/* networks; the oldest is dropped */
#define REMEMBER_DAYS	7

/* Identity of a NAT: its mapped address, and the gateway towards it. All zero if unknown. */
struct network {
	__be32 mapped;
	__be32 gateway;
	uint8_t mac[6];
};

/* Identify the NAT on the path to @server, which sees us at the address @mapped. */
void network_here(struct network *out, __be32 mapped, __be32 server);

bool same_network(const struct network *a, const struct network *b);

/* Return the interval in seconds, 0 if there is none. */
uint32_t remember_find(const struct network *network);

/* Store the interval of a network. Returns 0 or a negative errno. */
int remember_store(const struct network *network, uint32_t seconds);

#endif /* TEREDO_TOOL_REMEMBER_H */
