/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the fuzzers: an input that is consumed piece by piece, and assertions. */
#ifndef TEREDO_TOOL_FUZZ_H
#define TEREDO_TOOL_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define must(condition)							\
	do {								\
		if (!(condition)) {					\
			fprintf(stderr, "%s:%d: %s\n", __func__,	\
				__LINE__, #condition);			\
			abort();					\
		}							\
	} while (0)

struct input {
	const uint8_t *data;
	size_t left;
};

/* Consume @len octets; beyond the end there are zeros. */
static inline void take(struct input *in, void *out, size_t len)
{
	size_t got = len < in->left ? len : in->left;

	memset(out, 0, len);
	if (got)
		memcpy(out, in->data, got);
	in->data += got;
	in->left -= got;
}

static inline uint8_t take8(struct input *in)
{
	uint8_t v;

	take(in, &v, sizeof(v));
	return v;
}

static inline uint16_t take16(struct input *in)
{
	uint16_t v;

	take(in, &v, sizeof(v));
	return v;
}

static inline uint32_t take32(struct input *in)
{
	uint32_t v;

	take(in, &v, sizeof(v));
	return v;
}

/* Copy to memory of exactly that length, so that reading beyond is detected. */
static inline uint8_t *copy_of(const uint8_t *data, size_t len)
{
	uint8_t *copy = malloc(len ? len : 1);

	must(copy);
	if (len)
		memcpy(copy, data, len);
	return copy;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif /* TEREDO_TOOL_FUZZ_H */
