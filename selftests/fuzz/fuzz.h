/* SPDX-License-Identifier: GPL-2.0 */
/* Chance, for fuzz-datagram.c and fuzz-netlink.c: the same seed, the same octets. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The seed; not 0. */
static uint64_t rng_state;

static inline uint64_t rng(void)
{
	rng_state ^= rng_state << 13;
	rng_state ^= rng_state >> 7;
	rng_state ^= rng_state << 17;
	return rng_state * 0x2545f4914f6cdd1dULL;
}

static inline unsigned int below(unsigned int n)
{
	return (rng() >> 32) % n;
}

static inline bool one_in(unsigned int n)
{
	return !below(n);
}

static inline void randomize(void *data, size_t len)
{
	uint8_t *p = data;

	while (len--)
		*p++ = rng() >> 56;
}

#endif /* FUZZ_H */
