// SPDX-License-Identifier: GPL-2.0
#include "text/json.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>

#include "text/quote.h"

static bool pretty;
static unsigned int depth;
static bool first = true;	/* nothing printed in the innermost bracket yet */

void json_set_pretty(bool on)
{
	pretty = on;
}

static void newline(void)
{
	if (pretty)
		printf("\n%*s", depth * 2, "");
}

/* Print a string. RFC 8259 requires UTF-8: invalid octets become U+FFFD. Also escape what a
 * terminal would interpret.
 */
static void put_quoted(const char *text)
{
	uint32_t code;
	size_t len;

	putchar('"');
	for (; *text; text += len ? len : 1) {
		len = utf8_decode(text, &code);
		if (!len)
			fputs("\\ufffd", stdout);
		else if (code == '"' || code == '\\')
			printf("\\%c", (int)code);
		else if (is_control(code) && code > 0xffff)
			printf("\\u%04x\\u%04x",
			       0xd7c0 + (unsigned int)(code >> 10),
			       0xdc00 | (unsigned int)(code & 0x3ff));
		else if (is_control(code))
			printf("\\u%04x", (unsigned int)code);
		else
			fwrite(text, 1, len, stdout);
	}
	putchar('"');
}

static void begin(const char *key)
{
	if (!first)
		putchar(',');
	if (depth)
		newline();
	first = false;
	if (key) {
		put_quoted(key);
		fputs(pretty ? ": " : ":", stdout);
	}
}

static void open_bracket(const char *key, char bracket)
{
	begin(key);
	putchar(bracket);
	depth++;
	first = true;
}

static void close_bracket(char bracket)
{
	depth--;
	if (!first)
		newline();
	putchar(bracket);
	first = false;
	if (!depth) {
		putchar('\n');
		first = true;
	}
}

void json_open_list(const char *key)
{
	open_bracket(key, '[');
}

void json_close_list(void)
{
	close_bracket(']');
}

void json_open_object(const char *key)
{
	open_bracket(key, '{');
}

void json_close_object(void)
{
	close_bracket('}');
}

void json_string(const char *key, const char *value)
{
	begin(key);
	if (value)
		put_quoted(value);
	else
		fputs("null", stdout);
}

void json_number(const char *key, uint64_t value)
{
	begin(key);
	printf("%" PRIu64, value);
}

void json_bool(const char *key, bool value)
{
	begin(key);
	fputs(value ? "true" : "false", stdout);
}

void json_address(const char *key, int family, const void *addr)
{
	char text[INET6_ADDRSTRLEN];

	json_string(key, addr ? inet_ntop(family, addr, text, sizeof(text)) :
				NULL);
}
