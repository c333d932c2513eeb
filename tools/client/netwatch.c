// SPDX-License-Identifier: GPL-2.0
#include "client/netwatch.h"

/* Return true if the link gained or lost its carrier. The state before the first event of
 * a link is unknown: that event counts only if there is no carrier.
 */
static bool carrier_changed(struct netwatch *w, const struct link *link)
{
	bool running = link->flags & IFF_RUNNING;
	unsigned int i;

	for (i = 0; i < w->links_count; i++) {
		if (w->links[i].ifindex != link->ifindex)
			continue;
		if (w->links[i].running == running)
			return false;
		w->links[i].running = running;
		return true;
	}
	if (w->links_count < NETWATCH_LINKS_MAX) {
		w->links[w->links_count].ifindex = link->ifindex;
		w->links[w->links_count++].running = running;
	}
	return !running;
}

static void forget_link(struct netwatch *w, uint32_t ifindex)
{
	unsigned int i;

	for (i = 0; i < w->links_count; i++) {
		if (w->links[i].ifindex == ifindex) {
			w->links[i] = w->links[--w->links_count];
			break;
		}
	}
}

void netwatch_event(struct netwatch *w, const struct net_event *event,
		    uint32_t self, uint64_t now)
{
	bool ipv4 = false;

	switch (event->type) {
	case NET_EVENT_LINK:
		ipv4 = event->link.ifindex != self &&
		       !(event->link.flags & IFF_LOOPBACK) &&
		       carrier_changed(w, &event->link);
		break;
	case NET_EVENT_LINK_GONE:
		/* Its addresses and routes have events of their own. */
		forget_link(w, event->link.ifindex);
		break;
	case NET_EVENT_IPV4:
		ipv4 = true;
		break;
	case NET_EVENT_LOST:
		/* Any event may have been lost, so assume both kinds of change. */
		ipv4 = true;
		/* fall through */
	case NET_EVENT_IPV6:
		/* Look once for a whole burst, and not later than planned already. */
		if (!w->native_at || w->native_at > now + NETWATCH_SETTLE_MS)
			w->native_at = now + NETWATCH_SETTLE_MS;
		break;
	}
	if (ipv4)
		w->ipv4_at = now + NETWATCH_SETTLE_MS;
}

uint64_t netwatch_deadline(const struct netwatch *w)
{
	uint64_t at = UINT64_MAX;

	if (w->ipv4_at)
		at = w->ipv4_at;
	if (w->native_at && w->native_at < at)
		at = w->native_at;
	return at;
}

void netwatch_suspended(struct netwatch *w, uint64_t suspended, uint64_t now)
{
	if (suspended > w->suspended + NETWATCH_RESUME_MS) {
		w->ipv4_at = now;
		w->native_at = now;
	}
	w->suspended = suspended;
}

/* Look for native IPv6. Returns true if it has appeared or disappeared, and has stayed so
 * for long enough.
 */
static bool look_for_native(struct netwatch *w, uint64_t now)
{
	uint64_t patience = w->native ? NETWATCH_NATIVE_GONE_MS :
					NETWATCH_NATIVE_MS;
	struct link via;
	int native = ipc_native(w->table, &via);

	w->native_at = 0;
	if (native < 0) {
		w->native_at = now + NETWATCH_NATIVE_MS;
		return false;
	}
	if (native == w->native) {
		w->since = 0;
		return false;
	}
	if (!w->since)
		w->since = now;
	if (now < w->since + patience) {
		w->native_at = w->since + patience;
		return false;
	}
	w->since = 0;
	w->native = native;
	w->via = via;
	return true;
}

enum netwatch_change netwatch_poll(struct netwatch *w, uint64_t now)
{
	if (w->native_at && now >= w->native_at && look_for_native(w, now))
		return w->native ? NETWATCH_NATIVE : NETWATCH_NATIVE_GONE;
	if (w->ipv4_at && now >= w->ipv4_at) {
		w->ipv4_at = 0;
		return NETWATCH_IPV4;
	}
	return NETWATCH_NOTHING;
}
