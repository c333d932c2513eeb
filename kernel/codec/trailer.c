// SPDX-License-Identifier: GPL-2.0
/* Trailers. No state, no allocation; every loop is bounded by a constant. */
#include "codec/trailer.h"

#include "codec/octets.h"

/* -- reading -- */

static bool alternates_are_valid(const u8 *entry, unsigned int n)
{
	for (; n; n--, entry += TEREDO_ALTERNATE_LEN) {
		u32 addr = ntohl(teredo_get_be32(entry));

		/* The address has to be unicast, and the port not 0. */
		if (addr >> 24 == 0 || addr >> 24 == 127 || addr >> 28 >= 14 ||
		    !teredo_get_be16(entry + 4))
			return false;
	}
	return true;
}

bool teredo_parse_trailers(struct teredo_trailers *out, const u8 *data,
			   size_t len)
{
	unsigned int count = 0;
	size_t off = 0;
	int n;

	memset(out, 0, sizeof(*out));
	while (len - off >= 2 && count++ < TEREDO_TRAILERS_MAX) {
		const u8 *value = data + off + 2;
		u8 type = data[off], size = data[off + 1];

		if (len - off - 2 < size)
			break;
		switch (type) {
		case TEREDO_TRAILER_NONCE:
			if (size == 4) {
				out->has_nonce = true;
				memcpy(&out->nonce, value, 4);
			}
			break;
		case TEREDO_TRAILER_ALTERNATE:
			n = (size - 2) / TEREDO_ALTERNATE_LEN;
			if (n < 1 || n > TEREDO_ALTERNATES_MAX ||
			    size != 2 + n * TEREDO_ALTERNATE_LEN ||
			    !alternates_are_valid(value + 2, n)) {
				out->bad_alternate = true;
				break;
			}
			out->alternates = n;
			out->alternate = off + 4;
			break;
		case TEREDO_TRAILER_ND:
			if (size == 4) {
				out->has_nd = true;
				out->nd_type = value[0];
			}
			break;
		case TEREDO_TRAILER_PORT_OLD:
		case TEREDO_TRAILER_PORT:
			if (size == 2)
				out->random_port = teredo_get_be16(value);
			break;
		default:
			if ((type & TEREDO_TRAILER_ACTION) ==
			    TEREDO_TRAILER_DISCARD)
				return false;
		}
		off += 2 + size;
	}
	return true;
}

/* -- writing -- */

/* Write the type and length of a trailer. */
static size_t put_head(u8 *p, u8 type, u8 len)
{
	p[0] = type;
	p[1] = len;
	return 2;
}

size_t teredo_build_nonce_trailer(u8 *p, u32 nonce)
{
	size_t len = put_head(p, TEREDO_TRAILER_NONCE, sizeof(nonce));

	memcpy(p + len, &nonce, sizeof(nonce));
	return len + sizeof(nonce);
}

size_t teredo_build_alternate_trailer(u8 *p, const struct teredo_alternate *list,
				      unsigned int n)
{
	size_t len = put_head(p, TEREDO_TRAILER_ALTERNATE, 2 + TEREDO_ALTERNATE_LEN * n);

	len += teredo_put_be16(p + len, 0);	/* reserved */
	for (; n; n--, list++) {
		len += teredo_put_be32(p + len, ntohl(list->addr));
		len += teredo_put_be16(p + len, ntohs(list->port));
	}
	return len;
}

size_t teredo_build_nd_trailer(u8 *p, u8 type)
{
	size_t len = put_head(p, TEREDO_TRAILER_ND, 4);

	len += teredo_put_be32(p + len, (u32)type << 24);	/* 24 bits are reserved */
	return len;
}

size_t teredo_build_port_trailer(u8 *p, __be16 port)
{
	size_t len = put_head(p, TEREDO_TRAILER_PORT, 2);

	return len + teredo_put_be16(p + len, ntohs(port));
}
