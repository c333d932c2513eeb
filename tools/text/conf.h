/* SPDX-License-Identifier: GPL-2.0 */
/* Configuration files, /etc/teredo/NAME.conf: a keyword and its value on each line. */
#ifndef TEREDO_TOOL_CONF_H
#define TEREDO_TOOL_CONF_H

#include <time.h>

#include "base/containers.h"

#ifndef CONF_FOLDER
#define CONF_FOLDER	"/etc/teredo"
#endif
#define CONF_LIST_MAX	32
#define CONF_DATE_SIZE	sizeof("2027-01-31")

struct prefix {
	struct in6_addr addr;
	uint8_t len;
};

struct conf {
	struct config config;		/* OPTIONS */
	unsigned int given;		/* the other keywords, a bit each */
	uint32_t mtu;			/* 0: not given */
	bool no_sunset;			/* run beside native IPv6 */
	bool learn_refresh;		/* find out the refresh interval */
	char key[256];			/* file; "": not given */
	int algorithm;			/* of the key; 0 is the default */
	char until[CONF_DATE_SIZE];	/* the last day of service, or "" */
	struct prefix addresses[CONF_LIST_MAX];
	unsigned int addresses_count;
	struct prefix routes[CONF_LIST_MAX];
	unsigned int routes_count;
};

/* Read the file of @name. Returns 0; -1 with a sentence in @error, which has room for
 * CONF_ERROR_SIZE octets; or a negative errno if it cannot be opened, also with a
 * sentence.
 */
#define CONF_ERROR_SIZE	1024
int conf_read(const char *name, struct conf *conf, char *error);

/* The same for a controller, which does not require a file. The configuration is empty if there
 * is none, or, with a warning, if it is wrong or unreadable. Reads @copy instead unless that is
 * NULL.
 */
void conf_read_if_any(const char *name, const char *copy, struct conf *conf);

/* Return the last day of service in the file of @name, "" if there is none; valid until
 * the next call. Sets *@end, unless @end is NULL, to the time when it is over.
 */
const char *conf_until(const char *name, time_t *end);

/* The same for a file that was read */
const char *conf_end(const struct conf *conf, time_t *end);

#endif /* TEREDO_TOOL_CONF_H */
