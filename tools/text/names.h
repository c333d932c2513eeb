/* SPDX-License-Identifier: GPL-2.0 */
/* Names of the numbers in the netlink interface, as in its YAML specification. */
#ifndef TEREDO_TOOL_NAMES_H
#define TEREDO_TOOL_NAMES_H

#include <stddef.h>

struct names {
	const char *const *name;
	size_t count;
};

extern const struct names mode_names;
extern const struct names secure_names;
extern const struct names df_names;
extern const struct names state_names;
extern const struct names nat_names;
extern const struct names peer_state_names;
extern const struct names peer_kind_names;
extern const struct names peer_path_names;
extern const struct names peer_cause_names;
extern const struct names secret_state_names;
extern const struct names algorithm_names;
/* Counters; numbers without one (the padding) have no name. */
extern const struct names stats_names;

/* Return the name of @value; for one that only a newer kernel knows, its number, in a
 * buffer that the next call overwrites.
 */
const char *name_of(const struct names *names, unsigned int value);

/* Return all names, separated by |, in a buffer that the next call overwrites. */
const char *names_list(const struct names *names);

/* Return the number with the name @name, or -1. */
int name_find(const struct names *names, const char *name);

#endif /* TEREDO_TOOL_NAMES_H */
