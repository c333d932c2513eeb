/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_TOOL_SUBCOMMANDS_H
#define TEREDO_TOOL_SUBCOMMANDS_H

#include <stdbool.h>

#include "base/status.h"

/* -j was given. */
extern bool json_wanted;

/* Run a command with the words after its name, at least as many as its synopsis in
 * teredo-tool.c requires. Returns the exit status. Flags are in args.h.
 */
int add_main(int argc, char **argv);
int set_main(int argc, char **argv);
int del_main(int argc, char **argv);
int show_main(int argc, char **argv);
int show_peers_main(int argc, char **argv);
int show_stats_main(int argc, char **argv);
int run_main(int argc, char **argv);
int release_main(int argc, char **argv);
int probe_main(int argc, char **argv);
int peer_add_main(int argc, char **argv);
int peer_del_main(int argc, char **argv);
int peer_flush_main(int argc, char **argv);
int secret_add_main(int argc, char **argv);
int secret_replace_main(int argc, char **argv);
int secret_set_main(int argc, char **argv);
int secret_del_main(int argc, char **argv);
int secret_load_main(int argc, char **argv);
int secret_list_main(int argc, char **argv);
int monitor_main(int argc, char **argv);
int up_main(int argc, char **argv);
int down_main(int argc, char **argv);

/* Add all secrets of a file to a server, or of standard input if @path is "-". Returns the
 * exit status.
 */
int secret_load(const char *ifname, const char *path);

/* Print a usage error after the name of the command, in one line that says what is wrong
 * and what would be right. Returns STATUS_USAGE.
 */
int usage_error(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* Copy the name of an interface. Returns the status of a usage error if it cannot be one. */
int take_ifname(const char *text, char *ifname);

/* Copy the name of an interface from DEV or NAME or, if there is no word, from the instance
 * of the unit that --unit names. Returns as take_ifname().
 */
int take_name(int argc, char **argv, char *ifname);

/* Print why the last request failed. Returns STATUS_FAILED. */
int request_failed(const char *dev);
/* Print that standard output failed: @what, and the reason in errno. Returns
 * STATUS_FAILED.
 */
int output_failed(const char *what);

#endif /* TEREDO_TOOL_SUBCOMMANDS_H */
