#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What remote hosts can make grow, and how far: each limit in internals.rst has the value
# given there.  Under the debug kernel no time passes while something runs, so counts are
# exact.  A client without NAT, a relay, and a server beside it; limits.py plays everybody
# else.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
time_travels || skip_all "only where no time passes is at once at once"
bare_up none || skip_all "no laboratory"
start_relay ours || skip_all "no relay"
lone_client bare
{
	nip rly addr add 192.0.2.2/28 dev eth0 &&
	tool rly add srv0 mode server local "$relay" secure nonce && nip rly link set srv0 up &&
	echo secret | on rly teredo-tool secret add srv0 alice -
} || skip_all "no server"

diagnose()
{
	bare_state
	tool rly show stats
}

results_from "$selftests/cast/limits.py" "${ns[srv]}" "${ns[host]}" "${ns[rly]}" "${ns[bare]}" \
	"${ns[inet]}" "$address" "$port"
