// SPDX-License-Identifier: GPL-2.0
#include "terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool has_colors(void)
{
	static int known = -1;

	if (known < 0)
		known = isatty(STDOUT_FILENO) && !getenv("NO_COLOR");
	return known;
}

const char *color(enum color c)
{
	static const char *const sequences[] = {
		[COLOR_NORMAL]	= "\033[0m",
		[COLOR_BOLD]	= "\033[1m",
		[COLOR_GOOD]	= "\033[32m",
		[COLOR_BAD]	= "\033[31m",
	};

	return has_colors() ? sequences[c] : "";
}

void vannounce(const char *dev, const char *format, va_list args)
{
	printf("%s: ", dev);
	vprintf(format, args);
	putchar('\n');
	fflush(stdout);
}

void announce(const char *dev, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vannounce(dev, format, args);
	va_end(args);
}

void complain(const char *dev, const char *format, ...)
{
	va_list args;

	/* What was printed before comes first, also in a common log. */
	fflush(stdout);
	fputs(PROGRAM ": ", stderr);
	if (dev)
		fprintf(stderr, "%s: ", dev);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}
