/* SPDX-License-Identifier: GPL-2.0 */
/* Refresh intervals that were found out, by network: a small text file that
 * may be deleted at any time. What is too old or makes no sense counts as
 * not there.
 */
#ifndef TEREDO_TOOL_REMEMBER_H
#define TEREDO_TOOL_REMEMBER_H

#include "base/containers.h"

/* In $STATE_DIRECTORY, which systemd sets, or else here. */
#define REMEMBER_FOLDER	"/var/lib/teredo"
#define REMEMBER_FILE	"refresh"

#define REMEMBER_MAX	64		/* networks; the oldest goes */
#define REMEMBER_DAYS	7

/* What tells one NAT from another: the router that leads to it, and what is
 * behind it. All zero where it is not known.
 */
struct network {
	__be32 mapped;
	__be32 gateway;
	uint8_t mac[6];
};

/* The one that we are in, on the way to @server, which sees us at @mapped. */
void network_here(struct network *out, __be32 mapped, __be32 server);

bool same_network(const struct network *a, const struct network *b);

/* The interval in seconds, 0 if there is none. */
uint32_t remember_find(const struct network *network);

/* Returns 0 or a negative errno. */
int remember_store(const struct network *network, uint32_t seconds);

#endif /* TEREDO_TOOL_REMEMBER_H */
