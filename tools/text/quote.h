/* SPDX-License-Identifier: GPL-2.0 */
/* Text chosen by others, for terminals and JSON */
#ifndef TEREDO_TOOL_QUOTE_H
#define TEREDO_TOOL_QUOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decode the UTF-8 character at the beginning of @text into @code. Returns its length, or
 * 0 if there is none.
 */
size_t utf8_decode(const char *text, uint32_t *code);

/* Return true for characters that a terminal interprets: controls, and those that change the
 * direction of a line or are invisible.
 */
bool is_control(uint32_t code);

/* Return @text in a form that is safe for a terminal: what the terminal would interpret, or
 * cannot show, becomes \xNN. In one of a few buffers that are used in turn. All text from a
 * device, a file, a name service or a command line passes through here on its way to standard
 * output. Texts longer than QUOTE_MAX octets are truncated.
 */
#define QUOTE_MAX	2047
const char *quote(const char *text);

#endif /* TEREDO_TOOL_QUOTE_H */
