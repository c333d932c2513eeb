#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Minimum and maximum times: when a silent peer is asked for a sign of life, how often, and
# how long it is trusted; when a peer that does not answer is asked again; how long a nonce
# is valid; when unused peers are forgotten.  It takes minutes of the protocol's clock,
# which pass at once under the debug kernel.  A client without NAT; times.py plays its peers
# and its server.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
time_travels || skip_all "minutes take minutes here"
bare_up none || skip_all "no laboratory"

diagnose()
{
	bare_state
}

lone_client bare
results_from "$selftests/cast/times.py" "${ns[srv]}" "${ns[rly]}" "${ns[bare]}" "${ns[inet]}" \
	"$address" "$port"
