#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Combined roles, with hand-made datagrams: a server that relays, on one port (RFC 4380
# section 5.4.3), for clients known and unknown to its relay; then a host-specific relay
# beside it.  roles.py plays the clients and another server.

. "$(dirname "$0")/lib/lab.sh"

need python3
need_teredo
lab_up none none || skip_all "no laboratory"
nip inet -6 route replace 2001::/32 via 2001:db8:1::1
{
	tool srv add teredo0 mode server local $server server2 $server2 relaying on &&
	nip srv link set teredo0 up && nip srv -6 route add 2001::/32 dev teredo0
} || skip_all "no server"
role[srv]=ours

diagnose()
{
	lab_state
}

results_from "$selftests/cast/roles.py" "${ns[srv]}" "${ns[rly]}" "${ns[nata]}" "${ns[host]}" "${ns[inet]}"
