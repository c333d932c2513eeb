#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Errors from the network, and what senders get: real and forged ICMPv4 errors, path MTUs
# with and without DF, fragments, congestion marks, hooks of the stack, routing headers.  A
# client without NAT and a relay, both ours; icmp.py plays their peers, and forges errors.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq nft
need_teredo
need_modules nft_reject_inet nft_fib_inet
bare_up none || skip_all "no laboratory"

diagnose()
{
	lab_state
	tool bare show
	tool bare show peers
	tool bare show stats
}

lone_client bare
start_relay ours || skip_all "no relay"
results_from "$selftests/cast/icmp.py" "${ns[srv]}" "${ns[rly]}" "${ns[bare]}" "${ns[nata]}" \
	"${ns[host]}" "${ns[inet]}" "$address" "$port"
