#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tens of thousands of mutated datagrams to every role, also as if they came from the
# server, the relay and a trusted peer, while traffic flows: they are counted and dropped,
# no traffic is lost, and the roles still work (F-19..F-27, SEC-40, R-11, S-04).  The noise
# is in robust.py.

. "$(dirname "$0")/lib/lab.sh"

need python3 ping jq
need_teredo
bare_up restricted || skip_all "no laboratory"
plan 11

diagnose()
{
	lab_state
}

start_all()
{
	start_server ours && start_relay ours && start_client clia ours &&
	start_client clib ours && start_client bare ours
}

mapped()
{
	tool "$1" -j show | jq -r '.[0] | "\(.mapped.address) \(.mapped.port) \(.address)"'
}

# dropped NAME: print how many datagrams the device has counted as bad
dropped()
{
	tool "$1" -j show stats | jq '[.. | objects |
		.rx_truncated, .rx_malformed, .rx_trailer, .rx_misplaced, .rx_outer_source,
		.rx_inner_source, .rx_inner_dest, .rx_mapping, .rx_unknown_peer,
		.rx_not_served, .rx_solicitation_bad, .rx_no_controller,
		."rx-truncated", ."rx-malformed", ."rx-trailer", ."rx-misplaced",
		."rx-outer-source", ."rx-inner-source", ."rx-inner-dest", ."rx-mapping",
		."rx-unknown-peer", ."rx-not-served", ."rx-solicitation-bad",
		."rx-no-controller" | numbers] | add'
}

# noise TARGET_NAME TARGET_ADDRESS TARGET_PORT TEREDO_ADDRESS FROM_ADDRESS FROM_PORT
noise()
{
	local before after

	before=$(dropped "$1")
	on inet "$selftests/cast/robust.py" "${ns[inet]}" 10000 "${@:2}" || return
	after=$(steady dropped "$1")
	echo "$((after - before)) counted as dropped"
	((after - before > 1000))
}

check "all roles at work" start_all
read -r a_address a_port a < <(mapped clia)
read -r b_address b_port b < <(mapped clib)
read -r bare_address bare_port bare < <(mapped bare)
check "paths are open" eval "reaches clia $b && reaches clia $host &&
	reaches host $b && reaches bare $a"

overflow=$(overflowed)

for flow in "clia $b" "clia $host" "host $b" "clib $a"; do
	read -r from to <<<"$flow"
	flow_begins "$from" "$to"
done

check "noise at the server" noise srv $server 3544 2001:0:cb00:7101:: 192.0.2.14 4444
check "noise at the relay, as from a client" \
	noise rly $relay 3545 2001:db8:2::1 "$b_address" "$b_port"
check "noise at a client, as from its server" \
	noise bare "$bare_address" "$bare_port" "$bare" $server 3544
check "noise at a client, as from the relay" \
	noise bare "$bare_address" "$bare_port" "$bare" $relay 3545
check "noise at a client, as from its peer, through the NAT" \
	noise clia "$a_address" "$a_port" "$a" "$b_address" "$b_port"

lossless_flows()
{
	echo "queues overflowed $(($(overflowed) - overflow)) times"
	flows_end
}
check "none of the traffic was lost" lossless_flows

check "peers stay few" eval "tool bare -j show | jq -e '.[0].peers < 5000'"
check "still qualified" eval "tool bare -j show | jq -e '.[0].state == \"qualified\"' &&
	tool clia -j show | jq -e '.[0].state == \"qualified\"'"
check "first contacts still work (SEC-40)" eval "reaches bare $b && reaches bare $host &&
	reaches host $bare"
