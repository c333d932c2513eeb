// SPDX-License-Identifier: GPL-2.0
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include "names.h"

#define OPTION(n, v, h, t, a, ...) \
	{ .name = n, .value = v, .help = h, .type = OPTION_##t, \
	  .attr = TEREDO_A_CONFIG_##a, __VA_ARGS__ }
#define RANGE(lo, hi)	.min = lo, .max = hi

const struct option_def options[OPTIONS_COUNT] = {
	OPTION("mode", "client|relay|host-relay|server|mn|gateway",
	       "role of the device (client)",
	       NAME, MODE, .names = &mode_names),
	OPTION("server", "HOST[,HOST...]",
	       "client: servers in order of preference",
	       SERVERS, SERVER),
	OPTION("server2", "IPV4",
	       "secondary address of the server (primary + 1)",
	       IPV4, SERVER2),
	OPTION("local", "IPV4",
	       "service address (any); a server needs one",
	       IPV4, LOCAL),
	OPTION("port", "N",
	       "service port (server: 3544, else random)",
	       PORT, PORT, RANGE(0, UINT16_MAX)),
	OPTION("prefix", "PREFIX",
	       "service prefix (2001::/32)",
	       PREFIX, PREFIX),
	OPTION("refresh", "SECONDS",
	       "client: refresh interval (30)",
	       U32, REFRESH, RANGE(1, 3600)),
	OPTION("peers-max", "N",
	       "most peers that are remembered (1048576)",
	       U32, PEERS_MAX, RANGE(1, 16777216)),
	OPTION("queue", "N",
	       "most packets that wait for one peer (32)",
	       U32, QUEUE, RANGE(0, 1024)),
	OPTION("ttl", "N",
	       "TTL of outer packets (0: the network's own)",
	       U8, TTL, RANGE(0, UINT8_MAX)),
	OPTION("mark", "N",
	       "firewall mark of outer packets (0)",
	       U32, MARK, RANGE(0, UINT32_MAX)),
	OPTION("discovery", "on|off",
	       "client: find others on the same IPv4 link (off)",
	       ONOFF, DISCOVERY),
	OPTION("secure", "off|nonce|required",
	       "secure qualification (off)",
	       NAME, SECURE, .names = &secure_names),
	OPTION("relaying", "on|off",
	       "server: also be a relay (off)",
	       ONOFF, RELAYING),
	OPTION("fallback", "on|off",
	       "server: carry data of pairs without a direct path (off)",
	       ONOFF, FALLBACK),
	OPTION("gateway", "IPV4[:PORT]",
	       "mn: the gateway",
	       GATEWAY, GATEWAY),
	OPTION("id", "NAME",
	       "client: identifier for secure qualification",
	       STRING, ID),
	OPTION("df", "unset|set",
	       "DF on outer packets: find the path MTU (unset)",
	       NAME, DF, .names = &df_names),
};

/* Where an attribute lives in struct config. Strings travel with their final
 * zero.
 */
struct field {
	size_t offset;
	size_t size;
	bool string;
};

#define FIELD(attr, member) \
	[TEREDO_A_CONFIG_##attr] = { offsetof(struct config, member), \
		sizeof(((struct config *)0)->member), false }
#define STRING_FIELD(attr, member) \
	[TEREDO_A_CONFIG_##attr] = { offsetof(struct config, member), \
		sizeof(((struct config *)0)->member), true }

static const struct field fields[TEREDO_A_CONFIG_MAX + 1] = {
	FIELD(MODE, mode),
	FIELD(SERVER, server),
	FIELD(SERVER2, server2),
	STRING_FIELD(SERVER_NAME, server_name),
	FIELD(LOCAL, local),
	FIELD(PORT, port),
	FIELD(PREFIX, prefix),
	FIELD(PREFIX_LEN, prefix_len),
	FIELD(REFRESH, refresh),
	FIELD(PEERS_MAX, peers_max),
	FIELD(QUEUE, queue),
	FIELD(TTL, ttl),
	FIELD(MARK, mark),
	FIELD(DISCOVERY, discovery),
	FIELD(SECURE, secure),
	FIELD(RELAYING, relaying),
	FIELD(FALLBACK, fallback),
	FIELD(GATEWAY, gateway),
	FIELD(GATEWAY_PORT, gateway_port),
	STRING_FIELD(ID, id),
	FIELD(DF, df),
};

_Static_assert(TEREDO_A_CONFIG_MAX < 32, "struct config has a bit for each");

static void *field_of(struct config *config, uint16_t attr)
{
	return (char *)config + fields[attr].offset;
}

static const void *const_field_of(const struct config *config, uint16_t attr)
{
	return (const char *)config + fields[attr].offset;
}

static void config_store(struct config *config, uint16_t attr,
			 const void *data, size_t len)
{
	memcpy(field_of(config, attr), data, len);
	config->set |= BIT(attr);
}

int config_put(const struct config *config,
	       int (*put)(void *arg, uint16_t attr, const void *data,
			  size_t len),
	       void *arg)
{
	unsigned int attr;
	int err;

	for (attr = 1; attr <= TEREDO_A_CONFIG_MAX; attr++) {
		const void *data = const_field_of(config, attr);
		size_t len = fields[attr].size;

		if (!(config->set & BIT(attr)))
			continue;
		if (fields[attr].string)
			len = strlen(data) + 1;
		err = put(arg, attr, data, len);
		if (err)
			return err;
	}
	return 0;
}

void config_take(struct config *config, uint16_t attr, const void *data,
		 size_t len)
{
	const struct field *field;

	if (!attr || attr > TEREDO_A_CONFIG_MAX)
		return;
	field = &fields[attr];
	if (field->string) {
		char *text = field_of(config, attr);

		if (len >= field->size)
			len = field->size - 1;
		config_store(config, attr, data, len);
		text[len] = 0;
	} else if (len == field->size) {
		config_store(config, attr, data, len);
	}
}

bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out)
{
	unsigned long long v;
	char *end;

	/* strtoull() alone would take signs and spaces. */
	if (!isdigit((unsigned char)*text))
		return false;
	errno = 0;
	v = strtoull(text, &end, 0);
	if (errno || *end || v < min || v > max)
		return false;
	*out = v;
	return true;
}

bool parse_endpoint(const char *text, uint16_t port_default,
		    struct endpoint *out)
{
	char host[INET_ADDRSTRLEN];
	const char *colon = strchr(text, ':');
	size_t len = colon ? (size_t)(colon - text) : strlen(text);
	uint32_t port = port_default;

	if (len >= sizeof(host) || (!colon && !port_default))
		return false;
	memcpy(host, text, len);
	host[len] = 0;
	if (inet_pton(AF_INET, host, &out->addr) != 1)
		return false;
	if (colon && !parse_number(colon + 1, 1, UINT16_MAX, &port))
		return false;
	out->port = htons(port);
	return true;
}

static bool host_is_valid(const char *host, size_t len)
{
	size_t i;

	if (!len || len > 253 || host[0] == '-' || host[0] == '.')
		return false;
	for (i = 0; i < len; i++)
		if (!isalnum((unsigned char)host[i]) && host[i] != '-' &&
		    host[i] != '.' && host[i] != '_')
			return false;
	return true;
}

/* The list as it was given is kept for the controller. The kernel itself
 * learns the address of the first server, if it is one already.
 */
static bool parse_servers(const char *text, struct config *config)
{
	char first[INET_ADDRSTRLEN] = "";
	const char *p = text;
	__be32 addr = 0;

	if (!strcmp(text, "none"))
		text = "";
	if (strlen(text) > TEREDO_SERVER_NAME_MAX)
		return false;
	while (*text) {
		size_t len = strcspn(p, ",");

		if (!host_is_valid(p, len))
			return false;
		if (p == text && len < sizeof(first))
			memcpy(first, p, len);
		if (!p[len])
			break;
		p += len + 1;
	}
	if (inet_pton(AF_INET, first, &addr) != 1)
		addr = 0;
	config_store(config, TEREDO_A_CONFIG_SERVER_NAME, text,
		     strlen(text) + 1);
	config_store(config, TEREDO_A_CONFIG_SERVER, &addr, sizeof(addr));
	return true;
}

bool parse_prefix(const char *text, uint8_t len_default, struct in6_addr *addr,
		  uint8_t *len)
{
	char host[INET6_ADDRSTRLEN];
	const char *slash = strchr(text, '/');
	size_t size = slash ? (size_t)(slash - text) : strlen(text);
	uint32_t bits = len_default;

	if (size >= sizeof(host))
		return false;
	memcpy(host, text, size);
	host[size] = 0;
	if (inet_pton(AF_INET6, host, addr) != 1)
		return false;
	if (slash && !parse_number(slash + 1, 0, 128, &bits))
		return false;
	*len = bits;
	return true;
}

static bool parse_ipv4(const char *text, __be32 *out)
{
	if (!strcmp(text, "any") || !strcmp(text, "none")) {
		*out = 0;
		return true;
	}
	return inet_pton(AF_INET, text, out) == 1;
}

static bool parse_value(const struct option_def *def, const char *text,
			struct config *config)
{
	struct endpoint endpoint;
	struct in6_addr addr;
	uint32_t number;
	uint8_t octet;
	__be16 port;
	int n;

	switch (def->type) {
	case OPTION_NAME:
		n = name_find(def->names, text);
		if (n < 0)
			return false;
		octet = n;
		config_store(config, def->attr, &octet, sizeof(octet));
		return true;
	case OPTION_ONOFF:
		if (strcmp(text, "on") && strcmp(text, "off"))
			return false;
		octet = !strcmp(text, "on");
		config_store(config, def->attr, &octet, sizeof(octet));
		return true;
	case OPTION_SERVERS:
		return parse_servers(text, config);
	case OPTION_IPV4:
		if (!parse_ipv4(text, &endpoint.addr))
			return false;
		config_store(config, def->attr, &endpoint.addr,
			     sizeof(endpoint.addr));
		return true;
	case OPTION_PORT:
		if (!parse_number(text, def->min, def->max, &number))
			return false;
		port = htons(number);
		config_store(config, def->attr, &port, sizeof(port));
		return true;
	case OPTION_PREFIX:
		if (!parse_prefix(text, TEREDO_PREFIX_LEN, &addr, &octet))
			return false;
		config_store(config, def->attr, &addr, sizeof(addr));
		config_store(config, TEREDO_A_CONFIG_PREFIX_LEN, &octet,
			     sizeof(octet));
		return true;
	case OPTION_U8:
		if (!parse_number(text, def->min, def->max, &number))
			return false;
		octet = number;
		config_store(config, def->attr, &octet, sizeof(octet));
		return true;
	case OPTION_U32:
		if (!parse_number(text, def->min, def->max, &number))
			return false;
		config_store(config, def->attr, &number, sizeof(number));
		return true;
	case OPTION_GATEWAY:
		if (!parse_endpoint(text, TEREDO_PORT, &endpoint))
			return false;
		config_store(config, TEREDO_A_CONFIG_GATEWAY, &endpoint.addr,
			     sizeof(endpoint.addr));
		config_store(config, TEREDO_A_CONFIG_GATEWAY_PORT,
			     &endpoint.port, sizeof(endpoint.port));
		return true;
	case OPTION_STRING:
		if (strlen(text) >= fields[def->attr].size)
			return false;
		config_store(config, def->attr, text, strlen(text) + 1);
		return true;
	}
	return false;
}

static const struct option_def *find_option(const char *name)
{
	size_t i;

	for (i = 0; i < OPTIONS_COUNT; i++)
		if (!strcmp(options[i].name, name))
			return &options[i];
	return NULL;
}

int options_parse(int argc, char **argv, struct config *config, char *error)
{
	for (; argc > 0; argc -= 2, argv += 2) {
		const struct option_def *def = find_option(argv[0]);
		struct config before = *config;

		if (!def) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "unknown option \"%s\"%s", argv[0],
				 strcmp(argv[0], "mtu") ? "" :
				 ": the MTU is the link's own, say `ip link set DEV mtu N`");
			return -1;
		}
		if (argc < 2) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s needs a value: %s", def->name, def->value);
			return -1;
		}
		if (before.set & BIT(def->attr)) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s is given twice", def->name);
			return -1;
		}
		if (parse_value(def, argv[1], config))
			continue;
		if (def->max)
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s \"%s\" is no number from %u to %u",
				 def->name, argv[1], def->min, def->max);
		else
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s \"%s\" is not valid; it wants %s",
				 def->name, argv[1], def->value);
		return -1;
	}
	return 0;
}

static void value_ipv4(struct option_value *value, __be32 addr)
{
	value->is_default = !addr;
	inet_ntop(AF_INET, &addr, value->text, sizeof(value->text));
}

static void value_servers(struct option_value *value,
			  const struct config *config)
{
	if (!config->server_name[0]) {
		value_ipv4(value, config->server);
		return;
	}
	memcpy(value->text, config->server_name, sizeof(value->text));
}

bool options_value(const struct config *config, const struct option_def *def,
		   struct option_value *value)
{
	const void *field = const_field_of(config, def->attr);
	char host[INET6_ADDRSTRLEN];
	__be16 port;

	memset(value, 0, sizeof(*value));
	if (!(config->set & BIT(def->attr)) &&
	    (def->type != OPTION_SERVERS || !CONFIG_HAS(config, SERVER_NAME)))
		return false;

	switch (def->type) {
	case OPTION_NAME:
		snprintf(value->text, sizeof(value->text), "%s",
			 name_of(def->names, *(const uint8_t *)field));
		value->is_default = def->attr != TEREDO_A_CONFIG_MODE &&
				    !*(const uint8_t *)field;
		break;
	case OPTION_ONOFF:
		value->kind = VALUE_BOOL;
		value->number = !!*(const uint8_t *)field;
		value->is_default = !value->number;
		snprintf(value->text, sizeof(value->text), "%s",
			 value->number ? "on" : "off");
		break;
	case OPTION_SERVERS:
		value_servers(value, config);
		break;
	case OPTION_IPV4:
		value_ipv4(value, *(const __be32 *)field);
		break;
	case OPTION_PREFIX:
		inet_ntop(AF_INET6, field, host, sizeof(host));
		snprintf(value->text, sizeof(value->text), "%s/%u", host,
			 CONFIG_HAS(config, PREFIX_LEN) ?
			 config->prefix_len : TEREDO_PREFIX_LEN);
		break;
	case OPTION_GATEWAY:
		inet_ntop(AF_INET, field, host, sizeof(host));
		snprintf(value->text, sizeof(value->text), "%s:%u", host,
			 ntohs(config->gateway_port));
		value->is_default = !config->gateway;
		break;
	case OPTION_STRING:
		snprintf(value->text, sizeof(value->text), "%s",
			 (const char *)field);
		value->is_default = !value->text[0];
		break;
	case OPTION_PORT:
		memcpy(&port, field, sizeof(port));
		value->number = ntohs(port);
		goto number;
	case OPTION_U8:
		value->number = *(const uint8_t *)field;
		goto number;
	case OPTION_U32:
		memcpy(&value->number, field, sizeof(value->number));
number:
		value->kind = VALUE_NUMBER;
		value->is_default = !value->number &&
				    def->attr != TEREDO_A_CONFIG_QUEUE;
		snprintf(value->text, sizeof(value->text), "%u",
			 value->number);
		break;
	}
	return true;
}
