/* SPDX-License-Identifier: GPL-2.0 */
/* Teredo on the wire: formats, numbers and limits. Compiled into the module, the tool and
 * the tests. All fields of several octets are in network byte order.
 */
#ifndef TEREDO_WIRE_H
#define TEREDO_WIRE_H

#ifdef __KERNEL__
#include <linux/in6.h>
#include <linux/types.h>
#include <asm/byteorder.h>
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <arpa/inet.h>
#include <netinet/in.h>
#include <linux/types.h>
typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
#ifndef __force
#define __force
#endif
#endif

#define TEREDO_PORT		3544		/* F-01 */
#define TEREDO_PREFIX		0x20010000U	/* 2001::/32, F-02 */
#define TEREDO_PREFIX_LEN	32
#define TEREDO_DISCOVERY_GROUP	0xe00000fdU	/* 224.0.0.253, F-03 */

/* The flags of a Teredo address, host byte order (F-07). */
#define TEREDO_FLAG_CONE	0x8000
#define TEREDO_FLAGS_RANDOM	0x3cff		/* RFC 5991 section 3.1 */

/* Lengths of the elements of a datagram, in octets (RFC 4380 5.1.1). */
#define TEREDO_ORIGIN_LEN	8		/* F-20 */
#define TEREDO_AUTH_MIN		13		/* F-22, no id, no value */
#define TEREDO_AUTH_MAX		523		/* F-21 */
#define TEREDO_NONCE_LEN	8
#define TEREDO_ID_MAX		255		/* F-21 */
#define TEREDO_AU_MAX		32		/* longest value of all algorithms */
#define TEREDO_IPV6_LEN		40
#define TEREDO_ICMP_LEN		8
#define TEREDO_RS_LEN		(TEREDO_IPV6_LEN + 8)
/* RA header, prefix information option, MTU option. */
#define TEREDO_RA_LEN		(TEREDO_IPV6_LEN + 16 + 32 + 8)
#define TEREDO_ECHO_LEN		(TEREDO_IPV6_LEN + TEREDO_ICMP_LEN + TEREDO_NONCE_LEN)

/* Largest UDP payload (F-35). */
#define TEREDO_PAYLOAD_LIMIT	65507

/* IPv4 and UDP around an inner packet. */
#define TEREDO_ENCAP_LEN	(20 + 8)

/* Largest ICMPv6 message that a server forwards, in octets of IPv6 payload
 * (S-26, D-26): enough for every connectivity test.
 */
#define TEREDO_SERVER_ICMP_MAX	88

#define TEREDO_NEXTHDR_ICMPV6	58
#define TEREDO_NEXTHDR_NONE	59

#define TEREDO_ICMP_ECHO_REQUEST 128
#define TEREDO_ICMP_ECHO_REPLY	129
#define TEREDO_ICMP_RS		133
#define TEREDO_ICMP_RA		134
#define TEREDO_ICMP_REDIRECT	137

#define TEREDO_OPT_PREFIX	3
#define TEREDO_OPT_MTU		5

#define TEREDO_MTU_MIN		1280		/* F-35 */

/* Types of trailers (RFC 6081 section 4). */
#define TEREDO_TRAILER_NONCE	0x01
#define TEREDO_TRAILER_ALTERNATE 0x03
#define TEREDO_TRAILER_ND	0x04
#define TEREDO_TRAILER_PORT	0x05
#define TEREDO_TRAILER_PORT_OLD	0x02		/* the registry's number for it (D-01) */
#define TEREDO_TRAILER_ACTION	0xc0		/* mask: action if the type is unknown */
#define TEREDO_TRAILER_DISCARD	0x40		/* action: drop the datagram (F-40) */

/* Limit of trailers that are read in one datagram, and limit of octets of trailers that it
 * may have. One of each type of RFC 6081 takes 44 octets in all (SEC-40).
 */
#define TEREDO_TRAILERS_MAX	16
#define TEREDO_TRAILERS_LEN_MAX	512

/* Longest ICMPv6 message that is read as a solicitation, in octets; a solicitation has a
 * few options at most.
 */
#define TEREDO_SOLICITATION_MAX	256

#endif /* TEREDO_WIRE_H */
