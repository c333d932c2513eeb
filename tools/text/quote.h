/* SPDX-License-Identifier: GPL-2.0 */
/* Text that others chose, on its way to terminals and to JSON. */
#ifndef TEREDO_TOOL_QUOTE_H
#define TEREDO_TOOL_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The UTF-8 character that @text begins with, in @code; its length, or 0 if it
 * begins with none.
 */
size_t utf8_decode(const char *text, uint32_t *code);

/* True of characters that a terminal obeys instead of showing them: controls,
 * and those that turn the direction of a line or cannot be seen.
 */
bool is_control(uint32_t code);

/* @text as a terminal may have it, whoever chose it: what the terminal would obey,
 * or does not know, becomes \xNN. In one of a few buffers that are used in turn.
 * All that a device, a file, a name service or a command line says goes through
 * here on its way to standard output. Of longer ones than QUOTE_MAX octets, the
 * beginning.
 */
#define QUOTE_MAX	2047
const char *quote(const char *text);

#endif /* TEREDO_TOOL_QUOTE_H */
