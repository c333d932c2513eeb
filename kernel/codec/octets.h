/* SPDX-License-Identifier: GPL-2.0 */
/* Access to numbers in network byte order, at any alignment. Readers return a value in
 * network byte order. Writers take it in host byte order, and return the number of octets
 * written.
 */
#ifndef TEREDO_OCTETS_H
#define TEREDO_OCTETS_H

#include "codec/wire.h"

#ifdef __KERNEL__
#include <linux/string.h>
#endif

static inline __be16 teredo_get_be16(const u8 *p)
{
	__be16 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline __be32 teredo_get_be32(const u8 *p)
{
	__be32 v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline size_t teredo_put_be16(u8 *p, u16 v)
{
	p[0] = v >> 8;
	p[1] = v & 0xff;
	return 2;
}

static inline size_t teredo_put_be32(u8 *p, u32 v)
{
	teredo_put_be16(p, v >> 16);
	teredo_put_be16(p + 2, v & 0xffff);
	return 4;
}

#endif /* TEREDO_OCTETS_H */
