/* SPDX-License-Identifier: GPL-2.0 */
/* The parser: the only code that reads octets not yet checked. It returns offsets, so that
 * a caller may move the octets.
 */
#ifndef TEREDO_PARSE_H
#define TEREDO_PARSE_H

#include "codec/addr.h"

enum teredo_parse {
	TEREDO_PARSE_OK,
	TEREDO_PARSE_TRUNCATED,		/* a length points past the end */
	TEREDO_PARSE_MALFORMED,		/* not a Teredo encapsulation */
};

/* Most octets in front of an inner IPv6 payload. */
#define TEREDO_HEADERS_MAX \
	(TEREDO_AUTH_MAX + TEREDO_ORIGIN_LEN + TEREDO_IPV6_LEN)

/* All offsets count from the first octet of the UDP payload. */
struct teredo_packet {
	bool has_auth;
	bool has_origin;
	u8 id_len;		/* client identifier, at auth + 4 */
	u8 au_len;		/* authentication value, behind it */
	u8 nexthdr;		/* of the inner IPv6 header */
	u8 hop_limit;
	u16 auth;		/* offset of the authentication element */
	u16 nonce;		/* offset of its 8-octet nonce */
	u16 origin;		/* offset of the origin indication */
	u16 ipv6;		/* offset of the IPv6 header */
	u16 payload_len;	/* of the inner IPv6 packet */
	__be16 origin_port;	/* in clear */
	__be32 origin_addr;	/* in clear */
	/* What is above is 0 where it is not there; the addresses are set last. */
	struct in6_addr saddr;
	struct in6_addr daddr;
};

/* Find the elements of a UDP payload (F-19 to F-27).
 *
 * @head: the first @head_len octets; shorter than the datagram is fine as
 *	long as it holds min(TEREDO_HEADERS_MAX, @len) octets.
 * @len: octets of the whole UDP payload.
 *
 * @pkt is complete with TEREDO_PARSE_OK only.
 */
enum teredo_parse teredo_parse(struct teredo_packet *pkt, const u8 *head,
			       size_t head_len, size_t len);

/* IPv6 header only, next header 59 (F-28). */
static inline bool teredo_is_bubble(const struct teredo_packet *pkt)
{
	return !pkt->payload_len && pkt->nexthdr == TEREDO_NEXTHDR_NONE;
}

/* Contents of a Router Advertisement (C-14, C-15, C-18) */
struct teredo_advert {
	struct in6_addr prefix;
	u32 mtu;		/* 0: no MTU option */
};

/* Check an ICMPv6 message in a packet that teredo_parse() accepted, and its
 * checksum. @icmp holds the whole IPv6 payload.
 */
bool teredo_icmp_is_valid(const struct teredo_packet *pkt, const u8 *icmp);

/* Return true if @icmp is a valid Router Solicitation (RFC 4861 6.1.1, F-32). */
bool teredo_is_solicitation(const struct teredo_packet *pkt, const u8 *icmp);

/* Read the Router Advertisement in @icmp. Returns false if it is not valid. The 64-bit prefix
 * is not checked.
 */
bool teredo_parse_advert(struct teredo_advert *out,
			 const struct teredo_packet *pkt, const u8 *icmp);

#endif /* TEREDO_PARSE_H */
