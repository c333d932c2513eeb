/* SPDX-License-Identifier: GPL-2.0 */
/* The answers of several servers about one port, combined. */
#ifndef TEREDO_TOOL_VERDICT_H
#define TEREDO_TOOL_VERDICT_H

#include "client/qualify.h"

/* One server. */
struct probe {
	const char *host;
	int error;		/* of getaddrinfo(), 0: none */
	bool done;
	bool up;		/* qualification would succeed */
	struct qualify qualify;
};

struct verdict {
	uint8_t nat;		/* enum teredo_nat */
	bool answered;		/* any server answered; else nothing is known */
	bool port_kept;		/* the mapped port is the host's own */
	bool addresses_differ;	/* servers see different IPv4 addresses */
	enum {
		HAIRPIN_UNKNOWN,
		HAIRPIN_NO,
		HAIRPIN_YES,
	} hairpin;
	uint32_t refresh;	/* seconds, 0: not known */
	int best;		/* the server to use, -1 for none */
};

/* Fill in everything except hairpin and refresh. @port is the host's own. */
void verdict_find(struct verdict *v, const struct probe *probes, int count,
		  __be16 port);

/* Return true if both addresses of the server answered. */
bool verdict_is_full(const struct probe *probe);

/* Return the mapping that a server sees: that of its primary address, if that answered. */
const struct endpoint *verdict_mapping(const struct probe *probe);

#endif /* TEREDO_TOOL_VERDICT_H */
