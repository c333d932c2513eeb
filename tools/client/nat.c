// SPDX-License-Identifier: GPL-2.0
#include "client/nat.h"

void nat_see(struct nat_seen *seen, const struct endpoint *mapped,
	     const struct endpoint *local)
{
	if (!seen->count++)
		seen->first = *mapped;
	seen->ports_differ |= mapped->port != seen->first.port;
	seen->addresses_differ |= mapped->addr != seen->first.addr;
	seen->none |= local->port && mapped->addr == local->addr &&
		      mapped->port == local->port;
}

uint8_t nat_of(const struct nat_seen *seen)
{
	if (seen->ports_differ || seen->addresses_differ)
		return TEREDO_NAT_SYMMETRIC;
	if (seen->none)
		return TEREDO_NAT_NONE;
	return seen->count > 1 ? TEREDO_NAT_RESTRICTED : TEREDO_NAT_UNKNOWN;
}
