#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The relay's rules (RFC 4380 section 5.4), with hand-made datagrams: relay.py plays the
# server and the clients, and has sockets on the native host.

. "$(dirname "$0")/lib/lab.sh"

need python3
need_teredo
lab_up none none || skip_all "no laboratory"
start_relay ours || skip_all "no relay"
# A prefix other than Teredo's, routed there by mistake
nip inet -6 route add 2001:db8:77::/48 via 2001:db8:3::1
nip rly -6 route add 2001:db8:77::/48 dev teredo0

diagnose()
{
	lab_state
}

results_from "$selftests/cast/relay.py" "${ns[srv]}" "${ns[nata]}" "${ns[host]}" "${ns[rly]}"
