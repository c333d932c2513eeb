/* SPDX-License-Identifier: GPL-2.0 */
/* Names of values; generate.sh makes it from teredo.yaml. */

#define TEREDO_STATS_NAMES(each, last) \
	each(RX_TRUNCATED, "rx-truncated") \
	each(RX_MALFORMED, "rx-malformed") \
	each(RX_TRAILER, "rx-trailer") \
	each(RX_OUTER_SOURCE, "rx-outer-source") \
	each(RX_OUTER_DEST, "rx-outer-dest") \
	each(RX_LOOP, "rx-loop") \
	each(RX_NOT_READY, "rx-not-ready") \
	each(RX_MISPLACED, "rx-misplaced") \
	each(RX_INNER_SOURCE, "rx-inner-source") \
	each(RX_INNER_DEST, "rx-inner-dest") \
	each(RX_MAPPING, "rx-mapping") \
	each(RX_UNKNOWN_PEER, "rx-unknown-peer") \
	each(RX_NOT_SERVED, "rx-not-served") \
	each(RX_TOO_BIG, "rx-too-big") \
	each(RX_SOLICITATION_BAD, "rx-solicitation-bad") \
	each(RX_SECURE, "rx-secure") \
	each(RX_ECN, "rx-ecn") \
	each(RX_NO_MEMORY, "rx-no-memory") \
	each(RX_LIMITED, "rx-limited") \
	each(RX_BUBBLE, "rx-bubble") \
	each(RX_ECHO, "rx-echo") \
	each(RX_SOLICITATION, "rx-solicitation") \
	each(RX_CONTROLLER, "rx-controller") \
	each(RX_NO_CONTROLLER, "rx-no-controller") \
	each(RX_FORWARDED, "rx-forwarded") \
	each(RX_NATIVE, "rx-native") \
	each(TX_INNER_SOURCE, "tx-inner-source") \
	each(TX_INNER_DEST, "tx-inner-dest") \
	each(TX_NOT_GLOBAL, "tx-not-global") \
	each(TX_NOT_READY, "tx-not-ready") \
	each(TX_TOO_BIG, "tx-too-big") \
	each(TX_NO_ROUTE, "tx-no-route") \
	each(TX_LOOP, "tx-loop") \
	each(TX_MALFORMED, "tx-malformed") \
	each(TX_NO_MEMORY, "tx-no-memory") \
	each(TX_QUEUE_FULL, "tx-queue-full") \
	each(TX_UNREACHABLE, "tx-unreachable") \
	each(TX_PEER_LIMIT, "tx-peer-limit") \
	each(TX_LIMITED, "tx-limited") \
	each(TX_BUBBLE, "tx-bubble") \
	each(TX_ECHO, "tx-echo") \
	each(TX_ADVERTISEMENT, "tx-advertisement") \
	each(TX_ICMP, "tx-icmp") \
	each(TX_CONTROL, "tx-control") \
	each(PEERS_EXPIRED, "peers-expired") \
	each(RX_ICMP, "rx-icmp") \
	each(RX_ICMP_CONTROL, "rx-icmp-control") \
	each(RX_ICMP_SHORT, "rx-icmp-short") \
	each(RX_ICMP_UNKNOWN, "rx-icmp-unknown") \
	each(PEERS_EVICTED, "peers-evicted") \
	each(TX_SITE_LIMIT, "tx-site-limit") \
	each(RX_DISCOVERY, "rx-discovery") \
	each(TX_DISCOVERY, "tx-discovery") \
	each(TX_REFUSED, "tx-refused") \
	each(TX_CONGESTED, "tx-congested") \
	each(TX_FORGOTTEN, "tx-forgotten") \
	each(TX_FAILED, "tx-failed") \
	last(TX_STRANGER_LIMIT, "tx-stranger-limit")

#define TEREDO_PEER_STATE_NAMES(each, last) \
	each(PROBING, "probing") \
	each(TRUSTED, "trusted") \
	each(UNREACHABLE, "unreachable") \
	each(TEMPORARY, "temporary") \
	last(ACTIVE, "active")
