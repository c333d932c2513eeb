/* SPDX-License-Identifier: GPL-2.0 */
/* Resolution of server names, in a process of its own: a name service that hangs must not
 * hang the controller.
 */
#ifndef TEREDO_TOOL_RESOLVE_H
#define TEREDO_TOOL_RESOLVE_H

#include "client/qualify.h"

/* An address, or why a name has none */
struct resolved {
	__be32 addr;
	int error;		/* see resolve_error() */
	uint16_t name;		/* its place in the list */
};

struct resolver {
	int fd;			/* readable when there is something; or -1 */
	int pid;
	struct resolved list[QUALIFY_SERVERS_MAX];
	unsigned int count;
};

/* Begin to look up a list of names separated by commas. */
int resolver_start(struct resolver *r, const char *names);

/* Read results. Returns true when the list is complete. */
bool resolver_read(struct resolver *r);

/* Give up. */
void resolver_stop(struct resolver *r);

/* Return why a name could not be looked up: @error is one of getaddrinfo(), or a positive
 * errno.
 */
const char *resolve_error(int error);

/* Convert the list to servers. The secondary address is @secondary for the first name,
 * unless that is 0, else the primary one plus one.
 */
unsigned int resolver_servers(const struct resolver *r, __be32 secondary,
			      struct qualify_server *out);

#endif /* TEREDO_TOOL_RESOLVE_H */
