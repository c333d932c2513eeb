/* SPDX-License-Identifier: GPL-2.0 */
/* The kind of NAT on the path, from the mappings that servers see of one port (RFC 4380
 * section 5.2.1, with RFC 5991).
 */
#ifndef TEREDO_TOOL_NAT_H
#define TEREDO_TOOL_NAT_H

#include "base/containers.h"

/* The mappings seen so far. All zero: none. */
struct nat_seen {
	struct endpoint first;
	unsigned int count;
	bool none;		/* one of them is the host's own */
	bool ports_differ;
	bool addresses_differ;
};

/* Add a mapping. @local is the mapping of the port if there is no NAT, or all zero. */
void nat_see(struct nat_seen *seen, const struct endpoint *mapped,
	     const struct endpoint *local);

/* Return the kind of NAT, enum teredo_nat: symmetric if any two mappings differ, unknown if
 * there is only one and it is not the host's own.
 */
uint8_t nat_of(const struct nat_seen *seen);

#endif /* TEREDO_TOOL_NAT_H */
