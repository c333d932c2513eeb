/* SPDX-License-Identifier: GPL-2.0 */
/* What netlink messages are made of; tables.py makes it from teredo.yaml. */

static const struct attr config_attrs[] = {
	{ "mode", TEREDO_A_CONFIG_MODE, NUMBER, 1, 0U, 5U, NULL },
	{ "server", TEREDO_A_CONFIG_SERVER, IPV4, 4, 0U, 4294967295U, NULL },
	{ "server2", TEREDO_A_CONFIG_SERVER2, IPV4, 4, 0U, 4294967295U, NULL },
	{ "server-name", TEREDO_A_CONFIG_SERVER_NAME, STRING, 1023, 0U, 0U, NULL },
	{ "local", TEREDO_A_CONFIG_LOCAL, IPV4, 4, 0U, 4294967295U, NULL },
	{ "port", TEREDO_A_CONFIG_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "prefix", TEREDO_A_CONFIG_PREFIX, IPV6, 16, 0U, 0U, NULL },
	{ "prefix-len", TEREDO_A_CONFIG_PREFIX_LEN, NUMBER, 1, 0U, 128U, NULL },
	{ "refresh", TEREDO_A_CONFIG_REFRESH, NUMBER, 4, 1U, 3600U, NULL },
	{ "peers-max", TEREDO_A_CONFIG_PEERS_MAX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "queue", TEREDO_A_CONFIG_QUEUE, NUMBER, 4, 0U, 1024U, NULL },
	{ "ttl", TEREDO_A_CONFIG_TTL, NUMBER, 1, 0U, 255U, NULL },
	{ "mark", TEREDO_A_CONFIG_MARK, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "discovery", TEREDO_A_CONFIG_DISCOVERY, NUMBER, 1, 0U, 1U, NULL },
	{ "secure", TEREDO_A_CONFIG_SECURE, NUMBER, 1, 0U, 2U, NULL },
	{ "relaying", TEREDO_A_CONFIG_RELAYING, NUMBER, 1, 0U, 1U, NULL },
	{ "fallback", TEREDO_A_CONFIG_FALLBACK, NUMBER, 1, 0U, 1U, NULL },
	{ "gateway", TEREDO_A_CONFIG_GATEWAY, IPV4, 4, 0U, 4294967295U, NULL },
	{ "gateway-port", TEREDO_A_CONFIG_GATEWAY_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "id", TEREDO_A_CONFIG_ID, STRING, 255, 0U, 0U, NULL },
	{ "df", TEREDO_A_CONFIG_DF, NUMBER, 1, 0U, 1U, NULL },
	{ "table", TEREDO_A_CONFIG_TABLE, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "metric", TEREDO_A_CONFIG_METRIC, NUMBER, 4, 0U, 4294967295U, NULL },
};

static const struct attr_set config_set = { config_attrs, ARRAY_SIZE(config_attrs) };

static const struct attr stats_attrs[] = {
	{ "rx-truncated", TEREDO_A_STATS_RX_TRUNCATED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-malformed", TEREDO_A_STATS_RX_MALFORMED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-trailer", TEREDO_A_STATS_RX_TRAILER, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-outer-source", TEREDO_A_STATS_RX_OUTER_SOURCE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-outer-dest", TEREDO_A_STATS_RX_OUTER_DEST, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-loop", TEREDO_A_STATS_RX_LOOP, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-not-ready", TEREDO_A_STATS_RX_NOT_READY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-misplaced", TEREDO_A_STATS_RX_MISPLACED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-inner-source", TEREDO_A_STATS_RX_INNER_SOURCE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-inner-dest", TEREDO_A_STATS_RX_INNER_DEST, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-mapping", TEREDO_A_STATS_RX_MAPPING, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-unknown-peer", TEREDO_A_STATS_RX_UNKNOWN_PEER, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-not-served", TEREDO_A_STATS_RX_NOT_SERVED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-too-big", TEREDO_A_STATS_RX_TOO_BIG, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-solicitation-bad", TEREDO_A_STATS_RX_SOLICITATION_BAD, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-secure", TEREDO_A_STATS_RX_SECURE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-ecn", TEREDO_A_STATS_RX_ECN, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-no-memory", TEREDO_A_STATS_RX_NO_MEMORY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-limited", TEREDO_A_STATS_RX_LIMITED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-bubble", TEREDO_A_STATS_RX_BUBBLE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-echo", TEREDO_A_STATS_RX_ECHO, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-solicitation", TEREDO_A_STATS_RX_SOLICITATION, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-controller", TEREDO_A_STATS_RX_CONTROLLER, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-no-controller", TEREDO_A_STATS_RX_NO_CONTROLLER, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-forwarded", TEREDO_A_STATS_RX_FORWARDED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-native", TEREDO_A_STATS_RX_NATIVE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-inner-source", TEREDO_A_STATS_TX_INNER_SOURCE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-inner-dest", TEREDO_A_STATS_TX_INNER_DEST, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-not-global", TEREDO_A_STATS_TX_NOT_GLOBAL, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-not-ready", TEREDO_A_STATS_TX_NOT_READY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-too-big", TEREDO_A_STATS_TX_TOO_BIG, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-no-route", TEREDO_A_STATS_TX_NO_ROUTE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-loop", TEREDO_A_STATS_TX_LOOP, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-malformed", TEREDO_A_STATS_TX_MALFORMED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-no-memory", TEREDO_A_STATS_TX_NO_MEMORY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-queue-full", TEREDO_A_STATS_TX_QUEUE_FULL, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-unreachable", TEREDO_A_STATS_TX_UNREACHABLE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-peer-limit", TEREDO_A_STATS_TX_PEER_LIMIT, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-limited", TEREDO_A_STATS_TX_LIMITED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-bubble", TEREDO_A_STATS_TX_BUBBLE, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-echo", TEREDO_A_STATS_TX_ECHO, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-advertisement", TEREDO_A_STATS_TX_ADVERTISEMENT, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-icmp", TEREDO_A_STATS_TX_ICMP, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-control", TEREDO_A_STATS_TX_CONTROL, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "peers-expired", TEREDO_A_STATS_PEERS_EXPIRED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-icmp", TEREDO_A_STATS_RX_ICMP, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-icmp-control", TEREDO_A_STATS_RX_ICMP_CONTROL, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-icmp-short", TEREDO_A_STATS_RX_ICMP_SHORT, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-icmp-unknown", TEREDO_A_STATS_RX_ICMP_UNKNOWN, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "peers-evicted", TEREDO_A_STATS_PEERS_EVICTED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-site-limit", TEREDO_A_STATS_TX_SITE_LIMIT, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "rx-discovery", TEREDO_A_STATS_RX_DISCOVERY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-discovery", TEREDO_A_STATS_TX_DISCOVERY, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-refused", TEREDO_A_STATS_TX_REFUSED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-congested", TEREDO_A_STATS_TX_CONGESTED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-forgotten", TEREDO_A_STATS_TX_FORGOTTEN, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-failed", TEREDO_A_STATS_TX_FAILED, NUMBER, 8, 0U, 4294967295U, NULL },
	{ "tx-stranger-limit", TEREDO_A_STATS_TX_STRANGER_LIMIT, NUMBER, 8, 0U, 4294967295U, NULL },
};

static const struct attr_set stats_set = { stats_attrs, ARRAY_SIZE(stats_attrs) };

static const struct attr dev_attrs[] = {
	{ "ifindex", TEREDO_A_DEV_IFINDEX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "ifname", TEREDO_A_DEV_IFNAME, STRING, 15, 0U, 0U, NULL },
	{ "config", TEREDO_A_DEV_CONFIG, NEST, 0, 0U, 0U, &config_set },
	{ "state", TEREDO_A_DEV_STATE, NUMBER, 1, 0U, 4U, NULL },
	{ "address", TEREDO_A_DEV_ADDRESS, IPV6, 16, 0U, 0U, NULL },
	{ "mapped-address", TEREDO_A_DEV_MAPPED_ADDRESS, IPV4, 4, 0U, 4294967295U, NULL },
	{ "mapped-port", TEREDO_A_DEV_MAPPED_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "nat", TEREDO_A_DEV_NAT, NUMBER, 1, 0U, 4U, NULL },
	{ "server", TEREDO_A_DEV_SERVER, IPV4, 4, 0U, 4294967295U, NULL },
	{ "server2", TEREDO_A_DEV_SERVER2, IPV4, 4, 0U, 4294967295U, NULL },
	{ "port", TEREDO_A_DEV_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "local", TEREDO_A_DEV_LOCAL, IPV4, 4, 0U, 4294967295U, NULL },
	{ "mtu", TEREDO_A_DEV_MTU, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "peers", TEREDO_A_DEV_PEERS, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "controller", TEREDO_A_DEV_CONTROLLER, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "server-idle", TEREDO_A_DEV_SERVER_IDLE, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "stats", TEREDO_A_DEV_STATS, NEST, 0, 0U, 0U, &stats_set },
	{ "link-netnsid", TEREDO_A_DEV_LINK_NETNSID, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "with-stats", TEREDO_A_DEV_WITH_STATS, FLAG, 0, 0U, 0U, NULL },
	{ "learned-refresh", TEREDO_A_DEV_LEARNED_REFRESH, NUMBER, 4, 0U, 3600U, NULL },
	{ "reason", TEREDO_A_DEV_REASON, STRING, 191, 0U, 0U, NULL },
	{ "state-age", TEREDO_A_DEV_STATE_AGE, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "controller-left", TEREDO_A_DEV_CONTROLLER_LEFT, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "server-sent", TEREDO_A_DEV_SERVER_SENT, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "mtu-configured", TEREDO_A_DEV_MTU_CONFIGURED, NUMBER, 4, 0U, 4294967295U, NULL },
};

static const struct attr_set dev_set = { dev_attrs, ARRAY_SIZE(dev_attrs) };

static const struct attr peer_attrs[] = {
	{ "ifindex", TEREDO_A_PEER_IFINDEX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "ifname", TEREDO_A_PEER_IFNAME, STRING, 15, 0U, 0U, NULL },
	{ "address", TEREDO_A_PEER_ADDRESS, IPV6, 16, 0U, 0U, NULL },
	{ "mapped-address", TEREDO_A_PEER_MAPPED_ADDRESS, IPV4, 4, 0U, 4294967295U, NULL },
	{ "mapped-port", TEREDO_A_PEER_MAPPED_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "state", TEREDO_A_PEER_STATE, NUMBER, 1, 0U, 4U, NULL },
	{ "kind", TEREDO_A_PEER_KIND, NUMBER, 1, 0U, 3U, NULL },
	{ "path", TEREDO_A_PEER_PATH, NUMBER, 1, 0U, 2U, NULL },
	{ "idle-rx", TEREDO_A_PEER_IDLE_RX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "idle-tx", TEREDO_A_PEER_IDLE_TX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "queued", TEREDO_A_PEER_QUEUED, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "bubbles", TEREDO_A_PEER_BUBBLES, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "permanent", TEREDO_A_PEER_PERMANENT, FLAG, 0, 0U, 0U, NULL },
	{ "cause", TEREDO_A_PEER_CAUSE, NUMBER, 1, 0U, 11U, NULL },
};

static const struct attr_set peer_set = { peer_attrs, ARRAY_SIZE(peer_attrs) };

static const struct attr datagram_attrs[] = {
	{ "ifindex", TEREDO_A_DATAGRAM_IFINDEX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "ifname", TEREDO_A_DATAGRAM_IFNAME, STRING, 15, 0U, 0U, NULL },
	{ "address", TEREDO_A_DATAGRAM_ADDRESS, IPV4, 4, 0U, 4294967295U, NULL },
	{ "port", TEREDO_A_DATAGRAM_PORT, NUMBER, 2, 0U, 65535U, NULL },
	{ "payload", TEREDO_A_DATAGRAM_PAYLOAD, BINARY, 0, 0U, 0U, NULL },
	{ "icmp-from", TEREDO_A_DATAGRAM_ICMP_FROM, IPV4, 4, 0U, 4294967295U, NULL },
	{ "icmp-type", TEREDO_A_DATAGRAM_ICMP_TYPE, NUMBER, 1, 0U, 255U, NULL },
	{ "icmp-code", TEREDO_A_DATAGRAM_ICMP_CODE, NUMBER, 1, 0U, 255U, NULL },
};

static const struct attr_set datagram_set = { datagram_attrs, ARRAY_SIZE(datagram_attrs) };

static const struct attr secret_attrs[] = {
	{ "ifindex", TEREDO_A_SECRET_IFINDEX, NUMBER, 4, 0U, 4294967295U, NULL },
	{ "ifname", TEREDO_A_SECRET_IFNAME, STRING, 15, 0U, 0U, NULL },
	{ "id", TEREDO_A_SECRET_ID, STRING, 255, 0U, 0U, NULL },
	{ "key", TEREDO_A_SECRET_KEY, BINARY, 0, 0U, 0U, NULL },
	{ "state", TEREDO_A_SECRET_STATE, NUMBER, 1, 0U, 2U, NULL },
	{ "algorithm", TEREDO_A_SECRET_ALGORITHM, NUMBER, 1, 0U, 1U, NULL },
	{ "only-new", TEREDO_A_SECRET_ONLY_NEW, FLAG, 0, 0U, 0U, NULL },
};

static const struct attr_set secret_set = { secret_attrs, ARRAY_SIZE(secret_attrs) };

static const unsigned short dev_get_do[] = {
	TEREDO_A_DEV_IFINDEX,
	TEREDO_A_DEV_IFNAME,
	TEREDO_A_DEV_WITH_STATS,
};

static const unsigned short dev_get_dump[] = {
	TEREDO_A_DEV_WITH_STATS,
};

static const unsigned short dev_set_do[] = {
	TEREDO_A_DEV_IFINDEX,
	TEREDO_A_DEV_IFNAME,
	TEREDO_A_DEV_CONFIG,
};

static const unsigned short peer_get_do[] = {
	TEREDO_A_PEER_IFINDEX,
	TEREDO_A_PEER_IFNAME,
	TEREDO_A_PEER_ADDRESS,
};

static const unsigned short peer_get_dump[] = {
	TEREDO_A_PEER_IFINDEX,
	TEREDO_A_PEER_IFNAME,
	TEREDO_A_PEER_ADDRESS,
	TEREDO_A_PEER_STATE,
};

static const unsigned short peer_new_do[] = {
	TEREDO_A_PEER_IFINDEX,
	TEREDO_A_PEER_IFNAME,
	TEREDO_A_PEER_ADDRESS,
	TEREDO_A_PEER_MAPPED_ADDRESS,
	TEREDO_A_PEER_MAPPED_PORT,
	TEREDO_A_PEER_PERMANENT,
};

static const unsigned short peer_del_do[] = {
	TEREDO_A_PEER_IFINDEX,
	TEREDO_A_PEER_IFNAME,
	TEREDO_A_PEER_ADDRESS,
};

static const unsigned short peer_flush_do[] = {
	TEREDO_A_PEER_IFINDEX,
	TEREDO_A_PEER_IFNAME,
};

static const unsigned short state_set_do[] = {
	TEREDO_A_DEV_IFINDEX,
	TEREDO_A_DEV_IFNAME,
	TEREDO_A_DEV_STATE,
	TEREDO_A_DEV_ADDRESS,
	TEREDO_A_DEV_MAPPED_ADDRESS,
	TEREDO_A_DEV_MAPPED_PORT,
	TEREDO_A_DEV_NAT,
	TEREDO_A_DEV_SERVER,
	TEREDO_A_DEV_SERVER2,
	TEREDO_A_DEV_LEARNED_REFRESH,
	TEREDO_A_DEV_REASON,
	TEREDO_A_DEV_MTU_CONFIGURED,
};

static const unsigned short control_bind_do[] = {
	TEREDO_A_DEV_IFINDEX,
	TEREDO_A_DEV_IFNAME,
};

static const unsigned short control_send_do[] = {
	TEREDO_A_DATAGRAM_IFINDEX,
	TEREDO_A_DATAGRAM_IFNAME,
	TEREDO_A_DATAGRAM_ADDRESS,
	TEREDO_A_DATAGRAM_PORT,
	TEREDO_A_DATAGRAM_PAYLOAD,
};

static const unsigned short secret_new_do[] = {
	TEREDO_A_SECRET_IFINDEX,
	TEREDO_A_SECRET_IFNAME,
	TEREDO_A_SECRET_ID,
	TEREDO_A_SECRET_KEY,
	TEREDO_A_SECRET_STATE,
	TEREDO_A_SECRET_ALGORITHM,
	TEREDO_A_SECRET_ONLY_NEW,
};

static const unsigned short secret_del_do[] = {
	TEREDO_A_SECRET_IFINDEX,
	TEREDO_A_SECRET_IFNAME,
	TEREDO_A_SECRET_ID,
};

static const unsigned short secret_get_dump[] = {
	TEREDO_A_SECRET_IFINDEX,
	TEREDO_A_SECRET_IFNAME,
};

static const struct command commands[] = {
	{ "dev-get", TEREDO_CMD_DEV_GET, false, &dev_set, dev_get_do, ARRAY_SIZE(dev_get_do) },
	{ "dev-get", TEREDO_CMD_DEV_GET, true, &dev_set, dev_get_dump, ARRAY_SIZE(dev_get_dump) },
	{ "dev-set", TEREDO_CMD_DEV_SET, false, &dev_set, dev_set_do, ARRAY_SIZE(dev_set_do) },
	{ "peer-get", TEREDO_CMD_PEER_GET, false, &peer_set, peer_get_do, ARRAY_SIZE(peer_get_do) },
	{ "peer-get", TEREDO_CMD_PEER_GET, true, &peer_set, peer_get_dump, ARRAY_SIZE(peer_get_dump) },
	{ "peer-new", TEREDO_CMD_PEER_NEW, false, &peer_set, peer_new_do, ARRAY_SIZE(peer_new_do) },
	{ "peer-del", TEREDO_CMD_PEER_DEL, false, &peer_set, peer_del_do, ARRAY_SIZE(peer_del_do) },
	{ "peer-flush", TEREDO_CMD_PEER_FLUSH, false, &peer_set, peer_flush_do, ARRAY_SIZE(peer_flush_do) },
	{ "state-set", TEREDO_CMD_STATE_SET, false, &dev_set, state_set_do, ARRAY_SIZE(state_set_do) },
	{ "control-bind", TEREDO_CMD_CONTROL_BIND, false, &dev_set, control_bind_do, ARRAY_SIZE(control_bind_do) },
	{ "control-send", TEREDO_CMD_CONTROL_SEND, false, &datagram_set, control_send_do, ARRAY_SIZE(control_send_do) },
	{ "secret-new", TEREDO_CMD_SECRET_NEW, false, &secret_set, secret_new_do, ARRAY_SIZE(secret_new_do) },
	{ "secret-del", TEREDO_CMD_SECRET_DEL, false, &secret_set, secret_del_do, ARRAY_SIZE(secret_del_do) },
	{ "secret-get", TEREDO_CMD_SECRET_GET, true, &secret_set, secret_get_dump, ARRAY_SIZE(secret_get_dump) },
};
