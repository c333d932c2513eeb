/* SPDX-License-Identifier: GPL-2.0 */
/* The parser of datagrams: with trailer.h, the only code that reads octets that were not
 * checked before. It returns offsets, not pointers, so that callers may move the data.
 */
#ifndef TEREDO_PARSE_H
#define TEREDO_PARSE_H

#include "codec/addr.h"

enum teredo_parse {
	TEREDO_PARSE_OK,
	TEREDO_PARSE_TRUNCATED,		/* a length points past the end */
	TEREDO_PARSE_MALFORMED,		/* not a Teredo encapsulation */
};

/* Largest number of octets in front of an inner IPv6 payload */
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

/* Find the elements of a UDP payload (F-19 to F-27). Clears @pkt first, so on failure all
 * that was not found is 0.
 *
 * @head: the first @head_len octets. They have to include all headers: TEREDO_IPV6_LEN
 *	octets if the first one is not 0, else TEREDO_HEADERS_MAX; or the whole payload if
 *	that is shorter.
 * @len: octets of the whole UDP payload.
 *
 * @pkt is complete with TEREDO_PARSE_OK only.
 */
enum teredo_parse teredo_parse(struct teredo_packet *pkt, const u8 *head,
			       size_t head_len, size_t len);

/* Return true for a bubble: an IPv6 header only, with next header 59 (F-28). */
static inline bool teredo_is_bubble(const struct teredo_packet *pkt)
{
	return !pkt->payload_len && pkt->nexthdr == TEREDO_NEXTHDR_NONE;
}

/* Contents of a Router Advertisement (C-14, C-15, C-18) */
struct teredo_advert {
	struct in6_addr prefix;
	u32 mtu;		/* 0: no MTU option */
};

/* Return true if @icmp is an ICMPv6 message with the right checksum. @pkt was accepted by
 * teredo_parse(); @icmp is its whole IPv6 payload, pkt->payload_len octets, here and below.
 */
bool teredo_icmp_is_valid(const struct teredo_packet *pkt, const u8 *icmp);

/* Return true if @icmp is a valid Router Solicitation (RFC 4861 6.1.1, F-32). */
bool teredo_is_solicitation(const struct teredo_packet *pkt, const u8 *icmp);

/* Read the Router Advertisement @icmp. Returns false if it is not valid, or does not have
 * exactly one prefix option. The prefix of 64 bits is not checked.
 */
bool teredo_parse_advert(struct teredo_advert *out,
			 const struct teredo_packet *pkt, const u8 *icmp);

#endif /* TEREDO_PARSE_H */
