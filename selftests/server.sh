#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The server's rules (RFC 4380 section 5.3), with hand-made datagrams; the cases are in
# server.py.  server.sh miredo sends them to Miredo's server instead, as a check of the
# test; it is expected to fail where REQUIREMENTS differ from Miredo.

. "$(dirname "$0")/lib/lab.sh"

whose=${1:-ours}
need python3
[[ $whose = miredo ]] || need_teredo
lab_up none none || skip_all "no laboratory"
# For sources that a server must not answer: routed back, but not global
nip rly addr add 10.9.9.9/32 dev eth0
nip inet route add 10.9.9.9/32 via $relay
start_server "$whose" || skip_all "no server"

diagnose()
{
	lab_state
}

results_from "$selftests/cast/server.py" "${ns[srv]}" "${ns[rly]}" "${ns[nata]}" "${ns[host]}"
