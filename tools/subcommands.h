/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_TOOL_SUBCOMMANDS_H
#define TEREDO_TOOL_SUBCOMMANDS_H

#include <stdbool.h>

/* Exit status. */
#define STATUS_DONE	0
#define STATUS_FAILED	1
#define STATUS_USAGE	2
#define STATUS_NOT_YET	3	/* it may become so by itself */
#define STATUS_NO_LINK	4	/* of a service: its link is gone */

/* -j was given. */
extern bool json_wanted;
/* -n was given. */
extern bool netns_entered;

/* Each takes the arguments behind the name of the subcommand and returns the
 * exit status.
 */
int add_main(int argc, char **argv);
int set_main(int argc, char **argv);
int del_main(int argc, char **argv);
int show_main(int argc, char **argv);
int run_main(int argc, char **argv);
int release_main(int argc, char **argv);
int probe_main(int argc, char **argv);
int peer_main(int argc, char **argv);
int secret_main(int argc, char **argv);
int monitor_main(int argc, char **argv);
int up_main(int argc, char **argv);
int down_main(int argc, char **argv);

/* Give a server all the secrets of a file, or of standard input if @path is
 * "-"; returns the exit status.
 */
int secret_load(const char *ifname, const char *path);

/* Complain about the command line, show the usage, return STATUS_USAGE. */
int usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Copy the name of an interface; complains if it cannot be one. */
int take_ifname(const char *text, char *ifname);

/* The same of the name of a unit's instance. */
int take_instance(const char *text, char *ifname);

/* Print why the last request failed, return STATUS_FAILED. */
int request_failed(const char *dev);

#endif /* TEREDO_TOOL_SUBCOMMANDS_H */
