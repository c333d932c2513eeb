// SPDX-License-Identifier: GPL-2.0
#include "text/quote.h"

#include <langinfo.h>
#include <stdio.h>
#include <string.h>

size_t utf8_decode(const char *text, uint32_t *code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	const uint8_t *octets = (const uint8_t *)text;
	size_t len, i;

	*code = octets[0];
	if (octets[0] < 0x80)
		return 1;
	len = octets[0] >= 0xf0 ? 4 : octets[0] >= 0xe0 ? 3 : 2;
	*code &= 0xff >> (len + 1);
	/* Never reads beyond the final zero, which is not a continuation octet. */
	for (i = 1; i < len; i++) {
		if ((octets[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (octets[i] & 0x3f);
	}
	if (octets[0] < 0xc2 || octets[0] > 0xf4 || *code < least[len] ||
	    *code > 0x10ffff || (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return len;
}

bool is_control(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f }, { 0x7f, 0x9f }, { 0xad, 0xad }, { 0x61c, 0x61c },
		{ 0x180e, 0x180e }, { 0x200b, 0x200f }, { 0x2028, 0x202e },
		{ 0x2060, 0x206f }, { 0xfeff, 0xfeff }, { 0xfff9, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};
	size_t i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* With another character set, a terminal may take octets of a UTF-8 character for controls. */
static bool has_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

/* Write the quoted form of the first character of *@text to @out, at most QUOTED_MAX octets and
 * a zero, and advance *@text.
 */
#define QUOTED_MAX	4

static void quote_one(const char **text, char *out)
{
	uint32_t code;
	size_t len = utf8_decode(*text, &code);

	if (len && !is_control(code) && (len == 1 || has_utf8())) {
		memcpy(out, *text, len);
		out[len] = 0;
		*text += len;
	} else {
		snprintf(out, QUOTED_MAX + 1, "\\x%02x", (uint8_t)**text);
		(*text)++;
	}
}

const char *quote(const char *text)
{
	static char buffers[4][QUOTE_MAX * QUOTED_MAX + 1];
	static unsigned int n;
	char *out = buffers[n++ % 4];
	size_t used = 0;

	out[0] = 0;
	while (*text && used + QUOTED_MAX < sizeof(buffers[0])) {
		quote_one(&text, out + used);
		used += strlen(out + used);
	}
	return out;
}
