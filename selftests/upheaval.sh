#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Under full traffic, parts are removed: the link, its namespace, the device below it, its
# controller, its peers, its configuration.  First one after another, then all at once, by a
# process each, for TEREDO_UPHEAVAL seconds (60), or, where time only passes while nothing
# runs, for so many rounds (2) each.  Nothing hangs; everything works again afterwards; and
# when the module is unloaded, no object that it made is left: it counts them
# (kernel/base/ledger.h).
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lib/lab.sh"

need iperf3 jq ping python3
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 15

if time_travels; then
	duration=3600 rounds=${TEREDO_UPHEAVAL:-2} times=2 rest=1
else
	duration=${TEREDO_UPHEAVAL:-60} rounds=1000000 times=5 rest=10
fi
ledger_begin
head -c 16 /dev/urandom | base64 >"$tmp/key"
share_lan || exit 1

diagnose()
{
	lab_state
}

#
# Each function is one round of a process; failures do not matter.
#

b_dest=2001:0:cb00:7101:0:efff:39cc:9bee

# have NAME: start the role there unless it runs
have()
{
	[[ ! $(nip "$1" link show teredo0 up) ]] || return
	case $1 in
	srv) start_server ours ;;
	rly) start_relay ours ;;
	*) tool "$1" add teredo0 mode client server $server port 4096 ;;
	esac
	nip "$1" link set teredo0 up
}

# controllers NAME: print their processes
controllers()
{
	local pid

	for pid in $(ip netns pids "${ns[$1]}"); do
		[[ $(<"/proc/$pid/comm") != teredo-tool ]] || echo "$pid"
	done
} 2>/dev/null

keep()
{
	local name

	for name in srv rly clia clib; do
		have $name
	done
	nip rly -6 route replace 2001::/32 dev teredo0
	for name in clia clib; do
		[[ $(controllers $name) ]] || client_run $name
	done
	listening clib 5201 || on clib iperf3 -s -D --rcv-timeout 2000
}

# A flow of packets, as long as there is a path
flow()
{
	local b

	b=$(client_address clib) || return
	timeout 5 nsenter --net="/run/netns/${ns[clia]}" -- \
		iperf3 -c "$b" -t 2 "${pace[@]}"
}

pings()
{
	local from to=("$host" "$(client_address clia)" "$(client_address clib)")

	for from in clia clib host; do
		on $from ping -q -n -i "$often" -w 2 "${to[RANDOM % 3]}" &
	done
	wait
}

# Peers that never answer
strangers()
{
	local i

	for ((i = 0; i < 10; i++)); do
		on clia ping -q -n -c 2 -i 0.1 -W 1 \
			"2001:0:cb00:7101:0:efff:3fff:$(printf %x $((RANDOM + 1)))" &
	done
	wait
}

noise()
{
	on inet "$selftests/cast/robust.py" "${ns[inet]}" 500 \
		$relay 3545 "$host" 198.51.100.17 4096
}

delete()
{
	local names=(clia clib srv rly)

	nip "${names[RANDOM % 4]}" link del teredo0
}

bounce()
{
	local names=(clia clib srv rly) name

	name=${names[RANDOM % 4]}
	nip "$name" link set teredo0 down
	nip "$name" link set teredo0 up
}

# The device below: both ends are deleted, and new ones are created.
underlay()
{
	nip natb link del lan
	lan natb clib 10.2.0
}

# Another client on clia's link is created, sends, and dies with its namespace.
guest()
{
	tool clia set teredo0 discovery on
	lan_host guest 10.1.0.9
	tool guest add teredo0 server $server port 4097 discovery on
	nip guest link set teredo0 up
	client_run guest
	wait_for 5 client_address guest
	on guest ping -q -n -i 0.1 -w 2 "$(client_address clia)"
	ns_del guest
}

# A link leaves the namespace of its sockets, and one of the two namespaces dies.
emigrant()
{
	ns_add from to
	wire from 198.51.100.33/28 - 198.51.100.46 -
	nip from link add teredo0 type teredo
	nip from link set teredo0 netns "${ns[to]}"
	nip to link set teredo0 up
	on to ping -q -n -c 1 -W 0.2 "$host"
	if ((RANDOM % 2)); then ns_del from; else ns_del to; fi
	ns_del from
	ns_del to
}

kill_controller()
{
	local names=(clia clib)

	# shellcheck disable=SC2046 # a list
	kill -9 $(controllers "${names[RANDOM % 2]}")
}

# All options; some can be changed only while the link is down.
change()
{
	local option

	for option in "refresh 20" "queue 0" "ttl 9" "mark 7" "df set" "peers-max 5000" \
			"secure nonce" "id somebody" "discovery on" "prefix 2001:db8::/32" \
			"server2 $server2" "server $server2,$server" \
			"refresh 30" "queue 32" "ttl 0" "mark 0" "df unset" "peers-max 100000" \
			"secure off" "id ''" "discovery off" "prefix 2001::/32" \
			"server $server"; do
		eval "tool clia set teredo0 $option"
	done
	tool srv set teredo0 relaying on secure nonce
	tool srv set teredo0 relaying off secure off
	nip clia link set teredo0 mtu 1400
	nip clia link set teredo0 mtu 1280
	nip clib link set teredo0 down
	tool clib set teredo0 mode relay local 10.2.0.2 port 4099
	nip clib link set teredo0 up
	nip clib link set teredo0 down
	tool clib set teredo0 mode client local 0.0.0.0 port 4096 server $server
	nip clib link set teredo0 up
}

fill()
{
	"$selftests/bench/bench-peers" fill "${ns[clib]}" teredo0 0 5000
	tool clib peer add teredo0 $b_dest at 198.51.100.17:4096
	tool clib peer del teredo0 $b_dest
}

flush()
{
	tool clib peer flush teredo0
	tool clia peer flush teredo0
	tool rly peer flush teredo0
}

secrets()
{
	local i

	for i in 1 2 3 4; do
		tool srv secret add teredo0 "id$i" "$tmp/key"
		tool srv secret list teredo0
	done
	for i in 1 2 3 4; do
		tool srv secret del teredo0 "id$i"
	done
}

dump()
{
	local name

	for name in clia clib srv rly; do
		tool $name -j show peers
		tool $name -j show
		tool $name show stats
		nip $name -d link show
	done
}

watch()
{
	timeout 2 teredo-tool -n "${ns[clib]}" monitor
	timeout 2 teredo-tool -n "${ns[clia]}" -j monitor
}

module()
{
	pause "$rest"    # for others to create something
	rmmod teredo
	pause 0.5    # for others to use it while it is missing
	"$selftests/vm/load.sh"
}

#
# One after another
#

# flows: packets get through again, perhaps after a while
flows()
{
	keep
	wait_for 60 client_address clia && wait_for 60 client_address clib &&
	reaches clib "$(client_address clia)" && reaches host "$(client_address clib)"
}

# under_traffic WHAT...: do it some times; the traffic recovers
under_traffic()
{
	local i

	for ((i = 0; i < times; i++)); do
		"$@"
		pause 0.2    # for packets to be affected
	done >/dev/null 2>&1
	hush
	flows && traffic
}

check "all four roles at work" eval "everyone && traffic"
check "links are deleted" under_traffic delete
check "links go down and up" under_traffic bounce
check "the device below is deleted" under_traffic underlay
check "a neighbour's namespace dies" under_traffic guest
check "a link's namespace dies, or that of its sockets" under_traffic emigrant
check "controllers are killed" under_traffic kill_controller
check "every option is changed" under_traffic change
check "secrets come and go" under_traffic secrets

full()
{
	local peers

	hush
	flows && traffic || return
	tool clib set teredo0 peers-max 5000 || return
	"$selftests/bench/bench-peers" fill "${ns[clib]}" teredo0 0 6000 &>/dev/null
	peers=$(tool clib -j show teredo0 | jq '.[0].peers')
	echo "$peers peers"
	((peers > 2000 && peers <= 5000)) || return
	dump >/dev/null 2>&1
	flush
	tool clib set teredo0 peers-max 100000 && under_traffic fill
}
check "a full list of peers is dumped and flushed" full

#
# And all at once
#

actors=(keep flow pings strangers noise delete bounce underlay guest emigrant
	kill_controller change fill flush secrets dump watch module)

# act WHAT: one of these processes
act()
{
	local round

	for ((round = 1; round <= rounds; round++)); do
		"$1"
		echo $round >"$tmp/rounds.$1"
		[[ -e $tmp/storm ]] || break
		pause "0.$((RANDOM % 5))1"    # not always at the same time
	done >/dev/null 2>&1
}

storm()
{
	local actor pids=() end=$((SECONDS + duration))

	: >"$tmp/storm"
	for actor in "${actors[@]}"; do
		act "$actor" &
		pids+=($!)
	done
	until ((SECONDS >= end)) || gone "${pids[@]}"; do
		pause 1    # between two looks
	done
	rm "$tmp/storm"
	wait_for 300 gone "${pids[@]}" || { ps -e -o pid,wchan:30,args; return 1; }
	for actor in "${actors[@]}"; do
		echo "$actor: $(<"$tmp/rounds.$actor") times"
	done
}
hush
check "all of it at once, and nothing hangs" storm
say "${output//$'\n'/, }"

hush
daemon=()
"$selftests/vm/load.sh"
stop srv rly clia clib
check "all is well afterwards" eval "everyone && traffic"
hush

# heard: a listener gets the event
heard()
{
	tool clia peer add teredo0 2001:db8:9::9 at 192.0.2.1:9
	tool clia peer del teredo0 2001:db8:9::9
	grep 'peer 2001:db8:9::9 removed' "$tmp/heard"
}
spawn clia teredo-tool monitor teredo0 >"$tmp/heard"
check "a listener hears of peers" wait_for 20 heard
kill "$spawned"
wait "$spawned" 2>/dev/null

unload()
{
	timeout 300 rmmod teredo
}
check "unload" unload

check "every object that was made was freed" ledger all
