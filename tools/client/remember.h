/* SPDX-License-Identifier: GPL-2.0 */
/* Refresh intervals that were determined, by network: a small text file that may be
 * deleted at any time. What is too old or makes no sense is ignored.
 */
#ifndef TEREDO_TOOL_REMEMBER_H
#define TEREDO_TOOL_REMEMBER_H

#include "base/containers.h"

/* in $STATE_DIRECTORY, which systemd sets, or here */
#define REMEMBER_FOLDER	"/var/lib/teredo"
#define REMEMBER_FILE	"refresh"

#define REMEMBER_MAX	64		/* networks; the oldest goes */
#define REMEMBER_DAYS	7

/* Identity of a NAT: the router that leads to it, and what is behind it. All zero if
 * unknown.
 */
struct network {
	__be32 mapped;
	__be32 gateway;
	uint8_t mac[6];
};

/* Find the NAT that we are behind, on the way to @server, which sees us at @mapped. */
void network_here(struct network *out, __be32 mapped, __be32 server);

bool same_network(const struct network *a, const struct network *b);

/* Return the interval in seconds, 0 if there is none. */
uint32_t remember_find(const struct network *network);

/* Returns 0 or a negative errno. */
int remember_store(const struct network *network, uint32_t seconds);

#endif /* TEREDO_TOOL_REMEMBER_H */
