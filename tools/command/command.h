/* SPDX-License-Identifier: GPL-2.0 */
/* Commands: what they are called, what they take, and what help says of them. */
#ifndef TEREDO_TOOL_COMMAND_H
#define TEREDO_TOOL_COMMAND_H

#include <stddef.h>

#include "command/args.h"

struct command {
	/* One word, or two; "show" and "show peers" may both be there. */
	const char *name;
	/* Gets the words behind the name. */
	int (*main)(int argc, char **argv);
	/* The words that it takes. Those without brackets have to be there, and
	 * one in small letters has to be just that; "..." and OPTIONS may be any
	 * number of them.
	 */
	const char *args;
	const char *brief;	/* what it does, in a line */
	const char *help;	/* the rest of it, in lines; or NULL */
	bool options;		/* it takes OPTIONS */
};

extern const struct command commands[];
extern const size_t commands_count;

/* Find the command, look at its flags and the number of its words, and run it,
 * or print its help. Returns the exit status.
 */
int command_run(const struct args *args);

/* Print the help of the command that runs, to standard output. */
int command_help(void);

/* A usage error, with how the command is used; returns STATUS_USAGE. */
int misuse(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif /* TEREDO_TOOL_COMMAND_H */
