/* SPDX-License-Identifier: GPL-2.0 */
/* Text chosen by others, on its way to terminals and JSON. */
#ifndef TEREDO_TOOL_QUOTE_H
#define TEREDO_TOOL_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the UTF-8 character at the beginning of @text into @code. Returns its length, or
 * 0 if there is none.
 */
size_t utf8_decode(const char *text, uint32_t *code);

/* Return true for characters that a terminal obeys instead of showing them: controls, and
 * those that change the direction of a line or are invisible.
 */
bool is_control(uint32_t code);

/* Return @text as it may be sent to a terminal, whoever chose it: what the terminal would
 * obey, or does not know, becomes \xNN. In one of a few buffers that are used in turn.
 * Everything that a device, a file, a name service or a command line says passes through
 * here on its way to standard output. Longer texts than QUOTE_MAX octets are truncated.
 */
#define QUOTE_MAX	2047
const char *quote(const char *text);

#endif /* TEREDO_TOOL_QUOTE_H */
