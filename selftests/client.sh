#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The client's rules (RFC 4380 sections 5.2.3 to 5.2.9), with hand-made datagrams.  A client
# without NAT qualifies with our server; then client.py takes the server's place, plays
# peers and relays, and has sockets on the client.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"

diagnose()
{
	lab_state
	bare_state
}

lone_client bare
nip bare addr add 2001:db8:77::1/128 dev lo || skip_all "no address"
results_from "$selftests/cast/client.py" "${ns[srv]}" "${ns[rly]}" "${ns[bare]}" "$address" "$port"
