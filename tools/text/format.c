// SPDX-License-Identifier: GPL-2.0
#include "text/format.h"

#include <stdio.h>
#include <sys/socket.h>
#include "base/host.h"
#include "text/json.h"
#include "text/names.h"

__be32 dev_server(const struct device *dev)
{
	if (dev->config.mode != TEREDO_MODE_CLIENT)
		return 0;
	return dev->server ? dev->server : dev->config.server;
}

__be32 dev_server2(const struct device *dev)
{
	__be32 primary = dev_server(dev);

	if (dev->config.mode == TEREDO_MODE_SERVER)
		primary = dev->config.local;
	if (dev->server2)
		return dev->server2;
	if (dev->config.server2 || !primary)
		return dev->config.server2;
	return htonl(ntohl(primary) + 1);
}

uint32_t dev_refresh(const struct device *dev)
{
	return DEV_HAS(dev, LEARNED_REFRESH) ? dev->learned_refresh :
					       dev->config.refresh;
}

const char *format_server(const struct device *dev)
{
	if (dev->config.server_name[0])
		return dev->config.server_name;
	return dev->config.server ? ipv4_text(dev->config.server) : "";
}

const char *format_idle(bool has, uint32_t ms)
{
	static char buffers[4][24];
	static unsigned int n;
	char *text = buffers[n++ % 4];

	if (!has)
		return "never";
	if (ms < 60000)
		snprintf(text, sizeof(buffers[0]), "%u.%u s", ms / 1000,
			 ms % 1000 / 100);
	else
		snprintf(text, sizeof(buffers[0]), "%u min", ms / 60000);
	return text;
}

/* Print a number, or null. */
static void number_json(const char *key, bool has, uint32_t value)
{
	if (has)
		json_number(key, value);
	else
		json_string(key, NULL);
}

const char *format_age(uint32_t seconds)
{
	static const struct {
		uint32_t limit, unit;
		const char *name;
	} units[] = {
		{ 120, 1, "s" }, { 7200, 60, "min" }, { 172800, 3600, "h" },
		{ UINT32_MAX, 86400, "days" },
	};
	static char text[24];
	unsigned int i = 0;

	while (seconds >= units[i].limit && units[i].limit != UINT32_MAX)
		i++;
	snprintf(text, sizeof(text), "%u %s", seconds / units[i].unit,
		 units[i].name);
	return text;
}

static void ipv4_json(const char *key, __be32 addr)
{
	json_address(key, AF_INET, addr ? &addr : NULL);
}

void format_endpoint_json(const char *key, const struct endpoint *endpoint)
{
	if (!endpoint->port) {
		json_string(key, NULL);
		return;
	}
	json_open_object(key);
	json_address("address", AF_INET, &endpoint->addr);
	json_number("port", ntohs(endpoint->port));
	json_close_object();
}

void format_dev_json(const struct device *dev)
{
	const struct config *config = &dev->config;
	__be32 local = dev->local ? dev->local : config->local;
	__be16 port = dev->port ? dev->port : config->port;
	char prefix[INET6_ADDRSTRLEN + 4];

	json_string("ifname", dev->ifname);
	json_number("ifindex", dev->ifindex);
	json_string("mode", name_of(&mode_names, config->mode));
	json_string("state", name_of(&state_names, dev->state));
	json_string("reason", dev->reason[0] ? dev->reason : NULL);
	number_json("state_age", DEV_HAS(dev, STATE_AGE), dev->state_age);
	json_address("address", AF_INET6,
		     DEV_HAS(dev, ADDRESS) ? &dev->address : NULL);
	format_endpoint_json("mapped", &dev->mapped);
	json_string("nat", name_of(&nat_names, dev->nat));
	ipv4_json("server", dev_server(dev));
	ipv4_json("server2", dev_server2(dev));
	json_string("server_name", config->server_name[0] ?
				   config->server_name : NULL);
	/* 0.0.0.0, any address, is a valid value here, not a missing one. */
	json_address("local", AF_INET, &local);
	json_number("port", ntohs(port));
	snprintf(prefix, sizeof(prefix), "%s/%u", ipv6_text(&config->prefix),
		 config->prefix_len);
	json_string("prefix", prefix);
	json_number("mtu", dev->mtu);
	number_json("mtu_configured", DEV_HAS(dev, MTU_CONFIGURED),
		    dev->mtu_configured);
	json_number("refresh", dev_refresh(dev));
	json_bool("refresh_learned", DEV_HAS(dev, LEARNED_REFRESH));
	json_number("queue", config->queue);
	json_number("ttl", config->ttl);
	json_number("mark", config->mark);
	json_number("table", config->table);
	json_number("metric", config->metric);
	json_bool("discovery", config->discovery);
	json_bool("relaying", config->relaying);
	json_string("df", name_of(&df_names, config->df));
	json_string("secure", name_of(&secure_names, config->secure));
	json_string("id", config->id[0] ? config->id : NULL);
	if (DEV_HAS(dev, LINK_NETNSID))
		json_number("link_netnsid", dev->link_netnsid);
	else
		json_string("link_netnsid", NULL);
	json_number("peers", dev->peers);
	json_number("peers_max", config->peers_max);
	json_bool("controller", DEV_HAS(dev, CONTROLLER));
	number_json("controller_left", DEV_HAS(dev, CONTROLLER_LEFT),
		    dev->controller_left);
	number_json("server_idle_ms", DEV_HAS(dev, SERVER_IDLE),
		    dev->server_idle);
	number_json("server_sent_ms", DEV_HAS(dev, SERVER_SENT),
		    dev->server_sent);
}

void format_peer_json(const char *ifname, const struct peer *peer)
{
	json_string("ifname", ifname);
	/* The former name of "ifname"; kept for compatibility. */
	json_string("dev", ifname);
	json_number("ifindex", peer->ifindex);
	json_address("address", AF_INET6, &peer->address);
	format_endpoint_json("mapped", &peer->mapped);
	json_string("state", name_of(&peer_state_names, peer->state));
	json_string("kind", name_of(&peer_kind_names, peer->kind));
	json_string("path", name_of(&peer_path_names, peer->path));
	number_json("idle_rx_ms", PEER_HAS(peer, IDLE_RX), peer->idle_rx);
	number_json("idle_tx_ms", PEER_HAS(peer, IDLE_TX), peer->idle_tx);
	json_number("queued", peer->queued);
	json_number("bubbles", peer->bubbles);
	json_bool("permanent", PEER_HAS(peer, PERMANENT));
}
