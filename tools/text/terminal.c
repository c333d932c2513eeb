// SPDX-License-Identifier: GPL-2.0
#include "text/terminal.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/quote.h"

/* -- colours -- */

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

/* -- messages -- */

/* Octets kept at the beginning and the end of a long message */
#define LONG_BEGIN	300
#define LONG_END	700

/* Return true if @fd is the journal's stream that the service manager has set up. */
static bool is_journal(int fd)
{
	const char *stream = getenv("JOURNAL_STREAM");
	unsigned long long dev, ino;
	struct stat st;

	return stream && sscanf(stream, "%llu:%llu", &dev, &ino) == 2 &&
	       !fstat(fd, &st) && st.st_dev == dev && st.st_ino == ino;
}

enum priority { PRIORITY_ERROR = 3, PRIORITY_WARNING = 4, PRIORITY_INFO = 6 };

/* Shorten a long text, for example a wrong command line: keep its beginning and its end, where
 * the error is described.
 */
static void shorten(char *text)
{
	static const char gap[] = { ' ', '.', '.', '.', ' ' };
	size_t len = strlen(text);

	if (len <= LONG_BEGIN + LONG_END)
		return;
	memcpy(text + LONG_BEGIN, gap, sizeof(gap));
	memmove(text + LONG_BEGIN + sizeof(gap), text + len - LONG_END,
		LONG_END + 1);
}

static void put_message(FILE *out, enum priority priority, const char *dev,
			const char *format, va_list args)
{
	char *text, start[sizeof(PROGRAM) + 2] = "";

	if (vasprintf(&text, format, args) < 0)
		return;
	shorten(text);
	if (is_journal(fileno(out)))
		snprintf(start, sizeof(start), "<%d>", priority);
	else if (priority != PRIORITY_INFO)
		snprintf(start, sizeof(start), PROGRAM ": ");
	/* A single write, flushed: other processes may write to the same file. */
	fprintf(out, "%s%s%s%s%s\n", start, dev ? quote(dev) : "",
		dev ? ": " : "", priority == PRIORITY_WARNING ? "warning: " : "",
		quote(text));
	fflush(out);
	free(text);
}

void vannounce(const char *dev, const char *format, va_list args)
{
	put_message(stdout, PRIORITY_INFO, dev, format, args);
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

	/* Keep the order if both streams go to one file. */
	fflush(stdout);
	va_start(args, format);
	put_message(stderr, PRIORITY_ERROR, dev, format, args);
	va_end(args);
}

void warn(const char *dev, const char *format, ...)
{
	va_list args;

	fflush(stdout);
	va_start(args, format);
	put_message(stderr, PRIORITY_WARNING, dev, format, args);
	va_end(args);
}
