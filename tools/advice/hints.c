// SPDX-License-Identifier: GPL-2.0
#include "advice/hints.h"

#include <errno.h>
#include <netdb.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "text/format.h"
#include "advice/holder.h"
#include "base/host.h"
#include "ipc/ipc.h"

/* A server not heard for so many refresh intervals is silent. */
#define SILENCE		2

/* For route look-ups only, while no server is known. Nothing is sent to it. */
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

/* Copy @text, with %s, if present, replaced by @name. */
static void fill_name(char *out, size_t size, const char *text,
		      const char *name)
{
	const char *at = strstr(text, "%s");
	int before = at ? at - text : (int)strlen(text);

	snprintf(out, size, "%.*s%s%s", before, text, at ? name : "",
		 at ? at + 2 : "");
}

#define NOT_OURS \
	"%s is not an address of this host: add it to a link, or set another `%s`"

/* Check that the addresses and the port that the link will need are available. */
static void find_socket(const struct device *dev, struct hints *out)
{
	const struct config *config = &dev->config;
	bool server = config->mode == TEREDO_MODE_SERVER;
	__be16 port = config->port || !server ? config->port :
						htons(TEREDO_PORT);
	__be32 addrs[2] = { config->local, server ? dev_server2(dev) : 0 };
	const char *holder;
	unsigned int i;

	/* The socket will be in another namespace, which this process cannot check. */
	if (DEV_HAS(dev, LINK_NETNSID))
		return;
	for (i = 0; i < 1U + server; i++) {
		holder = port ? holder_of(addrs[i], port) : NULL;
		if (!holder_may_have(addrs[i]))
			add(out, NOT_OURS, ipv4_text(addrs[i]),
			    i ? "server2" : "local");
		else if (holder)
			add(out, "UDP port %u of %s is in use by %.90s",
			    ntohs(port), addrs[i] ? ipv4_text(addrs[i]) :
			    "this host", holder);
	}
}

/* Check that the host routes the prefix of a relay to it. */
static void find_route(const struct device *dev, struct hints *out)
{
	struct in6_addr inside = dev->config.prefix;
	uint32_t ifindex;

	if (dev->state != TEREDO_STATE_ACTIVE)
		return;
	/* An unused Teredo address: a client of the server 203.0.113.1 */
	inside.s6_addr32[1] = htonl(ANYWHERE);
	if (ipc_link_towards(&inside, &ifindex) || ifindex == dev->ifindex)
		return;
	add(out, "no route to this link: run `ip -6 route add %s/%u dev %s`",
	    ipv6_text(&dev->config.prefix), dev->config.prefix_len,
	    dev->ifname);
}

static bool ipv6_is_off(const struct device *dev)
{
	return host_sysctl("net/ipv6/conf/%s/disable_ipv6", dev->ifname) == 1;
}

/* Hints for all modes */
static void find_common(const struct device *dev, struct hints *out)
{
	bool client = dev->config.mode == TEREDO_MODE_CLIENT;
	bool relay = dev->config.mode == TEREDO_MODE_RELAY ||
		     dev->config.relaying;
	bool routes = relay || dev->config.mode == TEREDO_MODE_SERVER;

	if (dev->state == TEREDO_STATE_DOWN) {
		find_socket(dev, out);
		add(out, "the link is down: run `%s %s`",
		    client ? "teredo-tool run" : "ip link set up dev",
		    dev->ifname);
	}
	if (access("/proc/net/if_inet6", F_OK))
		add(out, "this kernel has no IPv6, or was started with ipv6.disable=1");
	else if (ipv6_is_off(dev))
		add(out, "IPv6 is switched off: run `sysctl -w net.ipv6.conf.%s.disable_ipv6=0`",
		    dev->ifname);
	else if (relay || dev->config.mode == TEREDO_MODE_HOST_RELAY)
		find_route(dev, out);
	if (routes && !host_sysctl("net/ipv6/conf/%s/forwarding", "all"))
		add(out, "forwarding is off: run `sysctl -w net.ipv6.conf.all.forwarding=1`");
}

/* Hint that no controller is running. */
static void find_absence(const struct device *dev, struct hints *out)
{
	const char *name = dev->ifname;

	if (dev->state == TEREDO_STATE_DOWN || DEV_HAS(dev, CONTROLLER))
		return;
	if (dev->state == TEREDO_STATE_OFFLINE)
		add(out, "no controller, so nothing tries again: start `teredo-tool run %s`",
		    name);
	else if (DEV_HAS(dev, CONTROLLER_LEFT))
		add(out, "the controller left %s ago: start `teredo-tool run %s`",
		    format_age(dev->controller_left), name);
	else
		add(out, "no controller: start `teredo-tool run %s`", name);
}

/* What to do about a problem found by the controller. @reason is a part of its reason; %s in
 * @text is the name of the device.
 */
struct advice {
	const char *reason;
	const char *text;
};

#define SET_SERVER "run `teredo-tool set %s server HOST` "
#define SET_ADDRESS "run `teredo-tool set %s server` with an IPv4 address"

static const struct advice advices[] = {
	{ "is rejected on the way",
	  "a firewall rejects UDP to port 3544: allow it there, or use another network" },
	{ "rejects UDP port",
	  "no Teredo server is running there: " SET_SERVER "with another one" },
	{ "is not global",
	  "the server is behind our NAT as well: " SET_SERVER "with one outside it" },
	{ "not a public IPv4 address",
	  SET_SERVER "with one that is public" },
	{ "refuses the key",
	  "ask the operator of the server for a new key" },
	{ "does not know our id and key",
	  "the server may not know the `id` and key of %s, or something drops UDP to port 3544" },
	{ "not authenticated",
	  "the server does not sign: to accept that, run `teredo-tool set %s secure nonce`" },
	{ "passes nothing on",
	  SET_SERVER "with another one" },
};

/* The same for failed name resolution, whose reason has the text of gai_strerror(). */
static const struct {
	int error;
	const char *text;
} resolutions[] = {
	{ EAI_AGAIN, "the name service does not answer: see /etc/resolv.conf, or " SET_ADDRESS },
	{ EAI_FAIL, "the name service fails: see /etc/resolv.conf, or " SET_ADDRESS },
	{ EAI_NONAME, "there is no such name: " SET_SERVER "with another one" },
	{ EAI_NODATA, "the name has no IPv4 address: " SET_SERVER "with another one" },
};

/* Give the advice for the controller's reason. Returns false if there is none. */
static bool find_advice(const struct device *dev, struct hints *out)
{
	char text[sizeof(out->text[0])];
	const char *found = NULL;
	size_t i;

	for (i = 0; !found && i < sizeof(advices) / sizeof(advices[0]); i++)
		if (strstr(dev->reason, advices[i].reason))
			found = advices[i].text;
	for (i = 0; !found && i < sizeof(resolutions) / sizeof(resolutions[0]);
	     i++)
		if (strstr(dev->reason, gai_strerror(resolutions[i].error)))
			found = resolutions[i].text;
	if (!found)
		return false;
	fill_name(text, sizeof(text), found, dev->ifname);
	add(out, "%s", text);
	return true;
}

/* Find out why a client has no address. */
static void find_outage(const struct device *dev, struct hints *out)
{
	__be32 server = dev_server(dev), source;
	char first[256];
	struct link link, via;
	int err;

	/* If the socket is in another namespace, our routes say nothing about it. */
	err = DEV_HAS(dev, LINK_NETNSID) ? 0 :
	      host_source_address(server ? server : htonl(ANYWHERE), &source);
	if (err) {
		add(out, "no IPv4 route to %s: %s",
		    server ? ipv4_text(server) : "the Internet",
		    strerror(-err));
		return;
	}
	if (!ipc_link_get(dev->ifindex, &link) &&
	    ipc_native(dev->config.table ? dev->config.table :
			ipc_route_table(&link), &via) > 0) {
		add(out, "native IPv6, through %s: only `run --force` works beside it",
		    via.ifname);
		return;
	}
	/* Each of these is a sufficient explanation. */
	if (ipv6_is_off(dev) || find_advice(dev, out))
		return;
	if (dev->state != TEREDO_STATE_OFFLINE)
		return;
	if (dev->nat == TEREDO_NAT_SYMMETRIC) {
		add(out, "symmetric NAT: have it forward a UDP port, and set `port` to it");
		return;
	}
	/* Any other reason explains itself. */
	if (dev->reason[0] && !strstr(dev->reason, "no reply"))
		return;
	list_entry(format_server(dev), 0, first, sizeof(first));
	add(out, "if something drops UDP to port %u, `teredo-tool probe %.64s` fails, too",
	    TEREDO_PORT, first);
}

static void find_client(const struct device *dev, struct hints *out)
{
	if (!format_server(dev)[0]) {
		add(out, "no server: run `teredo-tool set %s server HOST`",
		    dev->ifname);
		return;
	}
	/* First what is wrong, then whether a controller is running. */
	if (dev->state == TEREDO_STATE_STARTING ||
	    dev->state == TEREDO_STATE_OFFLINE)
		find_outage(dev, out);
	find_absence(dev, out);
	if (dev->state == TEREDO_STATE_QUALIFIED && DEV_HAS(dev, SERVER_IDLE) &&
	    dev->server_idle / 1000 > SILENCE * dev_refresh(dev))
		add(out, "nothing heard from the server for %s: the NAT may have forgotten us",
		    format_age(dev->server_idle / 1000));
}

void hints_find(const struct device *dev, struct hints *out)
{
	out->count = 0;
	find_common(dev, out);
	if (dev->config.mode == TEREDO_MODE_CLIENT)
		find_client(dev, out);
}
