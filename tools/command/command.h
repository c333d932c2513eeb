/* SPDX-License-Identifier: GPL-2.0 */
/* Commands: names, arguments and help. */
#ifndef TEREDO_TOOL_COMMAND_H
#define TEREDO_TOOL_COMMAND_H

#include <stddef.h>

#include "command/args.h"

struct command {
	/* One word or two; "show" and "show peers" may both exist. */
	const char *name;
	/* Called with the words after the name. */
	int (*main)(int argc, char **argv);
	/* The words that it takes. Words without brackets are required, words in small
	 * letters are literal; "..." and OPTIONS are any number of words.
	 */
	const char *args;
	const char *brief;	/* what it does, in one line */
	const char *help;	/* more lines, or NULL */
	bool options;		/* it takes OPTIONS */
};

extern const struct command commands[];
extern const size_t commands_count;

/* Find the command, check its flags and the number of its words, and run it, or print its
 * help. Returns the exit status.
 */
int command_run(const struct args *args);

/* Print the help of the command that runs, to standard output. */
int command_help(void);

/* Complain about the usage of the command, and print its synopsis. Returns STATUS_USAGE. */
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* TEREDO_TOOL_COMMAND_H */
