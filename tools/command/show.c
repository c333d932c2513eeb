// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>

#include "command/command.h"
#include "text/conf.h"
#include "text/format.h"
#include "advice/hints.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "text/json.h"
#include "text/names.h"
#include "text/quote.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* -- devices -- */

static void row(const char *label)
{
	printf("  %-11s ", label);
}

static void print_client(const struct device *dev)
{
	bool qualified = dev->state == TEREDO_STATE_QUALIFIED;
	const char *name = dev->config.server_name;
	__be32 server = dev_server(dev);

	if (DEV_HAS(dev, ADDRESS)) {
		row("address");
		printf("%s%s%s\n", color(COLOR_BOLD), ipv6_text(&dev->address),
		       color(COLOR_NORMAL));
	}
	if (dev->mapped.port) {
		row("mapped");
		printf("%s\n", endpoint_text(&dev->mapped));
	}
	if (qualified || dev->nat != TEREDO_NAT_UNKNOWN) {
		row("NAT");
		printf("%s\n", name_of(&nat_names, dev->nat));
	}
	if (server || name[0]) {
		row("server");
		if (server)
			printf("%s, %s", ipv4_text(server),
			       ipv4_text(dev_server2(dev)));
		if (name[0] && (!server || strcmp(name, ipv4_text(server))))
			printf(server ? " (%s)" : "%s", quote(name));
		if (DEV_HAS(dev, SERVER_IDLE))
			printf(", heard %s ago",
			       format_idle(true, dev->server_idle));
		else if (dev->state == TEREDO_STATE_STARTING)
			printf(", not heard yet");
		if (DEV_HAS(dev, SERVER_SENT))
			printf(", sent to %s ago",
			       format_idle(true, dev->server_sent));
		putchar('\n');
	}
	if (dev->config.id[0]) {
		row("identity");
		printf("%s%s\n", quote(dev->config.id),
		       dev->config.secure == TEREDO_SECURE_NONCE ?
		       " (not used: secure nonce)" : "");
	}
	row("controller");
	if (DEV_HAS(dev, CONTROLLER_LEFT))
		printf("none, left %s ago\n", format_age(dev->controller_left));
	else
		puts(DEV_HAS(dev, CONTROLLER) ? "running" : "none");
}

/* Print an empty line between devices. */
static void separate(void)
{
	static bool shown;

	if (shown)
		putchar('\n');
	shown = true;
}

static void print_dev(const struct device *dev, const char *until)
{
	const struct config *config = &dev->config;
	bool works = dev->state == TEREDO_STATE_QUALIFIED ||
		     dev->state == TEREDO_STATE_ACTIVE;
	__be32 local = dev->local ? dev->local : config->local;
	__be16 port = dev->port ? dev->port : config->port;

	separate();
	printf("%s%s%s: %s%s, %s%s%s", color(COLOR_BOLD), quote(dev->ifname),
	       color(COLOR_NORMAL), name_of(&mode_names, config->mode),
	       config->relaying ? " and relay" : "",
	       color(works ? COLOR_GOOD : COLOR_BAD),
	       name_of(&state_names, dev->state), color(COLOR_NORMAL));
	if (DEV_HAS(dev, STATE_AGE))
		printf(" for %s", format_age(dev->state_age));
	putchar('\n');
	if (dev->reason[0]) {
		row("reason");
		puts(quote(dev->reason));
	}
	if (config->mode == TEREDO_MODE_CLIENT)
		print_client(dev);
	if (config->mode == TEREDO_MODE_SERVER) {
		row("addresses");
		printf("%s, %s\n", ipv4_text(config->local),
		       ipv4_text(dev_server2(dev)));
		row("secure");
		puts(name_of(&secure_names, config->secure));
	}
	row("service");
	printf("%s, port ", local ? ipv4_text(local) : "any address");
	if (port)
		printf("%u", ntohs(port));
	else if (config->mode == TEREDO_MODE_SERVER)
		printf("%u", TEREDO_PORT);
	else
		printf("chosen when set up");
	printf(", MTU %u%s", dev->mtu,
	       config->df == TEREDO_DF_SET ? " with DF" : "");
	if (DEV_HAS(dev, MTU_CONFIGURED))
		printf(" (%u configured, lowered by the server)", dev->mtu_configured);
	if (config->mode == TEREDO_MODE_CLIENT)
		printf(", refresh %u s%s", dev_refresh(dev),
		       DEV_HAS(dev, LEARNED_REFRESH) ? " (learned)" : "");
	if (DEV_HAS(dev, LINK_NETNSID))
		printf(", in namespace %d", dev->link_netnsid);
	putchar('\n');
	if (config->table || config->metric) {
		row("routes");
		if (config->table)
			printf("table %u%s", config->table,
			       config->metric ? ", " : "\n");
		if (config->metric)
			printf("metric %u\n", config->metric);
	}
	row("prefix");
	printf("%s/%u\n", ipv6_text(&config->prefix), config->prefix_len);
	if (until[0]) {
		row("until");
		puts(until);
	}
	if (config->mode != TEREDO_MODE_SERVER || config->relaying) {
		row("peers");
		printf("%u of at most %u%s\n", dev->peers, config->peers_max,
		       config->discovery ? ", local discovery on" : "");
	}
}

static void show_dev(const struct device *dev, void *arg)
{
	const char *until = conf_until(dev->ifname, NULL);
	struct hints hints;
	unsigned int i;

	(void)arg;
	hints_find(dev, &hints);
	if (!json_wanted) {
		print_dev(dev, until);
		for (i = 0; i < hints.count; i++) {
			row("hint");
			printf("%s%s%s\n", color(COLOR_BAD),
			       quote(hints.text[i]), color(COLOR_NORMAL));
		}
		return;
	}
	json_open_object(NULL);
	format_dev_json(dev);
	json_string("until", until[0] ? until : NULL);
	json_open_list("hints");
	for (i = 0; i < hints.count; i++)
		json_string(NULL, hints.text[i]);
	json_close_list();
	json_close_object();
}

/* -- counters -- */

static void print_stats(const struct device *dev)
{
	unsigned int i, shown = 0;

	separate();
	printf("%s%s%s:\n", color(COLOR_BOLD), quote(dev->ifname),
	       color(COLOR_NORMAL));
	for (i = 0; i < stats_names.count; i++) {
		if (!stats_names.name[i] || !dev->stats[i])
			continue;
		printf("  %-20s %" PRIu64 "\n", stats_names.name[i],
		       dev->stats[i]);
		shown++;
	}
	puts(shown ? "  all others are 0" : "  all counters are 0");
}

static void show_stats(const struct device *dev, void *arg)
{
	unsigned int i;

	(void)arg;
	if (!json_wanted) {
		print_stats(dev);
		return;
	}
	json_open_object(NULL);
	json_string("ifname", dev->ifname);
	for (i = 0; i < stats_names.count; i++)
		if (stats_names.name[i] && dev->stats_has & 1ULL << i)
			json_number(stats_names.name[i], dev->stats[i]);
	json_close_object();
}

/* Show one device or all, with or without counters. */
static int show_devs(int argc, char **argv, bool with_stats)
{
	void (*show)(const struct device *dev, void *arg) =
		with_stats ? show_stats : show_dev;
	char ifname[IF_NAMESIZE];
	struct device dev;
	int err;

	if (argc && take_ifname(argv[0], ifname))
		return STATUS_USAGE;

	if (json_wanted)
		json_open_list(NULL);
	if (argc) {
		err = ipc_dev_get(ifname, with_stats, &dev);
		if (!err)
			show(&dev, NULL);
	} else {
		err = ipc_dev_dump(with_stats, show, NULL);
	}
	if (json_wanted)
		json_close_list();
	return err ? request_failed(argc ? ifname : NULL) : STATUS_DONE;
}

/* -- peers -- */

struct peer_filter {
	char ifname[IF_NAMESIZE];	/* "" for all */
	int state;			/* negative for all */
	bool has_addr;
	struct in6_addr addr;
	bool heading;			/* already printed */
	int status;
	/* The device that the last peer belonged to. */
	uint32_t ifindex;
	char name[IF_NAMESIZE];
};

static void print_peer(struct peer_filter *filter, const struct peer *peer)
{
	if (!filter->heading)
		printf("%-10s %-39s %-21s %-11s %-6s %-8s %8s %8s %6s %7s\n",
		       "DEV", "ADDRESS", "MAPPED", "STATE", "KIND", "PATH",
		       "RX", "TX", "QUEUED", "BUBBLES");
	filter->heading = true;
	printf("%-10s %-39s %-21s %-11s %-6s %-8s %8s %8s %6u %7u%s\n",
	       quote(filter->name), ipv6_text(&peer->address),
	       peer->mapped.port ? endpoint_text(&peer->mapped) : "-",
	       name_of(&peer_state_names, peer->state),
	       name_of(&peer_kind_names, peer->kind),
	       name_of(&peer_path_names, peer->path),
	       format_idle(PEER_HAS(peer, IDLE_RX), peer->idle_rx),
	       format_idle(PEER_HAS(peer, IDLE_TX), peer->idle_tx),
	       peer->queued, peer->bubbles,
	       PEER_HAS(peer, PERMANENT) ? " permanent" : "");
}

static void show_peer(const struct peer *peer, void *arg)
{
	struct peer_filter *filter = arg;

	if (peer->ifindex != filter->ifindex || !filter->name[0]) {
		filter->ifindex = peer->ifindex;
		if (!if_indextoname(peer->ifindex, filter->name))
			snprintf(filter->name, sizeof(filter->name), "if%u",
				 peer->ifindex);
	}
	if (!json_wanted) {
		print_peer(filter, peer);
		return;
	}
	json_open_object(NULL);
	format_peer_json(filter->name, peer);
	json_close_object();
}

/* Show the peer with an address, on one device. */
static int show_one_peer(struct peer_filter *filter, const char *ifname)
{
	struct peer peer;
	int err;

	err = ipc_peer_get(ifname, &filter->addr, &peer);
	if (!err && (filter->state < 0 || peer.state == filter->state))
		show_peer(&peer, filter);
	return err;
}

static void show_one_peer_of(const struct device *dev, void *arg)
{
	struct peer_filter *filter = arg;
	int err = show_one_peer(filter, dev->ifname);

	/* Another device may have the peer, or this device is gone meanwhile. */
	if (err && err != -ENOENT && err != -ENODEV)
		filter->status = request_failed(dev->ifname);
}

static int take_peer_filter(int argc, char **argv, struct peer_filter *filter)
{
	int i;

	filter->state = -1;
	for (i = 0; i < argc; i++) {
		if (!strcmp(argv[i], "state")) {
			if (++i == argc)
				return usage_error("state needs a name: %s",
						   names_list(&peer_state_names));
			if (filter->state >= 0)
				return usage_error("state is given twice");
			filter->state = name_find(&peer_state_names, argv[i]);
			if (filter->state < 0)
				return usage_error("\"%s\" is not a state of a peer; expected %s",
						   argv[i],
						   names_list(&peer_state_names));
		} else if (strchr(argv[i], ':')) {
			if (filter->has_addr)
				return misuse("\"%s\" is one address too many",
					      argv[i]);
			if (inet_pton(AF_INET6, argv[i], &filter->addr) != 1)
				return usage_error("\"%s\" is not an IPv6 address",
						   argv[i]);
			filter->has_addr = true;
		} else if (filter->ifname[0]) {
			return misuse("\"%s\" is one word too many", argv[i]);
		} else if (take_ifname(argv[i], filter->ifname)) {
			return STATUS_USAGE;
		}
	}
	return 0;
}

int show_peers_main(int argc, char **argv)
{
	struct peer_filter filter = { .status = STATUS_DONE };
	const char *ifname;
	bool consistent = true;
	int err;

	if (take_peer_filter(argc, argv, &filter))
		return STATUS_USAGE;
	ifname = filter.ifname[0] ? filter.ifname : NULL;

	if (json_wanted)
		json_open_list(NULL);
	if (!filter.has_addr)
		err = ipc_peer_dump(ifname, filter.state, show_peer, &filter,
				    &consistent);
	else if (ifname)
		err = show_one_peer(&filter, ifname);
	else
		err = ipc_dev_dump(false, show_one_peer_of, &filter);
	if (json_wanted)
		json_close_list();
	if (!consistent)
		complain(ifname, "the peers changed meanwhile: some may be missing, or twice");
	return err ? request_failed(ifname) : filter.status;
}

int show_main(int argc, char **argv)
{
	return show_devs(argc, argv, false);
}

int show_stats_main(int argc, char **argv)
{
	return show_devs(argc, argv, true);
}
