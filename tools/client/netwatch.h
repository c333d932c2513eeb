/* SPDX-License-Identifier: GPL-2.0 */
/* Watch the network of the host: native IPv6, IPv4 addresses, routes and links. Select the
 * events that matter, and wait until the network has settled.
 */
#ifndef TEREDO_TOOL_NETWATCH_H
#define TEREDO_TOOL_NETWATCH_H

#include "ipc/ipc.h"

/* Changes come in bursts. */
#define NETWATCH_SETTLE_MS	500
/* Native IPv6 counts as present, or gone, after this time without interruption (C-98). */
#define NETWATCH_NATIVE_MS	5000
#define NETWATCH_NATIVE_GONE_MS	30000

/* Shorter suspensions of the host do not matter. */
#define NETWATCH_RESUME_MS	2000

#define NETWATCH_LINKS_MAX	64

struct netwatch {
	uint64_t ipv4_at;	/* when to report a change; 0 for none */
	bool native;		/* as last reported */
	uint64_t native_at;	/* when to look again; 0 for never */
	uint64_t since;		/* when it changed from that; 0 if it has not */
	uint32_t table;		/* of the native default route */
	uint64_t suspended;	/* total since boot in ms, as last seen */
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
	NETWATCH_NATIVE,	/* native IPv6 has appeared: see w->via */
	NETWATCH_NATIVE_GONE,
};

/* Process an event. Link events of our own link, @self, are ignored. */
void netwatch_event(struct netwatch *w, const struct net_event *event,
		    uint32_t self, uint64_t now);

/* Take the total time of suspension of the host in ms. After a suspension, everything may
 * have changed.
 */
void netwatch_suspended(struct netwatch *w, uint64_t suspended, uint64_t now);

/* Return when to call netwatch_poll() again; UINT64_MAX: not until an event. */
uint64_t netwatch_deadline(const struct netwatch *w);

/* Call until it returns NETWATCH_NOTHING. */
enum netwatch_change netwatch_poll(struct netwatch *w, uint64_t now);

#endif /* TEREDO_TOOL_NETWATCH_H */
