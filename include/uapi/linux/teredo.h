/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	Documentation/netlink/specs/teredo.yaml */
/* YNL-GEN uapi header */

#ifndef _UAPI_LINUX_TEREDO_H
#define _UAPI_LINUX_TEREDO_H

#define TEREDO_GENL_NAME	"teredo"
#define TEREDO_GENL_VERSION	1

#define TEREDO_SERVER_NAME_MAX	1023
#define TEREDO_REASON_MAX	191
#define TEREDO_PAYLOAD_MAX	1472
#define TEREDO_KEY_MAX		255

/**
 * enum teredo_mode - Role of a device (RFC 4380 section 3).
 * @TEREDO_MODE_CLIENT: Teredo client (RFC 4380 section 5.2); needs a
 *   controller.
 * @TEREDO_MODE_RELAY: Router between the native IPv6 network and Teredo
 *   (section 5.4).
 * @TEREDO_MODE_HOST_RELAY: Relay that serves the local host only (section
 *   8.2).
 * @TEREDO_MODE_SERVER: Stateless server (section 5.3).
 * @TEREDO_MODE_MN: Mobile node of an m6t tunnel.
 * @TEREDO_MODE_GATEWAY: Gateway of an m6t tunnel.
 */
enum teredo_mode {
	TEREDO_MODE_CLIENT,
	TEREDO_MODE_RELAY,
	TEREDO_MODE_HOST_RELAY,
	TEREDO_MODE_SERVER,
	TEREDO_MODE_MN,
	TEREDO_MODE_GATEWAY,
};

/**
 * enum teredo_secure - Use of the authentication encapsulation (RFC 4380
 *   section 5.2.2). Nonces are used in any case; this is about shared secrets.
 *   A client's is for its controller.
 * @TEREDO_SECURE_OFF: A server does not look at its secrets and answers
 *   everybody. A client uses its secret if it has an id.
 * @TEREDO_SECURE_NONCE: A server checks solicitations with an identifier and
 *   answers those without one, too. A client does not use its secret.
 * @TEREDO_SECURE_REQUIRED: Solicitations and answers without a valid HMAC are
 *   refused.
 */
enum teredo_secure {
	TEREDO_SECURE_OFF,
	TEREDO_SECURE_NONCE,
	TEREDO_SECURE_REQUIRED,
};

/**
 * enum teredo_df - The DF bit of outer IPv4 headers (RFC 4380 section 5.1.2).
 * @TEREDO_DF_UNSET: Clear; datagrams larger than the path are sent in
 *   fragments.
 * @TEREDO_DF_SET: Set on data; senders learn the path MTU by Packet Too Big.
 */
enum teredo_df {
	TEREDO_DF_UNSET,
	TEREDO_DF_SET,
};

/**
 * enum teredo_state - State of the service on a device.
 * @TEREDO_STATE_DOWN: The link is down and no socket is open.
 * @TEREDO_STATE_STARTING: A client that is not qualified yet.
 * @TEREDO_STATE_QUALIFIED: A client with a Teredo address.
 * @TEREDO_STATE_OFFLINE: A client whose qualification failed.
 * @TEREDO_STATE_ACTIVE: A role without qualification, at work.
 */
enum teredo_state {
	TEREDO_STATE_DOWN,
	TEREDO_STATE_STARTING,
	TEREDO_STATE_QUALIFIED,
	TEREDO_STATE_OFFLINE,
	TEREDO_STATE_ACTIVE,
};

/**
 * enum teredo_nat - NAT in front of a client, as its controller found it.
 * @TEREDO_NAT_UNKNOWN: Not determined.
 * @TEREDO_NAT_NONE: The mapped address is a local one.
 * @TEREDO_NAT_CONE: Mapping and filtering do not depend on the peer.
 * @TEREDO_NAT_RESTRICTED: The mapping does not depend on the destination.
 * @TEREDO_NAT_SYMMETRIC: The mapping depends on the destination.
 */
enum teredo_nat {
	TEREDO_NAT_UNKNOWN,
	TEREDO_NAT_NONE,
	TEREDO_NAT_CONE,
	TEREDO_NAT_RESTRICTED,
	TEREDO_NAT_SYMMETRIC,
};

/**
 * enum teredo_peer_state - State of a peer (RFC 4380 section 5.2, X-70).
 * @TEREDO_PEER_STATE_PROBING: No direct path is confirmed; bubbles or echo
 *   requests are out.
 * @TEREDO_PEER_STATE_TRUSTED: The mapping was confirmed by a datagram from the
 *   peer.
 * @TEREDO_PEER_STATE_UNREACHABLE: All attempts remained without an answer.
 * @TEREDO_PEER_STATE_TEMPORARY: m6t gateway, state before the first answer of
 *   the home agent.
 * @TEREDO_PEER_STATE_ACTIVE: m6t gateway, confirmed state.
 */
enum teredo_peer_state {
	TEREDO_PEER_STATE_PROBING,
	TEREDO_PEER_STATE_TRUSTED,
	TEREDO_PEER_STATE_UNREACHABLE,
	TEREDO_PEER_STATE_TEMPORARY,
	TEREDO_PEER_STATE_ACTIVE,
};

/**
 * enum teredo_peer_kind - What a peer's IPv6 address belongs to.
 * @TEREDO_PEER_KIND_TEREDO: A Teredo client.
 * @TEREDO_PEER_KIND_NATIVE: A native IPv6 host, reached through a relay.
 * @TEREDO_PEER_KIND_LOCAL: A Teredo client on the same IPv4 link.
 * @TEREDO_PEER_KIND_MN: A mobile node of an m6t gateway.
 */
enum teredo_peer_kind {
	TEREDO_PEER_KIND_TEREDO,
	TEREDO_PEER_KIND_NATIVE,
	TEREDO_PEER_KIND_LOCAL,
	TEREDO_PEER_KIND_MN,
};

/**
 * enum teredo_peer_path - The way of the packets to a peer.
 * @TEREDO_PEER_PATH_DIRECT: To the mapped address of the peer or of its relay.
 * @TEREDO_PEER_PATH_LOCAL: To the local address of a peer on the same link.
 * @TEREDO_PEER_PATH_FALLBACK: Through the peer's server.
 */
enum teredo_peer_path {
	TEREDO_PEER_PATH_DIRECT,
	TEREDO_PEER_PATH_LOCAL,
	TEREDO_PEER_PATH_FALLBACK,
};

/**
 * enum teredo_peer_cause - Why a peer was added, changed or removed.
 * @TEREDO_PEER_CAUSE_PACKET: There is a packet to send to it.
 * @TEREDO_PEER_CAUSE_DATAGRAM: A datagram from it was received.
 * @TEREDO_PEER_CAUSE_HAND: The administrator requested it (peer-new,
 *   peer-del).
 * @TEREDO_PEER_CAUSE_DISCOVERY: Its discovery bubble was received (RFC 4380
 *   section 5.2.8).
 * @TEREDO_PEER_CAUSE_SILENCE: It does not answer, or not on the way that was
 *   in use.
 * @TEREDO_PEER_CAUSE_IDLE: Nothing was sent to it or came from it for long.
 * @TEREDO_PEER_CAUSE_EVICTED: It was evicted for another peer (SEC-25).
 * @TEREDO_PEER_CAUSE_FLUSH: The administrator removed all peers (peer-flush).
 * @TEREDO_PEER_CAUSE_ADDRESS: The device has another address, by which no peer
 *   knows it (C-61).
 * @TEREDO_PEER_CAUSE_LEFT: The device left the link on which discovery had
 *   found the peer.
 * @TEREDO_PEER_CAUSE_DOWN: The link went down.
 * @TEREDO_PEER_CAUSE_DEVICE: The device was deleted, or left the namespace, or
 *   came to it from another one, with its peers.
 */
enum teredo_peer_cause {
	TEREDO_PEER_CAUSE_PACKET,
	TEREDO_PEER_CAUSE_DATAGRAM,
	TEREDO_PEER_CAUSE_HAND,
	TEREDO_PEER_CAUSE_DISCOVERY,
	TEREDO_PEER_CAUSE_SILENCE,
	TEREDO_PEER_CAUSE_IDLE,
	TEREDO_PEER_CAUSE_EVICTED,
	TEREDO_PEER_CAUSE_FLUSH,
	TEREDO_PEER_CAUSE_ADDRESS,
	TEREDO_PEER_CAUSE_LEFT,
	TEREDO_PEER_CAUSE_DOWN,
	TEREDO_PEER_CAUSE_DEVICE,
};

/**
 * enum teredo_secret_state - State of a shared secret. A client whose
 *   solicitation has a valid HMAC gets an answer in any of them, the
 *   confirmation byte of which is the state.
 * @TEREDO_SECRET_STATE_VALID: The secret is good.
 * @TEREDO_SECRET_STATE_RENEW: The secret is good, but the client should obtain
 *   a new one.
 * @TEREDO_SECRET_STATE_REVOKED: The secret is not good any more.
 */
enum teredo_secret_state {
	TEREDO_SECRET_STATE_VALID,
	TEREDO_SECRET_STATE_RENEW,
	TEREDO_SECRET_STATE_REVOKED,
};

/**
 * enum teredo_algorithm - How authentication values are computed (RFC 4380
 *   section 5.2.2).
 * @TEREDO_ALGORITHM_HMAC_SHA1: HMAC with SHA-1, 20 octets; the RFC's own.
 * @TEREDO_ALGORITHM_HMAC_SHA256: HMAC with SHA-256, 32 octets.
 */
enum teredo_algorithm {
	TEREDO_ALGORITHM_HMAC_SHA1,
	TEREDO_ALGORITHM_HMAC_SHA256,
};

enum teredo_config_attr {
	TEREDO_A_CONFIG_MODE = 1,
	TEREDO_A_CONFIG_SERVER,
	TEREDO_A_CONFIG_SERVER2,
	TEREDO_A_CONFIG_SERVER_NAME,
	TEREDO_A_CONFIG_LOCAL,
	TEREDO_A_CONFIG_PORT,
	TEREDO_A_CONFIG_PREFIX,
	TEREDO_A_CONFIG_PREFIX_LEN,
	TEREDO_A_CONFIG_REFRESH,
	TEREDO_A_CONFIG_PEERS_MAX,
	TEREDO_A_CONFIG_QUEUE,
	TEREDO_A_CONFIG_TTL,
	TEREDO_A_CONFIG_MARK,
	TEREDO_A_CONFIG_DISCOVERY,
	TEREDO_A_CONFIG_SECURE,
	TEREDO_A_CONFIG_RELAYING,
	TEREDO_A_CONFIG_FALLBACK,
	TEREDO_A_CONFIG_GATEWAY,
	TEREDO_A_CONFIG_GATEWAY_PORT,
	TEREDO_A_CONFIG_ID,
	TEREDO_A_CONFIG_DF,
	TEREDO_A_CONFIG_TABLE,
	TEREDO_A_CONFIG_METRIC,

	__TEREDO_A_CONFIG_MAX
};
#define TEREDO_A_CONFIG_MAX (__TEREDO_A_CONFIG_MAX - 1)

enum teredo_stats {
	TEREDO_A_STATS_PAD = 1,
	TEREDO_A_STATS_RX_TRUNCATED,
	TEREDO_A_STATS_RX_MALFORMED,
	TEREDO_A_STATS_RX_TRAILER,
	TEREDO_A_STATS_RX_OUTER_SOURCE,
	TEREDO_A_STATS_RX_OUTER_DEST,
	TEREDO_A_STATS_RX_LOOP,
	TEREDO_A_STATS_RX_NOT_READY,
	TEREDO_A_STATS_RX_MISPLACED,
	TEREDO_A_STATS_RX_INNER_SOURCE,
	TEREDO_A_STATS_RX_INNER_DEST,
	TEREDO_A_STATS_RX_MAPPING,
	TEREDO_A_STATS_RX_UNKNOWN_PEER,
	TEREDO_A_STATS_RX_NOT_SERVED,
	TEREDO_A_STATS_RX_TOO_BIG,
	TEREDO_A_STATS_RX_SOLICITATION_BAD,
	TEREDO_A_STATS_RX_SECURE,
	TEREDO_A_STATS_RX_ECN,
	TEREDO_A_STATS_RX_NO_MEMORY,
	TEREDO_A_STATS_RX_LIMITED,
	TEREDO_A_STATS_RX_BUBBLE,
	TEREDO_A_STATS_RX_ECHO,
	TEREDO_A_STATS_RX_SOLICITATION,
	TEREDO_A_STATS_RX_CONTROLLER,
	TEREDO_A_STATS_RX_NO_CONTROLLER,
	TEREDO_A_STATS_RX_FORWARDED,
	TEREDO_A_STATS_RX_NATIVE,
	TEREDO_A_STATS_TX_INNER_SOURCE,
	TEREDO_A_STATS_TX_INNER_DEST,
	TEREDO_A_STATS_TX_NOT_GLOBAL,
	TEREDO_A_STATS_TX_NOT_READY,
	TEREDO_A_STATS_TX_TOO_BIG,
	TEREDO_A_STATS_TX_NO_ROUTE,
	TEREDO_A_STATS_TX_LOOP,
	TEREDO_A_STATS_TX_MALFORMED,
	TEREDO_A_STATS_TX_NO_MEMORY,
	TEREDO_A_STATS_TX_QUEUE_FULL,
	TEREDO_A_STATS_TX_UNREACHABLE,
	TEREDO_A_STATS_TX_PEER_LIMIT,
	TEREDO_A_STATS_TX_LIMITED,
	TEREDO_A_STATS_TX_BUBBLE,
	TEREDO_A_STATS_TX_ECHO,
	TEREDO_A_STATS_TX_ADVERTISEMENT,
	TEREDO_A_STATS_TX_ICMP,
	TEREDO_A_STATS_TX_CONTROL,
	TEREDO_A_STATS_PEERS_EXPIRED,
	TEREDO_A_STATS_RX_ICMP,
	TEREDO_A_STATS_RX_ICMP_CONTROL,
	TEREDO_A_STATS_RX_ICMP_SHORT,
	TEREDO_A_STATS_RX_ICMP_UNKNOWN,
	TEREDO_A_STATS_PEERS_EVICTED,
	TEREDO_A_STATS_TX_SITE_LIMIT,
	TEREDO_A_STATS_RX_DISCOVERY,
	TEREDO_A_STATS_TX_DISCOVERY,
	TEREDO_A_STATS_TX_REFUSED,
	TEREDO_A_STATS_TX_CONGESTED,
	TEREDO_A_STATS_TX_FORGOTTEN,
	TEREDO_A_STATS_TX_FAILED,
	TEREDO_A_STATS_TX_STRANGER_LIMIT,

	__TEREDO_A_STATS_MAX
};
#define TEREDO_A_STATS_MAX (__TEREDO_A_STATS_MAX - 1)

enum teredo_dev_attr {
	TEREDO_A_DEV_IFINDEX = 1,
	TEREDO_A_DEV_IFNAME,
	TEREDO_A_DEV_CONFIG,
	TEREDO_A_DEV_STATE,
	TEREDO_A_DEV_ADDRESS,
	TEREDO_A_DEV_MAPPED_ADDRESS,
	TEREDO_A_DEV_MAPPED_PORT,
	TEREDO_A_DEV_NAT,
	TEREDO_A_DEV_SERVER,
	TEREDO_A_DEV_SERVER2,
	TEREDO_A_DEV_PORT,
	TEREDO_A_DEV_LOCAL,
	TEREDO_A_DEV_MTU,
	TEREDO_A_DEV_PEERS,
	TEREDO_A_DEV_CONTROLLER,
	TEREDO_A_DEV_SERVER_IDLE,
	TEREDO_A_DEV_STATS,
	TEREDO_A_DEV_LINK_NETNSID,
	TEREDO_A_DEV_WITH_STATS,
	TEREDO_A_DEV_LEARNED_REFRESH,
	TEREDO_A_DEV_REASON,
	TEREDO_A_DEV_STATE_AGE,
	TEREDO_A_DEV_CONTROLLER_LEFT,
	TEREDO_A_DEV_SERVER_SENT,
	TEREDO_A_DEV_MTU_CONFIGURED,

	__TEREDO_A_DEV_MAX
};
#define TEREDO_A_DEV_MAX (__TEREDO_A_DEV_MAX - 1)

enum teredo_peer_attr {
	TEREDO_A_PEER_IFINDEX = 1,
	TEREDO_A_PEER_IFNAME,
	TEREDO_A_PEER_ADDRESS,
	TEREDO_A_PEER_MAPPED_ADDRESS,
	TEREDO_A_PEER_MAPPED_PORT,
	TEREDO_A_PEER_STATE,
	TEREDO_A_PEER_KIND,
	TEREDO_A_PEER_PATH,
	TEREDO_A_PEER_IDLE_RX,
	TEREDO_A_PEER_IDLE_TX,
	TEREDO_A_PEER_QUEUED,
	TEREDO_A_PEER_BUBBLES,
	TEREDO_A_PEER_PERMANENT,
	TEREDO_A_PEER_CAUSE,

	__TEREDO_A_PEER_MAX
};
#define TEREDO_A_PEER_MAX (__TEREDO_A_PEER_MAX - 1)

enum teredo_datagram_attr {
	TEREDO_A_DATAGRAM_IFINDEX = 1,
	TEREDO_A_DATAGRAM_IFNAME,
	TEREDO_A_DATAGRAM_ADDRESS,
	TEREDO_A_DATAGRAM_PORT,
	TEREDO_A_DATAGRAM_PAYLOAD,
	TEREDO_A_DATAGRAM_ICMP_FROM,
	TEREDO_A_DATAGRAM_ICMP_TYPE,
	TEREDO_A_DATAGRAM_ICMP_CODE,

	__TEREDO_A_DATAGRAM_MAX
};
#define TEREDO_A_DATAGRAM_MAX (__TEREDO_A_DATAGRAM_MAX - 1)

enum teredo_secret_attr {
	TEREDO_A_SECRET_IFINDEX = 1,
	TEREDO_A_SECRET_IFNAME,
	TEREDO_A_SECRET_ID,
	TEREDO_A_SECRET_KEY,
	TEREDO_A_SECRET_STATE,
	TEREDO_A_SECRET_ALGORITHM,
	TEREDO_A_SECRET_ONLY_NEW,

	__TEREDO_A_SECRET_MAX
};
#define TEREDO_A_SECRET_MAX (__TEREDO_A_SECRET_MAX - 1)

enum teredo_cmd {
	TEREDO_CMD_DEV_GET = 1,
	TEREDO_CMD_DEV_SET,
	TEREDO_CMD_DEV_NTF,
	TEREDO_CMD_PEER_GET,
	TEREDO_CMD_PEER_NEW,
	TEREDO_CMD_PEER_DEL,
	TEREDO_CMD_PEER_FLUSH,
	TEREDO_CMD_PEER_NTF,
	TEREDO_CMD_PEER_DEL_NTF,
	TEREDO_CMD_STATE_SET,
	TEREDO_CMD_CONTROL_BIND,
	TEREDO_CMD_CONTROL_SEND,
	TEREDO_CMD_CONTROL_RECV,
	TEREDO_CMD_SECRET_NEW,
	TEREDO_CMD_SECRET_DEL,
	TEREDO_CMD_SECRET_GET,
	TEREDO_CMD_DEV_DEL_NTF,
	TEREDO_CMD_CONTROL_ERROR,

	__TEREDO_CMD_MAX
};
#define TEREDO_CMD_MAX (__TEREDO_CMD_MAX - 1)

#define TEREDO_MCGRP_STATE	"state"
#define TEREDO_MCGRP_PEERS	"peers"

#endif /* _UAPI_LINUX_TEREDO_H */
