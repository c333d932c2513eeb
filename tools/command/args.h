/* SPDX-License-Identifier: GPL-2.0 */
/* The command line: flags, which may stand anywhere, and words. */
#ifndef TEREDO_TOOL_ARGS_H
#define TEREDO_TOOL_ARGS_H

#include <stdbool.h>
#include <stdio.h>

enum flag {
	/* Flags of all commands */
	FLAG_JSON,
	FLAG_PRETTY,
	FLAG_NETNS,
	FLAG_VERSION,
	FLAG_HELP,
	/* Flags of some commands, see args.c */
	FLAG_FORCE,
	FLAG_ONCE,
	FLAG_LEARN_REFRESH,
	FLAG_REFRESH,
	FLAG_ID,
	FLAG_KEY,
	FLAG_ALGORITHM,
	FLAG_UNIT,
	FLAG_COPY_FILES,
	FLAGS_COUNT
};

struct args {
	char **words;		/* arguments that are no flags, in order */
	int count;
	int plain;		/* words from this one on came after "--" */
};

/* Sort the arguments of main() into flags and words. Returns 0, or the exit status of a
 * usage error. With --help there are no usage errors.
 */
int args_parse(int argc, char **argv, struct args *out);

/* Complain about flags that the command with this first word does not have. Returns 0 or
 * the exit status.
 */
int args_check_flags(const char *command);

bool flag_given(enum flag flag);

/* Return the value of a flag, or NULL if it was not given, or has none. */
const char *flag_value(enum flag flag);

/* Return the algorithm that --algorithm names, 0 or more; @otherwise without the flag; -1
 * after a usage error.
 */
int flag_algorithm(int otherwise);

/* Print the flags of that command for its synopsis: " [--key FILE] ..." */
void flags_synopsis(FILE *out, const char *command);

/* Print a line for each flag of that command, or of all commands if it is NULL. */
void flags_help(FILE *out, const char *command);

#endif /* TEREDO_TOOL_ARGS_H */
