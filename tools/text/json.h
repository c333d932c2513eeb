/* SPDX-License-Identifier: GPL-2.0 */
/* JSON on standard output, written as it comes, so that lists of any length need no
 * memory. In a list, keys are NULL.
 */
#ifndef TEREDO_TOOL_JSON_H
#define TEREDO_TOOL_JSON_H

#include <stdbool.h>
#include <stdint.h>

/* Use lines and indentation from now on. */
void json_set_pretty(bool on);

void json_open_list(const char *key);
void json_close_list(void);
void json_open_object(const char *key);
void json_close_object(void);

/* a NULL string is null */
void json_string(const char *key, const char *value);
void json_number(const char *key, uint64_t value);
void json_bool(const char *key, bool value);

/* An IPv4 or IPv6 address in network byte order; NULL is null. */
void json_address(const char *key, int family, const void *addr);

#endif /* TEREDO_TOOL_JSON_H */
