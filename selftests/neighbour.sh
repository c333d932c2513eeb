#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Local client discovery with hand-made datagrams: a client behind a NAT qualifies with our
# server; then neighbour.py takes the server's place, and plays honest and other neighbours
# on the client's link.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq ethtool
need_teredo
need_modules bridge
lab_up restricted restricted || skip_all "no laboratory"
{ share_lan && lan_host clic 10.1.0.3; } || skip_all "no laboratory"
# A checksum left to the card cannot be verified.
on clia ethtool -K eth0 tx off >/dev/null

diagnose()
{
	tool clia show
	tool clia show peers | head -n 30
	tool clia show stats
}

lone_client clia discovery on
results_from "$selftests/cast/neighbour.py" "${ns[srv]}" "${ns[clic]}" "${ns[clia]}" "$address" "$port"
