#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The demonstration for `make demo`: two clients behind NATs get IPv6 from a server, and
# talk to each other and, through a relay, to a native IPv6 host.

. "$(dirname "$0")/lib/lab.sh"

trap undo EXIT

title()
{
	printf '\n== %s\n' "$*"
}

# shown NAME COMMAND...: print the command as a user would type it, and run it
shown()
{
	local name=$1

	shift
	printf '%s$ %s\n' "$name" "$*"
	on "$name" "$@" 2>&1
}

die()
{
	echo "demo: $*" >&2
	lab_state >&2
	exit 1
}

need ping iperf3
need_teredo

title "Laboratory: a server, a relay, a native host, two clients behind NATs"
lab_up restricted restricted || die "no laboratory"
sed -n '/^#\t *clia/,/2001::\/32/s/^#\t*//p' "$selftests/lib/lab.sh"

title "Server and relay: configure, set up, done"
start_server ours || die "no server"
start_relay ours || die "no relay"
for name in srv rly; do
	shown $name teredo-tool show
done

title "Clients qualify"
for name in clia clib; do
	role[$name]=ours
	{
		shown $name teredo-tool add teredo0 mode client server "$server" &&
		shown $name ip link set teredo0 up &&
		shown $name teredo-tool run teredo0 --once
	} || die "$name does not qualify"
done
b=$(client_address clib) || die "no address"

title "Client to client"
shown clia ping -n -c 5 -i 0.3 "$b" || die "A does not reach B"

title "Client to native host"
shown clia ping -n -c 5 -i 0.3 "$host" || die "A does not reach the host"

title "TCP, client to client, 5 seconds"
serve_flow clib || die "no iperf3"
on clia iperf3 -c "$b" -t 5 -J >"$tmp/iperf3" || die "iperf3 failed"
jq -r '.end.sum_received |
	"\(.bits_per_second / 1e6 | floor) Mbit/s, \(.bytes / 1e6 | floor) MB"' \
	"$tmp/iperf3"
[[ ${VM_ACCEL:-} != tcg ]] ||
	echo "(on an emulated processor)"

title "What the client knows"
shown clia teredo-tool show
shown clia teredo-tool show peers
exit 0
