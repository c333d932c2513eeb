// SPDX-License-Identifier: GPL-2.0
#include "command/args.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "text/names.h"
#include "command/subcommands.h"

enum value { VALUE_NONE, VALUE_NEEDED, VALUE_OPTIONAL };

/* @commands: first words of the commands that have the flag; NULL means all. */
static const struct {
	const char *name;
	char letter;
	enum value wants;
	const char *value;
	const char *commands;
	const char *help;
} flags[FLAGS_COUNT] = {
	[FLAG_JSON] = { "json", 'j', VALUE_NONE, NULL, NULL, "JSON" },
	[FLAG_PRETTY] = { "pretty", 'p', VALUE_NONE, NULL, NULL,
		"JSON on several lines" },
	[FLAG_NETNS] = { "netns", 'n', VALUE_NEEDED, "NETNS", NULL,
		"work in that network namespace" },
	[FLAG_VERSION] = { "version", 'V', VALUE_NONE, NULL, NULL,
		"print the version" },
	[FLAG_HELP] = { "help", 'h', VALUE_NONE, NULL, NULL,
		"print what the command does and takes" },
	[FLAG_FORCE] = { "force", 0, VALUE_NONE, NULL, "run",
		"even if there is native IPv6" },
	[FLAG_ONCE] = { "once", 0, VALUE_NONE, NULL, "run",
		"exit as soon as the client is qualified" },
	[FLAG_LEARN_REFRESH] = { "learn-refresh", 0, VALUE_NONE, NULL, "run",
		"measure the refresh interval" },
	[FLAG_REFRESH] = { "refresh", 0, VALUE_OPTIONAL, "SECONDS", "probe",
		"measure the refresh interval, from SECONDS on (30)" },
	[FLAG_ID] = { "id", 0, VALUE_NEEDED, "NAME", "probe",
		"identifier for secure qualification" },
	[FLAG_KEY] = { "key", 0, VALUE_NEEDED, "FILE", "run probe",
		"file with the secret of the identifier" },
	[FLAG_ALGORITHM] = { "algorithm", 0, VALUE_NEEDED, "NAME", "run probe",
		"hmac-sha1 or hmac-sha256 (hmac-sha1)" },
	/* Replaces the name. */
	[FLAG_UNIT] = { "unit", 0, VALUE_NEEDED, "INSTANCE",
		"up down run release",
		"for systemd units, instead of the name" },
	[FLAG_COPY_FILES] = { "copy-files", 0, VALUE_NONE, NULL, "run",
		"for units: only copy what run reads to $RUNTIME_DIRECTORY" },
};

static struct {
	bool given;
	const char *value;
} taken[FLAGS_COUNT];

bool flag_given(enum flag flag)
{
	return taken[flag].given;
}

const char *flag_value(enum flag flag)
{
	return taken[flag].value;
}

int flag_algorithm(int otherwise)
{
	const char *name = flag_value(FLAG_ALGORITHM);
	int algorithm;

	if (!name)
		return otherwise;
	algorithm = name_find(&algorithm_names, name);
	if (algorithm < 0)
		usage_error("--algorithm \"%s\" is not valid; expected %s",
			    name, names_list(&algorithm_names));
	return algorithm;
}

/* Return true if @command has the flag; if it is NULL, if all commands have it. */
static bool belongs(unsigned int i, const char *command)
{
	const char *list = flags[i].commands;
	size_t len;

	if (!list || !command)
		return !list;
	for (len = strlen(command); (list = strstr(list, command)); list++)
		if ((list == flags[i].commands || list[-1] == ' ') &&
		    (!list[len] || list[len] == ' '))
			return true;
	return false;
}

/* -- help -- */

static void print_flag(FILE *out, unsigned int i)
{
	fprintf(out, "--%s%s%s%s", flags[i].name,
		flags[i].wants == VALUE_NONE ? "" :
		flags[i].wants == VALUE_OPTIONAL ? "[=" : " ",
		flags[i].value ? flags[i].value : "",
		flags[i].wants == VALUE_OPTIONAL ? "]" : "");
}

void flags_synopsis(FILE *out, const char *command)
{
	unsigned int i;

	for (i = 0; i < FLAGS_COUNT; i++) {
		if (!flags[i].commands || !belongs(i, command))
			continue;
		fputs(" [", out);
		print_flag(out, i);
		fputc(']', out);
	}
}

void flags_help(FILE *out, const char *command)
{
	char name[32];
	unsigned int i;

	for (i = 0; i < FLAGS_COUNT; i++) {
		if (!flags[i].commands != !command || !belongs(i, command))
			continue;
		snprintf(name, sizeof(name), "%s%s%s%s", flags[i].name,
			 flags[i].wants == VALUE_NONE ? "" :
			 flags[i].wants == VALUE_OPTIONAL ? "[=" : " ",
			 flags[i].value ? flags[i].value : "",
			 flags[i].wants == VALUE_OPTIONAL ? "]" : "");
		if (flags[i].letter)
			fprintf(out, "  -%c, --%-18s %s\n", flags[i].letter,
				name, flags[i].help);
		else
			fprintf(out, "  --%-22s %s\n", name, flags[i].help);
	}
}

/* -- parsing -- */

/* The first word, which is the command; NULL before it. */
static const char *where;

static int wrong_flag(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

static int wrong_flag(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* With --help, ignore what else is wrong. */
	if (!flag_given(FLAG_HELP))
		usage_error("%s%s%s", where ? where : "",
			    where ? ": " : "", text);
	return -1;
}

static int unknown_flag(const char *dashes, const char *name, size_t len)
{
	char list[256];
	size_t used = 0;
	unsigned int i;

	for (i = 0; i < FLAGS_COUNT && used < sizeof(list); i++)
		if (belongs(i, NULL) || (where && belongs(i, where)))
			used += snprintf(list + used, sizeof(list) - used,
					 "%s--%s", used ? ", " : "",
					 flags[i].name);
	return wrong_flag("unknown flag \"%s%.*s\"; expected one of %s; other words go after --",
			  dashes, (int)len, name, list);
}

/* Return the flag that @name, of @len octets, names or abbreviates; -1 after a usage error.
 */
static int find_long(const char *name, size_t len)
{
	int i, found = -1;

	for (i = 0; i < FLAGS_COUNT; i++) {
		if (strncmp(flags[i].name, name, len))
			continue;
		if (!flags[i].name[len])
			return i;
		if (found >= 0)
			return wrong_flag("flag \"--%.*s\" is ambiguous: --%s or --%s",
					  (int)len, name, flags[found].name,
					  flags[i].name);
		found = i;
	}
	return found < 0 ? unknown_flag("--", name, len) : found;
}

static int find_short(char letter)
{
	int i;

	for (i = 0; i < FLAGS_COUNT; i++)
		if (flags[i].letter == letter)
			return i;
	return unknown_flag("-", &letter, 1);
}

/* Return true if @text is a flag. "-" alone is standard input, and numbers are no flags. */
static bool is_flag(const char *text)
{
	return text[0] == '-' && text[1] && !isdigit((unsigned char)text[1]);
}

/* Take a flag. @value was in the same argument, or is NULL; @next is the next argument.
 * Returns how many more arguments were used, or -1 after a usage error.
 */
static int take(int i, const char *value, const char *next)
{
	int used = 0;

	if (flags[i].wants == VALUE_NONE && value)
		return wrong_flag("--%s takes no value", flags[i].name);
	if (flags[i].wants == VALUE_NEEDED && !value && next &&
	    !is_flag(next)) {
		value = next;
		used = 1;
	}
	if ((flags[i].wants == VALUE_NEEDED && !value) || (value && !*value))
		return wrong_flag("--%s needs a value: --%s%s%s",
				  flags[i].name, flags[i].name,
				  flags[i].wants == VALUE_NEEDED ? " " : "=",
				  flags[i].value);
	if (flags[i].wants != VALUE_NONE && taken[i].given)
		return wrong_flag("--%s is given twice", flags[i].name);
	taken[i].given = true;
	taken[i].value = value;
	return used;
}

/* Take --NAME, --NAME=VALUE or --NAME VALUE. Returns as take(). */
static int take_long(const char *arg, const char *next)
{
	size_t len = strcspn(arg + 2, "=");
	int i = find_long(arg + 2, len);

	if (i < 0)
		return -1;
	return take(i, arg[2 + len] ? arg + 2 + len + 1 : NULL, next);
}

/* Take -XYZ, of which the last may have a value, there or in the next argument. */
static int take_short(const char *arg, const char *next)
{
	int i, used = 0;

	for (arg++; *arg; arg++) {
		i = find_short(*arg);
		if (i < 0)
			return -1;
		if (flags[i].wants != VALUE_NONE)
			return take(i, arg[1] ? arg + 1 : NULL, next);
		used = take(i, NULL, NULL);
	}
	return used;
}

static bool wants_help(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

int args_parse(int argc, char **argv, struct args *out)
{
	bool plain = false;
	int i, used;

	out->words = calloc(argc + 1, sizeof(*out->words));
	out->count = 0;
	out->plain = argc;
	if (!out->words)
		return STATUS_FAILED;
	taken[FLAG_HELP].given = wants_help(argc, argv);
	for (i = 1; i < argc; i++) {
		if (plain || !is_flag(argv[i])) {
			out->words[out->count++] = argv[i];
			where = out->words[0];
			continue;
		}
		if (!strcmp(argv[i], "--")) {
			plain = true;
			out->plain = out->count;
			continue;
		}
		used = argv[i][1] == '-' ? take_long(argv[i], argv[i + 1]) :
					   take_short(argv[i], argv[i + 1]);
		if (used < 0 && !flag_given(FLAG_HELP))
			return STATUS_USAGE;
		i += used > 0;
	}
	return 0;
}

int args_check_flags(const char *command)
{
	unsigned int i;

	for (i = 0; i < FLAGS_COUNT; i++)
		if (taken[i].given && flags[i].commands && !belongs(i, command))
			return misuse("--%s is not a flag of %s", flags[i].name,
				      command);
	return 0;
}
