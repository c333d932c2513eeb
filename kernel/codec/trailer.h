/* SPDX-License-Identifier: GPL-2.0 */
/* Trailers: elements behind the inner packet (RFC 6081 section 4). */
#ifndef TEREDO_TRAILER_H
#define TEREDO_TRAILER_H

#include "codec/wire.h"

/* Octets of an entry of an Alternate Address trailer, and limit of entries (F-46) */
#define TEREDO_ALTERNATE_LEN	6
#define TEREDO_ALTERNATES_MAX	4

/* Another mapping of a client, in network byte order */
struct teredo_alternate {
	__be32 addr;
	__be16 port;
};

/* Contents of the trailers of a packet. Of several of one type, the last one counts. */
struct teredo_trailers {
	bool has_nonce;
	bool has_nd;
	u8 nd_type;
	u8 alternates;		/* number of entries; 0 is none */
	bool bad_alternate;	/* an Alternate Address trailer was not valid */
	u32 nonce;		/* as on the wire; only compared */
	__be16 random_port;	/* 0 is none */
	u16 alternate;		/* offset of the first entry in the trailers */
};

/* Read the trailers in @data, @len octets (F-39 to F-46). Returns false if the packet has
 * to be dropped, because a trailer of an unknown type asks for it. At most
 * TEREDO_TRAILERS_MAX are read; the rest is ignored.
 */
bool teredo_parse_trailers(struct teredo_trailers *out, const u8 *data,
			   size_t len);

/* Writers. Each writes at @p, where the caller provides enough room, and returns the number
 * of octets written.
 */

/* Nonce (F-41); @nonce as teredo_parse_trailers() returns it: 6 octets. */
size_t teredo_build_nonce_trailer(u8 *p, u32 nonce);

/* Alternate addresses (F-42), @n of them, 1 to TEREDO_ALTERNATES_MAX: 4 + 6 * @n octets. */
size_t teredo_build_alternate_trailer(u8 *p, const struct teredo_alternate *list,
				      unsigned int n);

/* Neighbour discovery option (F-44): 6 octets. */
size_t teredo_build_nd_trailer(u8 *p, u8 type);

/* Random port (F-45): 4 octets. */
size_t teredo_build_port_trailer(u8 *p, __be16 port);

#endif /* TEREDO_TRAILER_H */
