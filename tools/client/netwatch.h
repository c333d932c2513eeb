/* SPDX-License-Identifier: GPL-2.0 */
/* The network of the host around a client: native IPv6, IPv4 addresses, routes and links.
 * Takes events, selects what matters, and waits until it has settled.
 */
#ifndef TEREDO_TOOL_NETWATCH_H
#define TEREDO_TOOL_NETWATCH_H

#include "ipc/ipc.h"

/* Changes come in bursts. */
#define NETWATCH_SETTLE_MS	500
/* Native IPv6 is believed to be there, or gone, after so long without interruption (C-98).
 */
#define NETWATCH_NATIVE_MS	5000
#define NETWATCH_NATIVE_GONE_MS	30000

/* A difference between the clocks with and without suspension that matters */
#define NETWATCH_RESUME_MS	2000

#define NETWATCH_LINKS_MAX	64

struct netwatch {
	uint64_t ipv4_at;	/* when to report a change; 0 for none */
	bool native;		/* as reported last */
	uint64_t native_at;	/* when to look again; 0 for not at all */
	uint64_t since;		/* it is otherwise; 0 if it is not */
	uint32_t table;		/* where native IPv6 would be */
	uint64_t suspended;	/* milliseconds since boot, seen last */
	struct link via;	/* the link of the native default route */
	struct {
		uint32_t ifindex;
		bool running;
	} links[NETWATCH_LINKS_MAX];
	unsigned int links_count;
};

enum netwatch_change {
	NETWATCH_NOTHING,
	NETWATCH_IPV4,		/* an address, route or carrier */
	NETWATCH_NATIVE,	/* native IPv6 is there: see w->via */
	NETWATCH_NATIVE_GONE,
};

/* Process an event; those about the link @self do not count. */
void netwatch_event(struct netwatch *w, const struct net_event *event,
		    uint32_t self, uint64_t now);

/* Report the total time of suspension of the host: after a suspension, everything may be
 * different.
 */
void netwatch_suspended(struct netwatch *w, uint64_t suspended, uint64_t now);

/* Return when to call netwatch_poll() again; UINT64_MAX: not before an event. */
uint64_t netwatch_deadline(const struct netwatch *w);

/* Call until it returns NETWATCH_NOTHING. */
enum netwatch_change netwatch_poll(struct netwatch *w, uint64_t now);

#endif /* TEREDO_TOOL_NETWATCH_H */
