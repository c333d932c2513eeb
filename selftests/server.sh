#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The server's rules (RFC 4380 section 5.3), by hand-made datagrams; the cases
# are in server.py.  server.sh miredo asks Miredo's server instead, which keeps
# the test honest; it is expected to fail where REQUIREMENTS depart from it.

. "$(dirname "$0")/lib/lab.sh"

whose=${1:-ours}
need python3
[[ $whose = miredo ]] || need_teredo
lab_up none none || skip_all "no laboratory"
# For senders that a server must not answer: routed back, and not global.
nip rly addr add 10.9.9.9/32 dev eth0
nip inet route add 10.9.9.9/32 via $relay
start_server "$whose" || skip_all "no server"

diagnose()
{
	lab_state
}

results_from "$selftests/cast/server.py" "${ns[srv]}" "${ns[rly]}" "${ns[nata]}" "${ns[host]}"
