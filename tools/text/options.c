// SPDX-License-Identifier: GPL-2.0
#include "text/options.h"

#include <ctype.h>
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include "link/modes.h"
#include "text/names.h"

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
	       "maximum number of peers (1048576)",
	       U32, PEERS_MAX, RANGE(1, 16777216)),
	OPTION("queue", "N",
	       "maximum number of packets held for one peer (32)",
	       U32, QUEUE, RANGE(0, 1024)),
	OPTION("ttl", "N",
	       "TTL of outer packets (0: the system's default)",
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
	OPTION("table", "N",
	       "routing table of the link's routes (its VRF's, or main)",
	       U32, TABLE, RANGE(0, UINT32_MAX)),
	OPTION("metric", "N",
	       "metric of the link's routes (client: 1029)",
	       U32, METRIC, RANGE(0, UINT32_MAX)),
};

/* Where an attribute is stored in struct config. Strings are sent with their final zero. */
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
	FIELD(TABLE, table),
	FIELD(METRIC, metric),
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

	bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');

	/* strtoull() alone would accept signs and spaces, and read 010 as 8. */
	if (!isdigit((unsigned char)*text) || (text[0] == '0' && text[1] && !hex))
		return false;
	errno = 0;
	v = strtoull(text, &end, hex ? 16 : 10);
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

static bool is_word_char(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '_';
}

/* Return true if the @len octets at @label are a valid label of a host name. */
static bool label_is_valid(const char *label, size_t len)
{
	size_t i;

	if (!len || len > 63 || label[0] == '-' || label[len - 1] == '-')
		return false;
	for (i = 0; i < len; i++)
		if (!is_word_char(label[i]) && label[i] != '-')
			return false;
	return true;
}

/* Return true for a label that looks like a number. No host name ends in one, but addresses do,
 * in forms that programs read differently: 1, 1.2, 0x7f.1, 010.1.1.1, 300.1.1.1.
 */
static bool is_number(const char *label, size_t len)
{
	size_t i;

	if (len > 1 && label[0] == '0' && (label[1] == 'x' || label[1] == 'X')) {
		for (i = 2; i < len && isxdigit((unsigned char)label[i]); i++)
			;
		return i == len;
	}
	for (i = 0; i < len && isdigit((unsigned char)label[i]); i++)
		;
	return i == len;
}

const char *refuse_host(const char *host)
{
	size_t len = strlen(host), start = 0, i;
	struct in_addr addr;

	if (!len)
		return "it is empty";
	if (len > 253)
		return "it is too long for a name";
	if (inet_pton(AF_INET, host, &addr) == 1)
		return NULL;
	if (strchr(host, ':') && !strchr(host, '/'))
		return "a server has an IPv4 address, and its port is always 3544";
	/* A final dot, for the DNS root, is allowed. */
	if (len > 1 && host[len - 1] == '.')
		len--;
	for (i = 0; i <= len; i++) {
		if (i < len && host[i] != '.')
			continue;
		if (!label_is_valid(host + start, i - start))
			return "it is neither a host name nor an IPv4 address";
		if (i == len && is_number(host + start, i - start))
			return "an IPv4 address has four numbers from 0 to 255";
		start = i + 1;
	}
	return NULL;
}

static bool is_keyword(const char *word)
{
	size_t i;

	for (i = 0; i < OPTIONS_COUNT; i++)
		if (!strcmp(options[i].name, word))
			return true;
	return !strcmp(word, "help");
}

/* Keep the list as given for the controller. The kernel gets only the first server, if that is
 * an address. Returns NULL, or what is wrong with the list.
 */
static const char *parse_servers(const char *text, struct config *config)
{
	char host[256], first[INET_ADDRSTRLEN] = "";
	unsigned int count = 0;
	const char *p, *wrong;
	__be32 addr = 0;

	if (!strcmp(text, "none"))
		text = "";
	if (strlen(text) > TEREDO_SERVER_NAME_MAX)
		return "the list is longer than 1023 octets";
	for (p = text; *text; p++) {
		size_t len = strcspn(p, ",");

		if (++count > OPTIONS_SERVERS_MAX)
			return "there are more than 16 servers";
		if (!len)
			return "a host of the list is empty";
		if (len >= sizeof(host))
			return "one is too long for a name";
		memcpy(host, p, len);
		host[len] = 0;
		wrong = refuse_host(host);
		if (wrong)
			return wrong;
		/* The value of "server" is probably missing. */
		if (is_keyword(host))
			return "that is an option; for a host of that name, append a dot";
		if (!strcmp(host, "none") || !strcmp(host, "any"))
			return "`none` means no server, and stands alone;"
			       " for a host of that name, append a dot";
		if (p == text && len < sizeof(first))
			memcpy(first, host, len + 1);
		p += len;
		if (!*p)
			break;
	}
	if (inet_pton(AF_INET, first, &addr) != 1)
		addr = 0;
	config_store(config, TEREDO_A_CONFIG_SERVER_NAME, text,
		     strlen(text) + 1);
	config_store(config, TEREDO_A_CONFIG_SERVER, &addr, sizeof(addr));
	return NULL;
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
		return !parse_servers(text, config);
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

/* -- keywords -- */

/* Return the option named @word, or the only one that begins with it; otherwise NULL, with a
 * sentence in @error.
 */
static const struct option_def *find_option(const char *word, char *error)
{
	const struct option_def *found = NULL, *def;
	size_t len = strlen(word);
	size_t used;

	for (def = options; len && def < options + OPTIONS_COUNT; def++) {
		if (strncmp(def->name, word, len))
			continue;
		if (!def->name[len])
			return def;
		if (found) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "\"%s\" is ambiguous: %s or %s", word, found->name,
				 def->name);
			return NULL;
		}
		found = def;
	}
	if (found)
		return found;
	used = snprintf(error, OPTIONS_ERROR_SIZE,
			"unknown option \"%.64s\"%s", word, strcmp(word, "mtu") ?
			"; expected one of" :
			": the MTU is that of the link, run `ip link set DEV mtu N`");
	for (def = options; strcmp(word, "mtu") && def < options + OPTIONS_COUNT;
	     def++)
		used += snprintf(error + used, OPTIONS_ERROR_SIZE - used,
				 "%s %s", def == options ? "" : ",", def->name);
	return NULL;
}

/* Say in @error why @text is not a valid value of the option. */
static void refuse_value(const struct option_def *def, const char *text,
			 char *error)
{
	struct config scratch;

	if (def->type == OPTION_SERVERS)
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%s \"%.128s\" is not valid: %s", def->name, text,
			 parse_servers(text, &scratch));
	else if (def->max)
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%s \"%.128s\" is not a number%s from %u to %u", def->name,
			 text, strcmp(def->value, "SECONDS") ? "" : " of seconds",
			 def->min, def->max);
	else if (def->type == OPTION_STRING)
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%s has %zu octets, more than %zu", def->name,
			 strlen(text), fields[def->attr].size - 1);
	else
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%s \"%.128s\" is not valid; expected %s", def->name,
			 text, def->value);
}

int options_parse(int argc, char **argv, struct config *config, char *error)
{
	for (; argc > 0; argc -= 2, argv += 2) {
		const struct option_def *def;

		if (!strcmp(argv[0], "help"))
			return OPTIONS_HELP;
		def = find_option(argv[0], error);
		if (!def)
			return OPTIONS_WRONG;
		if (argc < 2) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s needs a value: %s", def->name, def->value);
			return OPTIONS_WRONG;
		}
		if (config->set & BIT(def->attr)) {
			snprintf(error, OPTIONS_ERROR_SIZE,
				 "%s is given twice", def->name);
			return OPTIONS_WRONG;
		}
		if (!parse_value(def, argv[1], config)) {
			refuse_value(def, argv[1], error);
			return OPTIONS_WRONG;
		}
	}
	return 0;
}

int options_parse_line(char **pair, struct config *config, char *error)
{
	if (is_keyword(pair[0]) && strcmp(pair[0], "help"))
		return options_parse(2, pair, config, error);
	/* A new option may make an abbreviation ambiguous, and files are kept for long. */
	if (find_option(pair[0], error))
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "\"%.64s\" is abbreviated, which no word in a file may be",
			 pair[0]);
	return OPTIONS_WRONG;
}

/* -- options and modes -- */

/* Return true if the attribute has its default, which is valid in any mode. */
static bool is_default(const struct config *config, unsigned int attr)
{
	static const struct config zero;

	if (attr == TEREDO_A_CONFIG_REFRESH)
		return config->refresh == TEREDO_REFRESH_DEFAULT;
	if (fields[attr].string)
		return !*(const char *)const_field_of(config, attr);
	return !memcmp(const_field_of(config, attr), const_field_of(&zero, attr),
		       fields[attr].size);
}

int options_check(const struct config *config, char *error)
{
	unsigned int mode = CONFIG_HAS(config, MODE) ? config->mode :
						       TEREDO_MODE_CLIENT;
	const char *wrong;
	size_t i;

	for (i = 0; i < OPTIONS_COUNT; i++) {
		unsigned int attr = options[i].attr;

		wrong = teredo_mode_refuses(mode, attr);
		/* The server may be given by name only. */
		if (attr == TEREDO_A_CONFIG_SERVER)
			attr = TEREDO_A_CONFIG_SERVER_NAME;
		if (!wrong || !(config->set & BIT(attr)) ||
		    is_default(config, attr))
			continue;
		snprintf(error, OPTIONS_ERROR_SIZE, "%s", wrong);
		return OPTIONS_WRONG;
	}
	return 0;
}

/* -- values -- */

static void value_ipv4(struct option_value *value, __be32 addr)
{
	value->is_default = !addr;
	value->is_unset = !addr;
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
		/* For "local", 0.0.0.0 is a value: any address. */
		value->is_unset &= def->attr != TEREDO_A_CONFIG_LOCAL;
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
		value->is_unset = value->is_default;
		break;
	case OPTION_STRING:
		snprintf(value->text, sizeof(value->text), "%s",
			 (const char *)field);
		value->is_default = !value->text[0];
		value->is_unset = value->is_default;
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
