/* SPDX-License-Identifier: GPL-2.0 */
/* Messages, and colours on terminals. */
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

/* Return the escape sequence of a colour for standard output, "" if that is no terminal or
 * NO_COLOR is set.
 */
const char *color(enum color c);

/* Print "DEV: ..." and a newline on standard output, at once; like all messages, through
 * quote().
 */
void announce(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
void vannounce(const char *dev, const char *format, va_list args);

/* Print "teredo-tool: ..." or, with a device, "teredo-tool: DEV: ..." and a newline on standard
 * error. In the journal, which has the name already, a priority replaces it, see sd-daemon(3).
 */
void complain(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
/* The same for warnings. */
void warn(const char *dev, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

#endif /* TEREDO_TOOL_TERMINAL_H */
