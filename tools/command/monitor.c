// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "text/format.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "text/json.h"
#include "text/names.h"
#include "text/quote.h"
#include "command/subcommands.h"
#include "text/terminal.h"

static const char *time_now(void)
{
	static char text[32];
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	localtime_r(&ts.tv_sec, &tm);
	len = strftime(text, sizeof(text), "%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03ld",
		 ts.tv_nsec / 1000000);
	return text;
}

/* Print the time in UTC, as RFC 3339 defines. */
static void time_json(void)
{
	char text[40];
	struct timespec ts;
	struct tm tm;
	size_t len;

	clock_gettime(CLOCK_REALTIME, &ts);
	gmtime_r(&ts.tv_sec, &tm);
	len = strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, sizeof(text) - len, ".%03ldZ",
		 ts.tv_nsec / 1000000);
	json_string("time", text);
}

/* The last known state of each device. Devices are few. */
static struct device *known;
static size_t known_count;

static struct device *find_known(uint32_t ifindex)
{
	size_t i;

	for (i = 0; i < known_count; i++)
		if (known[i].ifindex == ifindex)
			return &known[i];
	return NULL;
}

static void remember(const struct device *dev, void *arg)
{
	struct device *old = find_known(dev->ifindex);

	(void)arg;
	if (!old) {
		/* Without memory, the next event looks like the first one. */
		old = realloc(known, (known_count + 1) * sizeof(*known));
		if (!old)
			return;
		known = old;
		old = &known[known_count++];
	}
	*old = *dev;
}

static void forget(uint32_t ifindex)
{
	struct device *old = find_known(ifindex);

	if (old)
		*old = known[--known_count];
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->addr == b->addr && a->port == b->port;
}

static bool same_status(const struct device *a, const struct device *b)
{
	return a->state == b->state && a->nat == b->nat &&
	       a->server == b->server && a->server2 == b->server2 &&
	       !memcmp(&a->address, &b->address, sizeof(a->address)) &&
	       same_endpoint(&a->mapped, &b->mapped) &&
	       !strcmp(a->reason, b->reason);
}

static bool same_controller(const struct device *a, const struct device *b)
{
	return a->controller == b->controller;
}

static void print_status(const struct device *dev)
{
	fputs(name_of(&state_names, dev->state), stdout);
	if (DEV_HAS(dev, ADDRESS))
		printf(", address %s", ipv6_text(&dev->address));
	if (dev->mapped.port)
		printf(", mapped %s", endpoint_text(&dev->mapped));
	if (dev->nat != TEREDO_NAT_UNKNOWN)
		printf(", NAT %s", name_of(&nat_names, dev->nat));
	if (dev->reason[0])
		printf(": %s", quote(dev->reason));
}

/* Print a line for each thing that has changed. */
static void print_dev_event(const struct device *dev, const struct device *was)
{
	const char *now = time_now(), *name = quote(dev->ifname);

	if (!was || !same_status(dev, was)) {
		printf("%s %s: ", now, name);
		print_status(dev);
		putchar('\n');
	}
	if (was && !same_controller(dev, was))
		printf("%s %s: controller %s\n", now, name,
		       !dev->controller ? "left" :
		       was->controller ? "replaced" : "attached");
	if (was && dev->mtu != was->mtu)
		printf("%s %s: MTU %u, was %u\n", now, name, dev->mtu,
		       was->mtu);
	if (was && strcmp(dev->ifname, was->ifname))
		printf("%s %s: was called %s\n", now, name,
		       quote(was->ifname));
	/* memcmp() works: both were read into zeroed memory. */
	if (was && memcmp(&dev->config, &was->config, sizeof(dev->config)))
		printf("%s %s: configured\n", now, name);
}

/* Print the keys of a device that have changed, with their old values. */
static void was_json(const struct device *dev, const struct device *was)
{
	if (!was) {
		json_string("was", NULL);
		return;
	}
	json_open_object("was");
	if (strcmp(dev->ifname, was->ifname))
		json_string("ifname", was->ifname);
	if (dev->state != was->state)
		json_string("state", name_of(&state_names, was->state));
	if (memcmp(&dev->address, &was->address, sizeof(dev->address)))
		json_address("address", AF_INET6, DEV_HAS(was, ADDRESS) ?
						  &was->address : NULL);
	if (!same_endpoint(&dev->mapped, &was->mapped))
		format_endpoint_json("mapped", &was->mapped);
	if (dev->nat != was->nat)
		json_string("nat", name_of(&nat_names, was->nat));
	if (dev->server != was->server)
		json_address("server", AF_INET,
			     was->server ? &was->server : NULL);
	if (dev->server2 != was->server2)
		json_address("server2", AF_INET,
			     was->server2 ? &was->server2 : NULL);
	if (strcmp(dev->reason, was->reason))
		json_string("reason", was->reason[0] ? was->reason : NULL);
	if (dev->mtu != was->mtu)
		json_number("mtu", was->mtu);
	if (!same_controller(dev, was))
		json_bool("controller", was->controller);
	json_close_object();
}

static void print_peer_event(const char *ifname, const struct peer *peer,
			     bool removed)
{
	printf("%s %s: peer %s %s", time_now(), quote(ifname),
	       ipv6_text(&peer->address),
	       removed ? "removed" : name_of(&peer_state_names, peer->state));
	if (peer->mapped.port)
		printf(", at %s", endpoint_text(&peer->mapped));
	if (PEER_HAS(peer, CAUSE))
		printf(" (%s)", name_of(&peer_cause_names, peer->cause));
	if (removed || peer->state == TEREDO_PEER_STATE_UNREACHABLE) {
		fputs(": ", stdout);
		if (peer->bubbles)
			printf("%u bubble%s without an answer, ",
			       peer->bubbles, peer->bubbles > 1 ? "s" : "");
		if (PEER_HAS(peer, IDLE_RX))
			printf("heard %s ago",
			       format_idle(true, peer->idle_rx));
		else
			fputs("never heard", stdout);
	}
	putchar('\n');
}

static void show_peer_json(const char *ifname, const struct peer *peer)
{
	format_peer_json(ifname, peer);
	json_string("cause", PEER_HAS(peer, CAUSE) ?
			     name_of(&peer_cause_names, peer->cause) : NULL);
}

static void show_dev_event(const struct ipc_event *event)
{
	const struct device *was = find_known(event->dev.ifindex);

	if (json_wanted) {
		format_dev_json(&event->dev);
		was_json(&event->dev, was);
	} else if (event->type == IPC_EVENT_DEV_DEL) {
		printf("%s %s: gone, deleted or moved to another namespace\n",
		       time_now(), quote(event->dev.ifname));
	} else {
		print_dev_event(&event->dev, was);
	}
	if (event->type == IPC_EVENT_DEV_DEL)
		forget(event->dev.ifindex);
	else
		remember(&event->dev, NULL);
}

/* The device to watch, or all if the name is empty. It is followed when it is renamed, and
 * also when it is deleted and created again with the same name.
 */
struct watched {
	char ifname[IF_NAMESIZE];
	uint32_t ifindex;
};

static bool is_watched(struct watched *watched, uint32_t ifindex,
		       const char *ifname)
{
	if (!watched->ifname[0] || watched->ifindex == ifindex)
		return true;
	if (strcmp(watched->ifname, ifname))
		return false;
	watched->ifindex = ifindex;
	return true;
}

static void open_event(const char *kind)
{
	json_open_object(NULL);
	time_json();
	json_string("event", kind);
}

static void show_event(const struct ipc_event *event, void *arg)
{
	static const char *const kinds[] = {
		[IPC_EVENT_DEV] = "dev",
		[IPC_EVENT_DEV_DEL] = "dev-del",
		[IPC_EVENT_PEER] = "peer",
		[IPC_EVENT_PEER_DEL] = "peer-del",
		[IPC_EVENT_LOST] = "lost",
	};
	bool is_dev = event->type == IPC_EVENT_DEV ||
		      event->type == IPC_EVENT_DEV_DEL;
	char name[IF_NAMESIZE];

	if (event->type == IPC_EVENT_LOST) {
		complain(NULL, "too many events at once, some were lost: see show peers");
		if (json_wanted) {
			open_event(kinds[event->type]);
			json_close_object();
		}
		return;
	}
	if (is_dev)
		snprintf(name, sizeof(name), "%s", event->dev.ifname);
	else if (!if_indextoname(event->peer.ifindex, name))
		snprintf(name, sizeof(name), "if%u", event->peer.ifindex);
	if (!is_watched(arg, is_dev ? event->dev.ifindex :
				      event->peer.ifindex, name))
		return;

	if (json_wanted)
		open_event(kinds[event->type]);
	if (is_dev)
		show_dev_event(event);
	else if (json_wanted)
		show_peer_json(name, &event->peer);
	else
		print_peer_event(name, &event->peer,
				 event->type == IPC_EVENT_PEER_DEL);
	if (json_wanted)
		json_close_object();
}

int monitor_main(int argc, char **argv)
{
	struct watched watched = { 0 };
	struct device dev;
	struct pollfd pfd;

	if (argc && take_ifname(argv[0], watched.ifname))
		return STATUS_USAGE;
	if (ipc_monitor_open(true))
		return request_failed(NULL);
	/* A misspelt name would never have events. */
	if (argc && ipc_dev_get(watched.ifname, false, &dev))
		return request_failed(watched.ifname);
	if (ipc_dev_dump(false, remember, NULL))
		return request_failed(NULL);

	pfd.fd = ipc_monitor_fd();
	pfd.events = POLLIN;
	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR) {
			complain(NULL, "no more events: %s", strerror(errno));
			return STATUS_FAILED;
		}
		ipc_monitor_read(show_event, &watched);
		/* A reader at the other end of a pipe may wait for each event. */
		if (fflush(stdout))
			return output_failed("cannot write the output");
	}
}
