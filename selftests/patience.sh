#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Slow behaviour of a client, half a minute or five: which peers it still trusts, leaves
# alone, or forgets.  Two clients without NAT qualify with our server; then patience.py
# takes the server's place and waits.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"
ns_add small
wire small 198.51.100.49/28 - 198.51.100.62 -

diagnose()
{
	lab_state
	local name

	for name in bare small; do
		tool "$name" show
		tool "$name" show peers
		tool "$name" show stats
	done
}

# client NAME [OPTIONS...]: qualify a client
client()
{
	tool "$1" add teredo0 mode client server $server "${@:2}" &&
	nip "$1" link set teredo0 up &&
	tool "$1" run teredo0 --once >/dev/null
}

start_server ours
client bare || skip_all "no qualification"
client small peers-max 16 || skip_all "no qualification"
stop srv

# what NAME: print namespace, address and port
what()
{
	tool "$1" -j show | jq -r ".[0] | \"${ns[$1]} \\(.address) \\(.port)\""
}
read -ra bare < <(what bare)
read -ra small < <(what small)
results_from "$selftests/cast/patience.py" "${ns[srv]}" "${ns[rly]}" "${bare[@]}" "${small[@]}"
