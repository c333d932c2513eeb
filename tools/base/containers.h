/* SPDX-License-Identifier: GPL-2.0 */
/* Plain structs between netlink and printing, without pointers.
 *
 * Addresses and ports are in network byte order, times in milliseconds. A bitmap named
 * `has` (or `set`) holds a bit for each attribute, numbered as in linux/teredo.h, that was
 * received (or is to be sent).
 */
#ifndef TEREDO_TOOL_CONTAINERS_H
#define TEREDO_TOOL_CONTAINERS_H

#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <linux/teredo.h>
#include "codec/wire.h"

#define BIT(n)		(1U << (n))

/* Return true if attribute TEREDO_A_<name> is there. */
#define CONFIG_HAS(c, name)	((c)->set & BIT(TEREDO_A_CONFIG_##name))
#define DEV_HAS(d, name)	((d)->has & BIT(TEREDO_A_DEV_##name))
#define PEER_HAS(p, name)	((p)->has & BIT(TEREDO_A_PEER_##name))

struct config {
	uint32_t set;
	uint8_t mode;
	uint8_t prefix_len;
	uint8_t ttl;
	uint8_t discovery;
	uint8_t secure;
	uint8_t relaying;
	uint8_t fallback;
	uint8_t df;
	__be16 port;
	__be16 gateway_port;
	__be32 server;
	__be32 server2;
	__be32 local;
	__be32 gateway;
	uint32_t refresh;
	uint32_t peers_max;
	uint32_t queue;
	uint32_t mark;
	uint32_t table;
	uint32_t metric;
	struct in6_addr prefix;
	char server_name[TEREDO_SERVER_NAME_MAX + 1];
	char id[256];
};

/* A UDP port on an IPv4 host. */
struct endpoint {
	__be32 addr;
	__be16 port;
};

struct device {
	uint32_t has;
	uint32_t ifindex;
	char ifname[IF_NAMESIZE];
	struct config config;
	uint8_t state;
	uint8_t nat;
	struct in6_addr address;
	struct endpoint mapped;
	__be32 server;
	__be32 server2;
	__be32 local;
	__be16 port;
	uint32_t mtu;
	uint32_t mtu_configured;	/* 0: mtu is */
	uint32_t peers;
	uint32_t controller;
	uint32_t server_idle;
	uint32_t server_sent;
	uint32_t state_age;	/* seconds, as the next one */
	uint32_t controller_left;
	int32_t link_netnsid;
	uint32_t learned_refresh;	/* seconds */
	char reason[TEREDO_REASON_MAX + 1];
	uint64_t stats_has;
	uint64_t stats[TEREDO_A_STATS_MAX + 1];
};

struct peer {
	uint32_t has;
	uint32_t ifindex;
	struct in6_addr address;
	struct endpoint mapped;
	uint8_t state;
	uint8_t kind;
	uint8_t path;
	uint32_t idle_rx;
	uint32_t idle_tx;
	uint32_t queued;
	uint32_t bubbles;
	uint8_t cause;		/* of an event */
};

/* A secret of a server, without its key */
struct secret {
	uint32_t has;
	uint8_t state;
	uint8_t algorithm;
	char id[TEREDO_ID_MAX + 1];
};

/* An ICMP error about a datagram that was sent */
struct rejection {
	__be32 from;		/* 0: there was none */
	uint8_t type;
	uint8_t code;
};

/* A datagram to the controller; or, without one, the reason why a solicitation was not sent, or
 * the error that rejected the one to @peer
 */
struct datagram {
	int error;		/* errno, 0 for a datagram */
	struct rejection rejected;
	struct endpoint peer;
	uint16_t len;
	uint8_t payload[TEREDO_PAYLOAD_MAX];
};

#endif /* TEREDO_TOOL_CONTAINERS_H */
