// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "format.h"
#include "host.h"
#include "ipc.h"
#include "json.h"
#include "names.h"
#include "subcommands.h"
#include "terminal.h"

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

static void print_dev_event(const struct device *dev)
{
	printf("%s %s: %s", time_now(), dev->ifname,
	       name_of(&state_names, dev->state));
	if (DEV_HAS(dev, ADDRESS))
		printf(", address %s", ipv6_text(&dev->address));
	if (dev->mapped.port)
		printf(", mapped %s, NAT %s", endpoint_text(&dev->mapped),
		       name_of(&nat_names, dev->nat));
	putchar('\n');
}

static void print_peer_event(const char *ifname, const struct peer *peer,
			     bool removed)
{
	printf("%s %s: peer %s %s", time_now(), ifname,
	       ipv6_text(&peer->address),
	       removed ? "removed" : name_of(&peer_state_names, peer->state));
	if (peer->mapped.port)
		printf(", at %s", endpoint_text(&peer->mapped));
	putchar('\n');
}

static void show_event(const struct ipc_event *event, void *arg)
{
	static const char *const kinds[] = {
		[IPC_EVENT_DEV] = "dev",
		[IPC_EVENT_PEER] = "peer",
		[IPC_EVENT_PEER_DEL] = "peer-del",
	};
	const char *only = arg;
	bool is_dev = event->type == IPC_EVENT_DEV;
	char name[IF_NAMESIZE];

	if (event->type == IPC_EVENT_LOST) {
		complain(NULL, "events were lost: there were too many at once");
		return;
	}
	if (is_dev)
		snprintf(name, sizeof(name), "%s", event->dev.ifname);
	else if (!if_indextoname(event->peer.ifindex, name))
		snprintf(name, sizeof(name), "if%u", event->peer.ifindex);
	if (only && strcmp(only, name))
		return;

	if (json_wanted) {
		json_open_object(NULL);
		json_string("event", kinds[event->type]);
		if (is_dev)
			format_dev_json(&event->dev);
		else
			format_peer_json(name, &event->peer);
		json_close_object();
	} else if (is_dev) {
		print_dev_event(&event->dev);
	} else {
		print_peer_event(name, &event->peer,
				 event->type == IPC_EVENT_PEER_DEL);
	}
}

int monitor_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	struct device dev;
	struct pollfd pfd;

	if (argc > 1)
		return usage_error("monitor takes one device at most");
	if (argc && take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (ipc_monitor_open(true))
		return request_failed(NULL);
	/* Waiting for a name that was misspelt would be long. */
	if (argc && ipc_dev_get(ifname, false, &dev))
		return request_failed(ifname);

	pfd.fd = ipc_monitor_fd();
	pfd.events = POLLIN;
	for (;;) {
		if (poll(&pfd, 1, -1) < 0 && errno != EINTR)
			break;
		ipc_monitor_read(show_event, argc ? ifname : NULL);
		/* Somebody may wait for each at the other end of a pipe. */
		if (fflush(stdout))
			break;
	}
	return STATUS_FAILED;
}
