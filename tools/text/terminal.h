/* SPDX-License-Identifier: GPL-2.0 */
/* Messages, and colours where there is a terminal to show them. */
#ifndef TEREDO_TOOL_TERMINAL_H
#define TEREDO_TOOL_TERMINAL_H

#include <stdarg.h>

#define PROGRAM	"teredo-tool"

enum color {
	COLOR_NORMAL,
	COLOR_BOLD,
	COLOR_GOOD,
	COLOR_BAD,
};

/* Escape sequences for standard output, "" where it is no terminal or where
 * NO_COLOR is set.
 */
const char *color(enum color c);

/* "DEV: ..." and a newline on standard output, at once; like all messages,
 * through quote().
 */
void announce(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void vannounce(const char *dev, const char *format, va_list args);

/* "teredo-tool: ..." or, with a device, "teredo-tool: DEV: ..." and a newline
 * on standard error. To the journal, which has the name already, goes the
 * priority instead, see sd-daemon(3).
 */
void complain(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same, of what nobody has to do anything about at once. */
void warn(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* TEREDO_TOOL_TERMINAL_H */
