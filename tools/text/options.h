/* SPDX-License-Identifier: GPL-2.0 */
/* OPTIONS: the keywords of the configuration, for teredo-tool and the plugin of ip(8). One
 * table says how each is written, stored and sent.
 */
#ifndef TEREDO_TOOL_OPTIONS_H
#define TEREDO_TOOL_OPTIONS_H

#include "base/containers.h"

enum option_type {
	OPTION_NAME,		/* one of a table of names */
	OPTION_SERVERS,
	OPTION_IPV4,
	OPTION_PORT,
	OPTION_PREFIX,
	OPTION_U8,
	OPTION_U32,
	OPTION_ONOFF,
	OPTION_GATEWAY,
	OPTION_STRING,
};

struct option_def {
	const char *name;
	const char *value;	/* stands for the value in the usage */
	const char *help;
	enum option_type type;
	uint16_t attr;		/* the first one that the keyword sets */
	uint32_t min, max;
	const struct names *names;
};

#define OPTIONS_COUNT	20
extern const struct option_def options[OPTIONS_COUNT];

#define OPTIONS_SERVERS_MAX	16	/* names or addresses in a list */
#define OPTIONS_ERROR_SIZE	512

/* Read "KEYWORD VALUE" pairs into @config; keywords may be abbreviated. Returns 0;
 * OPTIONS_HELP if "help" stands in the place of a keyword; or OPTIONS_WRONG with a
 * sentence in @error, which has room for OPTIONS_ERROR_SIZE octets.
 */
#define OPTIONS_HELP	1
#define OPTIONS_WRONG	(-1)
int options_parse(int argc, char **argv, struct config *config, char *error);

/* The same for one pair of a file, without abbreviations. */
int options_parse_line(char **pair, struct config *config, char *error);

/* Check that all options apply to the mode, client unless given, or have their defaults.
 * Returns 0, or OPTIONS_WRONG with a sentence.
 */
int options_check(const struct config *config, char *error);

/* Format the value of an option as a user would write it, and as a JSON value. */
struct option_value {
	enum { VALUE_STRING, VALUE_NUMBER, VALUE_BOOL } kind;
	bool is_default;	/* need not be shown to users */
	bool is_unset;		/* there is none: no address, no name */
	uint32_t number;
	char text[TEREDO_SERVER_NAME_MAX + 1];
};

/* Returns false if @config does not have the option. */
bool options_value(const struct config *config, const struct option_def *def,
		   struct option_value *value);

/* Call @put for each attribute of @config; stop if @put fails. */
int config_put(const struct config *config,
	       int (*put)(void *arg, uint16_t attr, const void *data,
			  size_t len),
	       void *arg);

/* Read a received attribute. Unknown ones, and those of the wrong length, are ignored. */
void config_take(struct config *config, uint16_t attr, const void *data,
		 size_t len);

/* Parse "A.B.C.D:PORT". Without a port @port_default is used; if that is 0, the port is
 * required.
 */
bool parse_endpoint(const char *text, uint16_t port_default,
		    struct endpoint *out);

/* Parse "ADDRESS" or "ADDRESS/LEN"; @len_default is taken without a length. */
bool parse_prefix(const char *text, uint8_t len_default, struct in6_addr *addr,
		  uint8_t *len);

/* Return why @host is neither a host name nor an IPv4 address; NULL if it is one. */
const char *refuse_host(const char *host);

/* Parse a decimal or 0x number between @min and @max. */
bool parse_number(const char *text, uint32_t min, uint32_t max, uint32_t *out);

#endif /* TEREDO_TOOL_OPTIONS_H */
