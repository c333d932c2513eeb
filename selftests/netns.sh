#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The story: how Teredo is meant to be used, from the first link to the last, in the
# laboratory of lab.sh.  Read it from top to bottom; each chapter needs the ones before.

. "$(dirname "$0")/lib/lab.sh"

need ping iperf3 jq
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 41

diagnose()
{
	lab_state
}

# shows NAME FILTER [ARGUMENTS...]: a jq condition about teredo-tool's JSON, of `show peers`
# unless there are arguments, is true
shows()
{
	local name=$1 filter=$2

	shift 2
	tool "$name" -j show "$@" | tee "$tmp/json" | jq -e "$filter" >/dev/null && return
	cat "$tmp/json"
	return 1
}

#
# The server: two addresses, no state
#

check "a server: add" tool srv add teredo0 mode server local $server server2 $server2
check "a server: it does nothing while down" shows srv '.[0].state == "down"'
check "a server: set up, done" nip srv link set teredo0 up
check "a server: active on port 3544 (S-01)" \
	shows srv '.[0] | .state == "active" and .mode == "server" and .port == 3544'
role[srv]=ours

#
# The relay: a route is all it needs
#

check "a relay" start_relay ours
check "a relay: active (R-01)" \
	shows rly '.[0] | .state == "active" and .mode == "relay" and .port == 3545'

#
# Clients
#

role[clia]=ours
check "a client: add" tool clia add teredo0 mode client server $server
check "a client: set up" nip clia link set teredo0 up
check "a client: not qualified without a controller (C-10)" \
	shows clia '.[0] | .state == "starting" and .controller == false'
check_fails "a client: sends nothing yet (C-56)" on clia ping -c 1 -W 1 "$host"
check "a client: qualifies (C-12..C-21)" tool clia run teredo0 --once
a=$(client_address clia)
check "a client: knows its mapping and its address (C-01, C-07, C-17, C-21)" \
	shows clia ".[0] | .state == \"qualified\" and .address == \"$a\" and
		.mapped.address == \"198.51.100.1\" and .server == \"$server\" and
		.server2 == \"$server2\" and .refresh == 30 and
		.nat == \"restricted\" and .mtu == 1280"
check "a client: has a default route (C-64)" \
	eval "nip clia -6 route show default | grep 'dev teredo0'"
second()
{
	role[clib]=ours
	tool clib add teredo0 mode client server $server &&
	nip clib link set teredo0 up && tool clib run teredo0 --once
}
check "a second client" second
b=$(client_address clib)
say "client A is $a, client B is $b"

#
# They meet.  Not one packet of the first contact is lost: early ones are held (C-51, C-54).
#

check "A reaches B, and nothing is lost meanwhile" lossless clia "$b" 50
check "B reaches A" lossless clib "$a"
check "A takes the direct path (C-40)" \
	shows clia "map(select(.address == \"$b\")) | .[0] | .state == \"trusted\" and
		.path == \"direct\" and .kind == \"teredo\" and
		.mapped.address == \"198.51.100.17\" and .queued == 0" peers
check "A reaches the native host, and nothing is lost meanwhile" lossless clia "$host" 50
check "A knows the host by its relay (C-39)" \
	shows clia "map(select(.address == \"$host\")) | .[0] | .state == \"trusted\" and
		.kind == \"native\" and .mapped.address == \"$relay\" and
		.mapped.port == 3545" peers
check "the native host reaches B (R-02)" lossless host "$b" 50
check "the relay knows A and B (R-01)" shows rly \
	"map(select(.state == \"trusted\") | .address) | contains([\"$a\", \"$b\"])" peers

tcp()
{
	local from=$1 to=$2 address=$3

	serve_flow "$to" || return
	if ! on "$from" iperf3 -c "$address" -t 2 "${pace[@]}" -J >"$tmp/iperf3"; then
		cat "$tmp/iperf3"
		return 1
	fi
	say "$from to $to: $(jq '.end.sum_received.bits_per_second / 1e6 | floor' \
		"$tmp/iperf3") Mbit/s"
}
check "TCP, A to B" tcp clia clib "$b"
say "${output#\# }"
check "TCP, A to the host" tcp clia host "$host"
say "${output#\# }"
check "TCP, the host to B" tcp host clib "$b"
say "${output#\# }"
check "after all that, nothing is lost" lossless clia "$b"

#
# Unused addresses
#

# says_unreachable NAME ADDRESS [SECONDS]: the sender gets an error
says_unreachable()
{
	on "$1" ping -n -c 1 -W "${3:-15}" "$2" | tee "$tmp/ping"
	grep -i 'unreachable\|prohibited' "$tmp/ping"
}
check "a client that does not answer: address unreachable, in time (C-55)" \
	says_unreachable clia 2001:0:cb00:7101:0:efff:39cc:9bf5
check "a native host that does not answer (C-48, C-55)" \
	says_unreachable clia 2001:db8:2::99
check "an address with a private mapping is not tried (C-53)" \
	eval "! on clia ping -n -c 1 -W 1 2001:0:cb00:7101:0:efff:f5fe:fefd"
check "a client that does not answer a relay (R-08, R-30)" \
	says_unreachable host 2001:0:cb00:7101:0:efff:39cc:9bf4
check "packets above the MTU are told so (C-57)" \
	eval "on clia ping -n -c 1 -W 2 -M do -s 1400 '$b' 2>&1 | grep -i 'too long\|mtu'"

#
# The controller may end, packets still pass (DESIGN, Who does what)
#

controller_running()
{
	shows clib '.[0].controller == true'
}
client_run clib
check "a controller adopts the client as it is" eval "wait_for 10 controller_running &&
	[[ \$(client_address clib) = '$b' ]]"
spawn clia ping -n -q -i 0.05 -c 60 -W 2 "$b" >"$tmp/hitless" 2>&1
ping=$spawned
kill -9 "${daemon[clib]}"
wait "${daemon[clib]}" 2>/dev/null
check "it is killed" wait_for 10 shows clib '.[0].controller == false'
client_run clib
check "the next one takes over" wait_for 10 controller_running
check "and no packet was lost" eval "wait $ping; grep '60 received' $tmp/hitless"
kill "${daemon[clib]}"
check "a controller that ends takes the address back" \
	eval "wait_for 10 gone ${daemon[clib]}; ! client_address clib"
check "but not the link, which qualifies again" eval "tool clib run teredo0 --once &&
	wait_for 5 client_address clib"
b=$(client_address clib)

#
# The server may go, too: it has no state, and peers talk directly
#

check "A reaches B's new address" reaches clia "$b"
stop srv
check "without a server: what is open stays open" lossless clia "$b" 100
check "the server comes back" start_server ours
check "and a third party can be met" \
	eval "nip clib link set teredo0 down && nip clib link set teredo0 up &&
		tool clib run teredo0 --once && reaches clib '$a'"

#
# A link may live in another namespace than its socket
#

inner()
{
	ns_add inner && nip inner link set lo up &&
	nip clia link set teredo0 netns "${ns[inner]}" &&
	nip inner link set teredo0 up &&
	tool inner run teredo0 --once &&
	reaches inner "$(client_address clib)"
}
check "A's link in a namespace without any other (SEC-42)" inner
