// SPDX-License-Identifier: GPL-2.0
#include "text/names.h"

#include <stdio.h>
#include <string.h>
#include <linux/teredo.h>

#define NAMES(table) { table, sizeof(table) / sizeof((table)[0]) }

static const char *const modes[] = {
	[TEREDO_MODE_CLIENT]		= "client",
	[TEREDO_MODE_RELAY]		= "relay",
	[TEREDO_MODE_HOST_RELAY]	= "host-relay",
	[TEREDO_MODE_SERVER]		= "server",
	[TEREDO_MODE_MN]		= "mn",
	[TEREDO_MODE_GATEWAY]		= "gateway",
};

static const char *const secures[] = {
	[TEREDO_SECURE_OFF]		= "off",
	[TEREDO_SECURE_NONCE]		= "nonce",
	[TEREDO_SECURE_REQUIRED]	= "required",
};

static const char *const dfs[] = {
	[TEREDO_DF_UNSET]		= "unset",
	[TEREDO_DF_SET]			= "set",
};

static const char *const states[] = {
	[TEREDO_STATE_DOWN]		= "down",
	[TEREDO_STATE_STARTING]		= "starting",
	[TEREDO_STATE_QUALIFIED]	= "qualified",
	[TEREDO_STATE_OFFLINE]		= "offline",
	[TEREDO_STATE_ACTIVE]		= "active",
};

static const char *const nats[] = {
	[TEREDO_NAT_UNKNOWN]		= "unknown",
	[TEREDO_NAT_NONE]		= "none",
	[TEREDO_NAT_CONE]		= "cone",
	[TEREDO_NAT_RESTRICTED]		= "restricted",
	[TEREDO_NAT_SYMMETRIC]		= "symmetric",
};

static const char *const peer_states[] = {
	[TEREDO_PEER_STATE_PROBING]	= "probing",
	[TEREDO_PEER_STATE_TRUSTED]	= "trusted",
	[TEREDO_PEER_STATE_UNREACHABLE]	= "unreachable",
	[TEREDO_PEER_STATE_TEMPORARY]	= "temporary",
	[TEREDO_PEER_STATE_ACTIVE]	= "active",
};

static const char *const peer_kinds[] = {
	[TEREDO_PEER_KIND_TEREDO]	= "teredo",
	[TEREDO_PEER_KIND_NATIVE]	= "native",
	[TEREDO_PEER_KIND_LOCAL]	= "local",
	[TEREDO_PEER_KIND_MN]		= "mn",
};

static const char *const peer_paths[] = {
	[TEREDO_PEER_PATH_DIRECT]	= "direct",
	[TEREDO_PEER_PATH_LOCAL]	= "local",
	[TEREDO_PEER_PATH_FALLBACK]	= "fallback",
};

static const char *const peer_causes[] = {
	[TEREDO_PEER_CAUSE_PACKET]	= "packet",
	[TEREDO_PEER_CAUSE_DATAGRAM]	= "datagram",
	[TEREDO_PEER_CAUSE_HAND]	= "hand",
	[TEREDO_PEER_CAUSE_DISCOVERY]	= "discovery",
	[TEREDO_PEER_CAUSE_SILENCE]	= "silence",
	[TEREDO_PEER_CAUSE_IDLE]	= "idle",
	[TEREDO_PEER_CAUSE_EVICTED]	= "evicted",
	[TEREDO_PEER_CAUSE_FLUSH]	= "flush",
	[TEREDO_PEER_CAUSE_ADDRESS]	= "address",
	[TEREDO_PEER_CAUSE_LEFT]	= "left",
	[TEREDO_PEER_CAUSE_DOWN]	= "down",
	[TEREDO_PEER_CAUSE_DEVICE]	= "device",
};

static const char *const secret_states[] = {
	[TEREDO_SECRET_STATE_VALID]	= "valid",
	[TEREDO_SECRET_STATE_RENEW]	= "renew",
	[TEREDO_SECRET_STATE_REVOKED]	= "revoked",
};

static const char *const algorithms[] = {
	[TEREDO_ALGORITHM_HMAC_SHA1]	= "hmac-sha1",
	[TEREDO_ALGORITHM_HMAC_SHA256]	= "hmac-sha256",
};

static const char *const stats[] = {
	[TEREDO_A_STATS_RX_TRUNCATED]		= "rx-truncated",
	[TEREDO_A_STATS_RX_MALFORMED]		= "rx-malformed",
	[TEREDO_A_STATS_RX_TRAILER]		= "rx-trailer",
	[TEREDO_A_STATS_RX_OUTER_SOURCE]	= "rx-outer-source",
	[TEREDO_A_STATS_RX_OUTER_DEST]		= "rx-outer-dest",
	[TEREDO_A_STATS_RX_LOOP]		= "rx-loop",
	[TEREDO_A_STATS_RX_NOT_READY]		= "rx-not-ready",
	[TEREDO_A_STATS_RX_MISPLACED]		= "rx-misplaced",
	[TEREDO_A_STATS_RX_INNER_SOURCE]	= "rx-inner-source",
	[TEREDO_A_STATS_RX_INNER_DEST]		= "rx-inner-dest",
	[TEREDO_A_STATS_RX_MAPPING]		= "rx-mapping",
	[TEREDO_A_STATS_RX_UNKNOWN_PEER]	= "rx-unknown-peer",
	[TEREDO_A_STATS_RX_NOT_SERVED]		= "rx-not-served",
	[TEREDO_A_STATS_RX_TOO_BIG]		= "rx-too-big",
	[TEREDO_A_STATS_RX_SOLICITATION_BAD]	= "rx-solicitation-bad",
	[TEREDO_A_STATS_RX_SECURE]		= "rx-secure",
	[TEREDO_A_STATS_RX_ECN]			= "rx-ecn",
	[TEREDO_A_STATS_RX_NO_MEMORY]		= "rx-no-memory",
	[TEREDO_A_STATS_RX_LIMITED]		= "rx-limited",
	[TEREDO_A_STATS_RX_BUBBLE]		= "rx-bubble",
	[TEREDO_A_STATS_RX_ECHO]		= "rx-echo",
	[TEREDO_A_STATS_RX_SOLICITATION]	= "rx-solicitation",
	[TEREDO_A_STATS_RX_CONTROLLER]		= "rx-controller",
	[TEREDO_A_STATS_RX_NO_CONTROLLER]	= "rx-no-controller",
	[TEREDO_A_STATS_RX_FORWARDED]		= "rx-forwarded",
	[TEREDO_A_STATS_RX_NATIVE]		= "rx-native",
	[TEREDO_A_STATS_TX_INNER_SOURCE]	= "tx-inner-source",
	[TEREDO_A_STATS_TX_INNER_DEST]		= "tx-inner-dest",
	[TEREDO_A_STATS_TX_NOT_GLOBAL]		= "tx-not-global",
	[TEREDO_A_STATS_TX_NOT_READY]		= "tx-not-ready",
	[TEREDO_A_STATS_TX_TOO_BIG]		= "tx-too-big",
	[TEREDO_A_STATS_TX_NO_ROUTE]		= "tx-no-route",
	[TEREDO_A_STATS_TX_LOOP]		= "tx-loop",
	[TEREDO_A_STATS_TX_MALFORMED]		= "tx-malformed",
	[TEREDO_A_STATS_TX_NO_MEMORY]		= "tx-no-memory",
	[TEREDO_A_STATS_TX_QUEUE_FULL]		= "tx-queue-full",
	[TEREDO_A_STATS_TX_UNREACHABLE]		= "tx-unreachable",
	[TEREDO_A_STATS_TX_PEER_LIMIT]		= "tx-peer-limit",
	[TEREDO_A_STATS_TX_LIMITED]		= "tx-limited",
	[TEREDO_A_STATS_TX_BUBBLE]		= "tx-bubble",
	[TEREDO_A_STATS_TX_ECHO]		= "tx-echo",
	[TEREDO_A_STATS_TX_ADVERTISEMENT]	= "tx-advertisement",
	[TEREDO_A_STATS_TX_ICMP]		= "tx-icmp",
	[TEREDO_A_STATS_TX_CONTROL]		= "tx-control",
	[TEREDO_A_STATS_PEERS_EXPIRED]		= "peers-expired",
	[TEREDO_A_STATS_RX_ICMP]		= "rx-icmp",
	[TEREDO_A_STATS_RX_ICMP_CONTROL]	= "rx-icmp-control",
	[TEREDO_A_STATS_RX_ICMP_SHORT]		= "rx-icmp-short",
	[TEREDO_A_STATS_RX_ICMP_UNKNOWN]	= "rx-icmp-unknown",
	[TEREDO_A_STATS_PEERS_EVICTED]		= "peers-evicted",
	[TEREDO_A_STATS_TX_SITE_LIMIT]		= "tx-site-limit",
	[TEREDO_A_STATS_RX_DISCOVERY]		= "rx-discovery",
	[TEREDO_A_STATS_TX_DISCOVERY]		= "tx-discovery",
	[TEREDO_A_STATS_TX_REFUSED]		= "tx-refused",
	[TEREDO_A_STATS_TX_CONGESTED]		= "tx-congested",
	[TEREDO_A_STATS_TX_FORGOTTEN]		= "tx-forgotten",
	[TEREDO_A_STATS_TX_FAILED]		= "tx-failed",
	[TEREDO_A_STATS_TX_STRANGER_LIMIT]	= "tx-stranger-limit",
};

const struct names mode_names = NAMES(modes);
const struct names secure_names = NAMES(secures);
const struct names df_names = NAMES(dfs);
const struct names state_names = NAMES(states);
const struct names nat_names = NAMES(nats);
const struct names peer_state_names = NAMES(peer_states);
const struct names peer_kind_names = NAMES(peer_kinds);
const struct names peer_path_names = NAMES(peer_paths);
const struct names peer_cause_names = NAMES(peer_causes);
const struct names secret_state_names = NAMES(secret_states);
const struct names algorithm_names = NAMES(algorithms);
const struct names stats_names = NAMES(stats);

const char *name_of(const struct names *names, unsigned int value)
{
	static char number[16];

	if (value < names->count && names->name[value])
		return names->name[value];
	snprintf(number, sizeof(number), "%u", value);
	return number;
}

const char *names_list(const struct names *names)
{
	static char list[128];
	size_t i, used = 0;

	list[0] = 0;
	for (i = 0; i < names->count && used < sizeof(list); i++)
		if (names->name[i])
			used += snprintf(list + used, sizeof(list) - used,
					 "%s%s", used ? "|" : "",
					 names->name[i]);
	return list;
}

int name_find(const struct names *names, const char *name)
{
	size_t i;

	for (i = 0; i < names->count; i++)
		if (names->name[i] && !strcmp(names->name[i], name))
			return i;
	return -1;
}
