// SPDX-License-Identifier: GPL-2.0
#include "hints.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

#include "format.h"
#include "host.h"
#include "ipc.h"

/* A server that was not heard for so many refresh intervals is silent. */
#define SILENCE		2

/* Asked for a route, never sent to, where no server is known yet. */
#define ANYWHERE	0xcb007101U	/* 203.0.113.1 */

static void add(struct hints *out, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void add(struct hints *out, const char *format, ...)
{
	va_list args;

	if (out->count == HINTS_MAX)
		return;
	va_start(args, format);
	vsnprintf(out->text[out->count++], sizeof(out->text[0]), format, args);
	va_end(args);
}

/* For all roles. */
static void find_common(const struct device *dev, struct hints *out)
{
	bool client = dev->config.mode == TEREDO_MODE_CLIENT;
	bool routes = dev->config.mode == TEREDO_MODE_RELAY ||
		      dev->config.mode == TEREDO_MODE_SERVER;

	if (dev->state == TEREDO_STATE_DOWN)
		add(out, "the link is down: say `%s %s`",
		    client ? "teredo-tool run" : "ip link set up dev",
		    dev->ifname);
	if (host_sysctl("net/ipv6/conf/%s/disable_ipv6", dev->ifname) == 1)
		add(out, "IPv6 is switched off: say `sysctl -w net.ipv6.conf.%s.disable_ipv6=0`",
		    dev->ifname);
	if (routes && !host_sysctl("net/ipv6/conf/%s/forwarding", "all"))
		add(out, "no forwarding: say `sysctl -w net.ipv6.conf.all.forwarding=1`");
}

/* Nobody keeps the address up. */
static void find_absence(const struct device *dev, struct hints *out)
{
	const char *name = dev->ifname;

	if (dev->state == TEREDO_STATE_DOWN || DEV_HAS(dev, CONTROLLER))
		return;
	if (DEV_HAS(dev, CONTROLLER_LEFT))
		add(out, "the controller left %s ago: start `teredo-tool run %s`",
		    format_age(dev->controller_left), name);
	else
		add(out, "no controller: start `teredo-tool run %s`", name);
}

/* Why a client may have no address. */
static void find_outage(const struct device *dev, struct hints *out)
{
	__be32 server = dev_server(dev), source;
	char first[256];
	struct link via;
	int err;

	/* The socket may be in another namespace, which has other routes. */
	err = DEV_HAS(dev, LINK_NETNSID) ? 0 :
	      host_source_address(server ? server : htonl(ANYWHERE), &source);
	if (err) {
		add(out, "no IPv4 route to %s: %s",
		    server ? ipv4_text(server) : "the Internet",
		    strerror(-err));
		return;
	}
	if (ipc_native(&via) > 0) {
		add(out, "native IPv6, by %s: beside it, only `run --force` works",
		    via.ifname);
		return;
	}
	if (dev->state != TEREDO_STATE_OFFLINE)
		return;
	if (dev->nat == TEREDO_NAT_SYMMETRIC) {
		add(out, "symmetric NAT: have it forward a UDP port, and set `port` to it");
		return;
	}
	list_entry(format_server(dev), 0, first, sizeof(first));
	add(out, "if something drops UDP to port %u, `teredo-tool probe %.64s` fails, too",
	    TEREDO_PORT, first);
}

static void find_client(const struct device *dev, struct hints *out)
{
	if (!format_server(dev)[0]) {
		add(out, "no server: say `teredo-tool set %s server HOST`",
		    dev->ifname);
		return;
	}
	find_absence(dev, out);
	if (dev->state == TEREDO_STATE_STARTING ||
	    dev->state == TEREDO_STATE_OFFLINE)
		find_outage(dev, out);
	if (dev->state == TEREDO_STATE_QUALIFIED && DEV_HAS(dev, SERVER_IDLE) &&
	    dev->server_idle / 1000 > SILENCE * dev_refresh(dev))
		add(out, "the server was not heard for %s: the NAT may have forgotten us",
		    format_age(dev->server_idle / 1000));
}

void hints_find(const struct device *dev, struct hints *out)
{
	out->count = 0;
	find_common(dev, out);
	if (dev->config.mode == TEREDO_MODE_CLIENT)
		find_client(dev, out);
}
