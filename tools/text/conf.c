// SPDX-License-Identifier: GPL-2.0
#include "text/conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "text/names.h"
#include "text/options.h"
#include "text/terminal.h"

#define BLANK	" \t\r\n"

/* Parse ADDRESS or ADDRESS/LEN; "default" is ::/0. */
static bool take_prefix(const char *text, struct prefix *list,
			unsigned int *count)
{
	struct prefix *out = &list[*count];

	if (*count == CONF_LIST_MAX)
		return false;
	if (!strcmp(text, "default"))
		text = "::/0";
	if (!parse_prefix(text, 128, &out->addr, &out->len))
		return false;
	(*count)++;
	return true;
}

/* Parse YYYY-MM-DD, an existing day. Set *@end, unless NULL, to the following local midnight.
 */
static bool take_date(const char *text, time_t *end)
{
	struct tm day = { .tm_isdst = -1 }, next;
	const char *rest = strptime(text, "%Y-%m-%d", &day);
	time_t at;

	if (!rest || *rest || strlen(text) != CONF_DATE_SIZE - 1)
		return false;
	next = day;
	next.tm_mday++;
	next.tm_isdst = -1;
	at = mktime(&next);
	if (end)
		*end = at;
	/* mktime() turns 31 February into a day of March. */
	day.tm_isdst = -1;
	return at != (time_t)-1 && mktime(&day) != (time_t)-1 &&
	       day.tm_mday == atoi(text + 8);
}

/* -- keywords of files only -- */

enum keyword {
	KEY_MTU, KEY_SUNSET, KEY_LEARN_REFRESH, KEY_KEY, KEY_ALGORITHM,
	KEY_UNTIL, KEY_ADDRESS, KEY_ROUTE, KEYS_COUNT
};

static const struct {
	const char *name;
	const char *wants;
	bool repeated;
	bool of_client;
} keywords[KEYS_COUNT] = {
	[KEY_MTU] = { "mtu", "a number from 1280 to 65507", false, false },
	[KEY_SUNSET] = { "sunset", "on|off", false, true },
	[KEY_LEARN_REFRESH] = { "learn-refresh", "on|off", false, true },
	[KEY_KEY] = { "key", "a file, of 255 octets at most", false, true },
	[KEY_ALGORITHM] = { "algorithm", "hmac-sha1|hmac-sha256", false, true },
	[KEY_UNTIL] = { "until", "a valid date, YYYY-MM-DD", false, false },
	[KEY_ADDRESS] = { "address", "ADDRESS[/LEN], 32 times at most", true,
			  false },
	[KEY_ROUTE] = { "route", "PREFIX[/LEN] or default, 32 times at most",
			true, false },
};

static bool take_switch(const char *value, bool *out)
{
	*out = !strcmp(value, "on");
	return *out || !strcmp(value, "off");
}

static bool take_keyword(struct conf *conf, enum keyword key, const char *value)
{
	bool on, good = true;

	switch (key) {
	case KEY_MTU:
		return parse_number(value, TEREDO_MTU_MIN,
				    TEREDO_PAYLOAD_LIMIT, &conf->mtu);
	case KEY_SUNSET:
		good = take_switch(value, &on);
		conf->no_sunset = !on;
		return good;
	case KEY_LEARN_REFRESH:
		return take_switch(value, &conf->learn_refresh);
	case KEY_KEY:
		snprintf(conf->key, sizeof(conf->key), "%s", value);
		return strlen(value) < sizeof(conf->key);
	case KEY_ALGORITHM:
		conf->algorithm = name_find(&algorithm_names, value);
		return conf->algorithm >= 0;
	case KEY_UNTIL:
		snprintf(conf->until, sizeof(conf->until), "%s", value);
		return take_date(value, NULL);
	case KEY_ADDRESS:
		return take_prefix(value, conf->addresses,
				   &conf->addresses_count);
	case KEY_ROUTE:
		return take_prefix(value, conf->routes, &conf->routes_count);
	default:
		return false;
	}
}

/* Read a keyword of files only. Returns 0, -1 with a sentence in @error, or 1 for another word.
 */
static int take_own(struct conf *conf, const char *keyword, const char *value,
		    char *error)
{
	enum keyword key;

	for (key = 0; key < KEYS_COUNT; key++)
		if (!strcmp(keywords[key].name, keyword))
			break;
	if (key == KEYS_COUNT)
		return 1;
	if (conf->given & BIT(key) && !keywords[key].repeated) {
		snprintf(error, OPTIONS_ERROR_SIZE, "%s is given twice",
			 keyword);
		return -1;
	}
	conf->given |= BIT(key);
	if (take_keyword(conf, key, value))
		return 0;
	snprintf(error, OPTIONS_ERROR_SIZE,
		 "%s \"%.128s\" is not valid; expected %s", keyword, value,
		 keywords[key].wants);
	return -1;
}

/* -- lines -- */

static int take_line(struct conf *conf, char *line, char *error)
{
	char *pair[2], *rest = NULL;
	int own;

	line[strcspn(line, "#")] = 0;
	pair[0] = strtok_r(line, BLANK, &rest);
	if (!pair[0])
		return 0;
	pair[1] = strtok_r(NULL, BLANK, &rest);
	if (!pair[1] || strtok_r(NULL, BLANK, &rest)) {
		snprintf(error, OPTIONS_ERROR_SIZE, "%.128s takes one value",
			 pair[0]);
		return -1;
	}
	own = take_own(conf, pair[0], pair[1], error);
	if (own <= 0)
		return own;
	return options_parse_line(pair, &conf->config, error);
}

/* Refuse what does not apply to the mode. The mode may be in any line, so check at the end. */
static int check_modes(const struct conf *conf, char *error)
{
	unsigned int mode = conf->config.mode;
	unsigned int key;

	if (options_check(&conf->config, error))
		return -1;
	for (key = 0; mode != TEREDO_MODE_CLIENT && key < KEYS_COUNT; key++) {
		if (!(conf->given & BIT(key)) || !keywords[key].of_client)
			continue;
		/* "off" is the default, and is valid in any mode. */
		if ((key == KEY_LEARN_REFRESH && !conf->learn_refresh) ||
		    (key == KEY_SUNSET && !conf->no_sunset))
			continue;
		snprintf(error, OPTIONS_ERROR_SIZE,
			 "%s is for mode client, not for mode %s",
			 keywords[key].name, name_of(&mode_names, mode));
		return -1;
	}
	return 0;
}

/* Read @copy. Messages name it @path. */
static int read_file(const char *path, const char *copy, struct conf *conf,
		     char *error)
{
	char why[OPTIONS_ERROR_SIZE];
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	int err = 0;
	FILE *file;

	memset(conf, 0, sizeof(*conf));
	file = fopen(copy, "re");
	if (!file) {
		err = errno;
		snprintf(error, CONF_ERROR_SIZE, "%s: %s", path, strerror(err));
		/* -EPERM is -1, which means an invalid file. */
		return err == EPERM ? -EACCES : -err;
	}
	while (!err && (len = getline(&line, &size, file)) >= 0) {
		number++;
		if (strlen(line) == (size_t)len) {
			err = take_line(conf, line, why);
		} else {
			snprintf(why, sizeof(why), "it contains a zero octet");
			err = -1;
		}
	}
	if (!err && !ferror(file) && check_modes(conf, why)) {
		snprintf(error, CONF_ERROR_SIZE, "%s: %s", path, why);
		err = -1;
	} else if (err) {
		snprintf(error, CONF_ERROR_SIZE, "%s:%u: %s", path, number,
			 why);
	} else if (ferror(file)) {
		snprintf(error, CONF_ERROR_SIZE, "%s: %s", path,
			 strerror(errno));
		err = -1;
	}
	free(line);
	fclose(file);
	return err;
}

int conf_read(const char *name, struct conf *conf, char *error)
{
	char path[64 + IF_NAMESIZE];

	snprintf(path, sizeof(path), CONF_FOLDER "/%s.conf", name);
	return read_file(path, path, conf, error);
}

void conf_read_if_any(const char *name, const char *copy, struct conf *conf)
{
	char path[64 + IF_NAMESIZE], error[CONF_ERROR_SIZE];
	int err;

	snprintf(path, sizeof(path), CONF_FOLDER "/%s.conf", name);
	err = read_file(path, copy ? copy : path, conf, error);
	if (err)
		memset(conf, 0, sizeof(*conf));
	if (err && err != -ENOENT)
		warn(name, "%s; the file is ignored", error);
}

const char *conf_end(const struct conf *conf, time_t *end)
{
	static char until[CONF_DATE_SIZE];

	memcpy(until, conf->until, sizeof(until));
	if (until[0])
		take_date(until, end);
	return until;
}

const char *conf_until(const char *name, time_t *end)
{
	char error[CONF_ERROR_SIZE];
	struct conf conf;

	if (conf_read(name, &conf, error))
		memset(&conf, 0, sizeof(conf));
	return conf_end(&conf, end);
}
