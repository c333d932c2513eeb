/* SPDX-License-Identifier: GPL-2.0 */
/* Resolution of server names, in a process of its own: a name service that hangs must not
 * hang the controller.
 */
#ifndef TEREDO_TOOL_RESOLVE_H
#define TEREDO_TOOL_RESOLVE_H

#include "client/qualify.h"

/* An address, or why the name has none */
struct resolved {
	__be32 addr;
	int error;		/* see resolve_error() */
	uint16_t name;		/* its index in the list of names */
};

struct resolver {
	int fd;			/* readable when there is a result; or -1 */
	int pid;
	struct resolved list[QUALIFY_SERVERS_MAX];
	unsigned int count;
};

/* Begin to look up a list of names separated by commas. */
int resolver_start(struct resolver *r, const char *names);

/* Read results. Returns true when the list is complete. */
bool resolver_read(struct resolver *r);

/* Cancel the look-up. */
void resolver_stop(struct resolver *r);

/* Return the text of @error, which is an error of getaddrinfo() or a positive errno. */
const char *resolve_error(int error);

/* Convert the list to servers. The secondary address is @secondary for the first name,
 * unless that is 0, else the primary one plus one.
 */
unsigned int resolver_servers(const struct resolver *r, __be32 secondary,
			      struct qualify_server *out);

#endif /* TEREDO_TOOL_RESOLVE_H */
