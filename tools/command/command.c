// SPDX-License-Identifier: GPL-2.0
#include "command/command.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#include "text/options.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* The command that runs, for messages; NULL before it is known. */
static const struct command *current;

/* -- names -- */

static size_t first_len(const struct command *cmd)
{
	return strcspn(cmd->name, " ");
}

/* Return the second word of the name, or NULL. */
static const char *second_word(const struct command *cmd)
{
	const char *space = strchr(cmd->name, ' ');

	return space ? space + 1 : NULL;
}

static bool same_first(const struct command *a, const struct command *b)
{
	return first_len(a) == first_len(b) &&
	       !strncmp(a->name, b->name, first_len(a));
}

/* Return true if this is the first of the commands with the same first word. */
static bool begins_group(size_t i)
{
	return !i || !same_first(&commands[i - 1], &commands[i]);
}

static size_t group_end(size_t i)
{
	size_t end = i + 1;

	while (end < commands_count && same_first(&commands[i], &commands[end]))
		end++;
	return end;
}

/* Append a name to a list, after a separator such as " or ". */
static void list_name(char *list, size_t size, const char *separator,
		      const char *name, size_t len)
{
	size_t used = strlen(list);

	snprintf(list + used, size - used, "%s%.*s", used ? separator : "",
		 (int)len, name);
}

/* Return a list of all first words, or of all second words of the group that begins with
 * @group.
 */
static const char *list_names(ssize_t group)
{
	static char list[256];
	size_t i, end = group < 0 ? commands_count : group_end(group);

	list[0] = 0;
	for (i = group < 0 ? 0 : group; i < end; i++) {
		if (group >= 0 && second_word(&commands[i]))
			list_name(list, sizeof(list), ", ",
				  second_word(&commands[i]),
				  strlen(second_word(&commands[i])));
		else if (group < 0 && begins_group(i))
			list_name(list, sizeof(list), ", ", commands[i].name,
				  first_len(&commands[i]));
	}
	return list;
}

#define NOT_FOUND	-1
#define AMBIGUOUS	-2

/* Find the group whose first word begins with @word. @may_be becomes a list of the matches
 * if there are several.
 */
static ssize_t find_group(const char *word, char *may_be, size_t size)
{
	size_t i, len = strlen(word);
	ssize_t found = NOT_FOUND;
	unsigned int count = 0;

	may_be[0] = 0;
	for (i = 0; len && i < commands_count; i++) {
		if (!begins_group(i) || strncmp(commands[i].name, word, len) ||
		    len > first_len(&commands[i]))
			continue;
		if (len == first_len(&commands[i]))
			return i;
		list_name(may_be, size, " or ", commands[i].name,
			  first_len(&commands[i]));
		found = i;
		count++;
	}
	return count > 1 ? AMBIGUOUS : found;
}

/* Find a command by its second word in a group, likewise. */
static ssize_t find_member(size_t group, const char *word, char *may_be,
			   size_t size)
{
	size_t i, end = group_end(group), len = strlen(word);
	ssize_t found = NOT_FOUND;
	unsigned int count = 0;

	may_be[0] = 0;
	for (i = group; len && i < end; i++) {
		const char *name = second_word(&commands[i]);

		if (!name || strncmp(name, word, len))
			continue;
		if (!name[len])
			return i;
		list_name(may_be, size, " or ", name, strlen(name));
		found = i;
		count++;
	}
	return count > 1 ? AMBIGUOUS : found;
}

/* -- errors -- */

static void vcomplain_usage(const char *format, va_list args, bool with_usage)
{
	char *text, usage[256] = "";
	FILE *out;

	if (vasprintf(&text, format, args) < 0)
		return;
	if (with_usage && current) {
		out = fmemopen(usage, sizeof(usage), "w");
		if (out) {
			fprintf(out, "; usage: " PROGRAM " %s%s%s",
				current->name, *current->args ? " " : "",
				current->args);
			flags_synopsis(out, current->name);
			fclose(out);
		}
	}
	complain(NULL, "%s%s%s%s", current ? current->name : "",
		 current ? ": " : "", text, usage);
	free(text);
}

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain_usage(format, args, false);
	va_end(args);
	return STATUS_USAGE;
}

int misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vcomplain_usage(format, args, true);
	va_end(args);
	return STATUS_USAGE;
}

/* -- help -- */

/* Print lines, each indented by two spaces. */
static void print_indented(const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		printf("  %.*s\n", (int)len, lines);
		lines += len;
		if (*lines)
			lines++;
	}
}

static void print_synopsis(const struct command *cmd)
{
	printf("%s%s%s", cmd->name, *cmd->args ? " " : "", cmd->args);
	flags_synopsis(stdout, cmd->name);
}

static void print_options(void)
{
	size_t i;

	puts("OPTIONS:");
	for (i = 0; i < OPTIONS_COUNT; i++)
		printf("  %-10s %s\n  %-10s   %s\n", options[i].name,
		       options[i].value, "", options[i].help);
}

static void print_common_flags(void)
{
	puts("Flags, anywhere; words after -- are not flags:");
	flags_help(stdout, NULL);
}

static void help_one(const struct command *cmd)
{
	char first[32];

	snprintf(first, sizeof(first), "%.*s", (int)first_len(cmd), cmd->name);
	fputs("Usage: " PROGRAM " ", stdout);
	print_synopsis(cmd);
	printf("\n  %s\n", cmd->brief);
	if (cmd->help)
		print_indented(cmd->help);
	flags_help(stdout, first);
}

/* Print help on all commands with the same first word. */
static void help_group(size_t group)
{
	size_t i;

	for (i = group; i < group_end(group); i++)
		help_one(&commands[i]);
	print_common_flags();
}

static void help_command(const struct command *cmd)
{
	help_one(cmd);
	if (cmd->options)
		print_options();
	print_common_flags();
}

static void help_all(void)
{
	size_t i;

	puts("Usage: " PROGRAM " [-j] [-p] [-n NETNS] [-V] [-h] COMMAND");
	for (i = 0; i < commands_count; i++) {
		fputs("  ", stdout);
		print_synopsis(&commands[i]);
		printf("\n      %s\n", commands[i].brief);
	}
	puts("  help [COMMAND]\n      tell more about one; also COMMAND help, COMMAND --help\n"
	     "Commands, options and flags may be abbreviated if that is unambiguous.");
	print_options();
	print_common_flags();
}

int command_help(void)
{
	help_command(current);
	return STATUS_DONE;
}

/* Return true if the first word asks for help. No command begins like "help". */
static bool is_help(const char *word)
{
	return *word && !strncmp("help", word, strlen(word));
}

static int unknown_command(const char *word, ssize_t found, const char *may_be)
{
	if (found == AMBIGUOUS)
		return usage_error("\"%s\" is ambiguous: %s", word, may_be);
	return usage_error("unknown command \"%s\"; expected one of %s, help", word,
			   list_names(-1));
}

static int unknown_member(size_t group, const char *word, ssize_t found,
			  const char *may_be)
{
	int len = first_len(&commands[group]);
	const char *first = commands[group].name;

	if (found == AMBIGUOUS)
		return usage_error("%.*s: \"%s\" is ambiguous: %s", len, first, word,
				   may_be);
	return usage_error("%.*s: unknown command \"%s\"; expected one of %s", len,
			   first, word, list_names(group));
}

/* Print help on what @words name: everything, a group, or a command. More words are an error
 * if @strict, after "help"; with --help, the rest of the command line may follow.
 */
static int help_on(int count, char **words, bool strict)
{
	ssize_t group, member = NOT_FOUND;
	char may_be[128] = "";
	int own = 1;

	if (!count || is_help(words[0])) {
		help_all();
		return STATUS_DONE;
	}
	group = find_group(words[0], may_be, sizeof(may_be));
	if (group < 0)
		return unknown_command(words[0], group, may_be);
	if (count > 1)
		member = find_member(group, words[1], may_be, sizeof(may_be));
	if (member >= 0)
		own = 2;
	else if (strict && count > 1 && group_end(group) > (size_t)group + 1)
		return unknown_member(group, words[1], member, may_be);
	if (strict && count > own)
		return usage_error("help: \"%s\" is one word too many",
				   words[own]);
	if (member >= 0)
		help_command(&commands[member]);
	else if (group_end(group) == (size_t)group + 1)
		help_command(&commands[group]);
	else
		help_group(group);
	return STATUS_DONE;
}

/* -- words -- */

/* Find word number @n of @args. Returns its length, 0 if there is none. */
static size_t arg_word(const char *args, unsigned int n, const char **out)
{
	while (n--) {
		args += strcspn(args, " ");
		args += strspn(args, " ");
	}
	*out = args;
	return strcspn(args, " ");
}

static int check_words(const struct command *cmd, int count, char **words)
{
	/* --unit replaces the name. */
	const char *args = flag_given(FLAG_UNIT) ? "" : cmd->args;
	bool endless = strstr(args, "...") || cmd->options;
	bool optional = false;
	const char *name;
	size_t len;
	int i;

	for (i = 0; (len = arg_word(args, i, &name)); i++) {
		optional |= *name == '[';
		if (optional)
			continue;
		if (i >= count)
			return misuse("%.*s is missing", (int)len, name);
		if (strspn(name, "abcdefghijklmnopqrstuvwxyz") >= len &&
		    (strlen(words[i]) != len || strncmp(words[i], name, len)))
			return misuse("\"%s\" where \"%.*s\" is expected",
				      words[i], (int)len, name);
	}
	if (count > i && !endless)
		return misuse("\"%s\" is one word too many", words[i]);
	return 0;
}

/* Return true if @word is the second word of a command. If the group has a command of one
 * word, such as show, an abbreviation may be the name of a device instead.
 */
static bool is_member(size_t group, ssize_t member, const char *word)
{
	if (member < 0)
		return false;
	return second_word(&commands[group]) ||
	       !strcmp(word, second_word(&commands[member])) ||
	       !if_nametoindex(word);
}

/* Find the command that the words name. Returns STATUS_DONE or a usage error. */
static int find_command(const struct args *args, size_t *out)
{
	char **words = args->words;
	ssize_t group, member = NOT_FOUND;
	char may_be[128] = "";

	group = find_group(words[0], may_be, sizeof(may_be));
	if (group < 0)
		return unknown_command(words[0], group, may_be);
	*out = group;
	if (args->count > 1 && (args->plain > 1 ||
				second_word(&commands[group])))
		member = find_member(group, words[1], may_be, sizeof(may_be));
	if (args->count > 1 && is_member(group, member, words[1])) {
		*out = member;
		return STATUS_DONE;
	}
	if (!second_word(&commands[group]))
		return STATUS_DONE;
	if (args->count > 1)
		return unknown_member(group, words[1], member, may_be);
	return usage_error("%.*s: no command given; expected one of %s",
			   (int)first_len(&commands[group]),
			   commands[group].name, list_names(group));
}

int command_run(const struct args *args)
{
	char **words = args->words;
	int count = args->count, status, own;
	char first[32];
	size_t i = 0;

	if (count && is_help(words[0]))
		return help_on(count - 1, words + 1, true);
	if (flag_given(FLAG_HELP))
		return help_on(count, words, false);
	if (!count)
		return usage_error("no command given; expected one of %s, help",
				   list_names(-1));
	if (count > 1 && args->plain > 1 && !strcmp(words[1], "help"))
		return help_on(1, words, false);
	status = find_command(args, &i);
	if (status)
		return status;
	current = &commands[i];
	snprintf(first, sizeof(first), "%.*s", (int)first_len(current),
		 current->name);
	/* Words of the name itself */
	own = second_word(current) ? 2 : 1;
	if (count > own && args->plain > own && !strcmp(words[own], "help"))
		return command_help();
	status = args_check_flags(first);
	if (!status)
		status = check_words(current, count - own, words + own);
	if (status)
		return status;
	return current->main(count - own, words + own);
}
