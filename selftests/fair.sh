#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A sender that exceeds its share is limited; at the same moment, before any limit recovers,
# another one gets everything that it asks for.  A relay, a server beside it, and a client
# without NAT; fair.py plays everybody else.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"
start_relay ours || skip_all "no relay"
lone_client bare
{
	nip rly addr add 192.0.2.2/28 dev eth0 &&
	tool rly add srv0 mode server local "$relay" && nip rly link set srv0 up
} || skip_all "no server"

diagnose()
{
	bare_state
	tool rly show stats
	tool rly show peers | head -n 30
}

results_from "$selftests/cast/fair.py" "${ns[srv]}" "${ns[host]}" "${ns[rly]}" "${ns[bare]}" \
	"$address" "$port"
