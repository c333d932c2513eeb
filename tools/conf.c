// SPDX-License-Identifier: GPL-2.0
#include "conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include "names.h"
#include "options.h"

#define BLANK	" \t\r\n"

/* ADDRESS or ADDRESS/LEN; "default" is ::/0. */
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

/* YYYY-MM-DD, a day that exists; @end gets the local midnight after it. */
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
	/* 31 February would become some day of March. */
	day.tm_isdst = -1;
	return at != (time_t)-1 && mktime(&day) != (time_t)-1 &&
	       day.tm_mday == atoi(text + 8);
}

/* One keyword that is not an option; 0, -1 for a bad value, 1 if unknown. */
static int take_own(struct conf *conf, const char *keyword, const char *value)
{
	bool good;

	if (!strcmp(keyword, "mtu")) {
		good = parse_number(value, TEREDO_MTU_MIN, 65535, &conf->mtu);
	} else if (!strcmp(keyword, "sunset")) {
		good = !strcmp(value, "on") || !strcmp(value, "off");
		conf->no_sunset = !strcmp(value, "off");
	} else if (!strcmp(keyword, "learn-refresh")) {
		good = !strcmp(value, "on") || !strcmp(value, "off");
		conf->learn_refresh = !strcmp(value, "on");
	} else if (!strcmp(keyword, "key")) {
		good = strlen(value) < sizeof(conf->key);
		snprintf(conf->key, sizeof(conf->key), "%s", value);
	} else if (!strcmp(keyword, "algorithm")) {
		conf->algorithm = name_find(&algorithm_names, value);
		good = conf->algorithm >= 0;
	} else if (!strcmp(keyword, "until")) {
		good = take_date(value, NULL);
		snprintf(conf->until, sizeof(conf->until), "%s", value);
	} else if (!strcmp(keyword, "address")) {
		good = take_prefix(value, conf->addresses,
				   &conf->addresses_count);
	} else if (!strcmp(keyword, "route")) {
		good = take_prefix(value, conf->routes, &conf->routes_count);
	} else {
		return 1;
	}
	return good ? 0 : -1;
}

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
		snprintf(error, OPTIONS_ERROR_SIZE, "%s wants one value",
			 pair[0]);
		return -1;
	}
	own = take_own(conf, pair[0], pair[1]);
	if (own < 0)
		snprintf(error, OPTIONS_ERROR_SIZE, "%s \"%s\" is not valid",
			 pair[0], pair[1]);
	if (own <= 0)
		return own;
	return options_parse(2, pair, &conf->config, error);
}

int conf_read(const char *name, struct conf *conf, char *error)
{
	char path[64 + IF_NAMESIZE], why[OPTIONS_ERROR_SIZE];
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	int err = 0;
	FILE *file;

	memset(conf, 0, sizeof(*conf));
	snprintf(path, sizeof(path), CONF_FOLDER "/%s.conf", name);
	file = fopen(path, "re");
	if (!file) {
		snprintf(error, CONF_ERROR_SIZE, "%s: %s", path,
			 strerror(errno));
		return -1;
	}
	while (!err && getline(&line, &size, file) >= 0) {
		number++;
		err = take_line(conf, line, why);
	}
	if (err) {
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

void conf_read_if_any(const char *name, struct conf *conf)
{
	char error[CONF_ERROR_SIZE];

	if (conf_read(name, conf, error))
		memset(conf, 0, sizeof(*conf));
}

const char *conf_until(const char *name, time_t *end)
{
	static char until[CONF_DATE_SIZE];
	char error[CONF_ERROR_SIZE];
	struct conf conf;

	until[0] = 0;
	if (!conf_read(name, &conf, error) && conf.until[0] &&
	    take_date(conf.until, end))
		memcpy(until, conf.until, sizeof(until));
	return until;
}
