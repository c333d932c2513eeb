#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Local client discovery by hand-made datagrams: a client behind a NAT qualifies
# with our server; then neighbour.py takes the server's place, and plays honest
# and other neighbours of the client's link.

. "$(dirname "$0")/lab.sh"

need python3 jq ethtool
need_teredo
need_modules bridge
lab_up restricted restricted || skip_all "no laboratory"
{ share_lan && lan_host clic 10.1.0.3; } || skip_all "no laboratory"
# What is left to a card to fill in cannot be checked.
on clia ethtool -K eth0 tx off >/dev/null

diagnose()
{
	tool clia show
	tool clia show peers | head -n 30
	tool clia show stats
}

start_server ours || skip_all "no server"
{
	tool clia add teredo0 mode client server $server discovery on &&
	nip clia link set teredo0 up &&
	tool clia run teredo0 --once >/dev/null
} || skip_all "no qualification"
stop srv

read -r address port < <(tool clia -j show | jq -r '.[0] | "\(.address) \(.port)"')
results_from "$selftests/neighbour.py" "${ns[srv]}" "${ns[clic]}" "${ns[clia]}" "$address" "$port"
