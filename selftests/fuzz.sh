#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams from a grammar (fuzz-datagram.c) at every role, in fragments too,
# while the administrator does everything at the same time: peers are listed,
# added and flushed, links go down and up, and are moved to other namespaces.
# Afterwards all roles still work, and the kernel has nothing to say
# (F-19..F-27, F-37, SEC-40).
#
# TEREDO_FUZZ_COUNT= is the number of datagrams at each of them, TEREDO_FUZZ_SEED= the seed.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lab.sh"

need ping jq
need_teredo
# The debug kernel takes its time over each.
time_travels && most=300 || most=2000
count=${TEREDO_FUZZ_COUNT:-$most} seed=${TEREDO_FUZZ_SEED:-1}
fuzz=$selftests/fuzz-datagram
if [[ ! -x $fuzz ]]; then
	need cc
	fuzz=$tmp/fuzz-datagram
	cc -O2 -o "$fuzz" "$selftests/fuzz-datagram.c" || exit 1
fi
lab_up restricted restricted || skip_all "no laboratory"
# A client without NAT, for whom every sender gets through.
ns_add bare aside
wire bare 198.51.100.33/28 - 198.51.100.46 -
plan 10

diagnose()
{
	lab_state
	tail -n 5 "$tmp"/fuzz.*
}

say "seed $seed, $count datagrams each"

check "all roles at work" eval "start_server ours && start_relay ours &&
	start_client clia ours && start_client clib ours && start_client bare ours"
read -r a_address a_port a < <(tool clia -j show |
	jq -r '.[0] | "\(.mapped.address) \(.mapped.port) \(.address)"')
read -r b_address b_port < <(tool clib -j show |
	jq -r '.[0] | "\(.mapped.address) \(.mapped.port)"')
read -r bare_address bare_port bare < <(tool bare -j show |
	jq -r '.[0] | "\(.mapped.address) \(.mapped.port) \(.address)"')
check "paths are open" eval "reaches clia $host && reaches host $a &&
	reaches host $(client_address clib) && reaches bare $a && reaches bare $host"

# noise NAME ADDRESS PORT TEREDO FROM FROM_PORT: in the background
noises=()
noise()
{
	"$fuzz" "${ns[inet]}" "$count" $((seed++)) "${@:2}" \
		>"$tmp/fuzz.$1.${#noises[@]}" 2>&1 &
	noises+=($!)
}

# heard: the noise has ended, without an error
heard()
{
	local pid status=0

	for pid in "${noises[@]}"; do
		wait "$pid" || status=1
	done
	noises=()
	cat "$tmp"/fuzz.*
	return $status
}

# during COMMAND...: again and again until the noise has ended
during()
{
	local times=0

	until gone "${noises[@]}"; do
		"$@" || return
		# The noise pauses, too, which only ends when everything does, where
		# time travels.
		pause 0.01
		((++times))
	done
	say "$times times"
	heard
}

traffic()
{
	spawn host ping -n -q -i 0.05 -W 1 "$a" &>/dev/null
	flows=("$spawned")
	spawn bare ping -n -q -i 0.05 -W 1 "$host" &>/dev/null
	flows+=("$spawned")
}

# All at a time, each as those whom it trusts and as a stranger
everywhere()
{
	noise srv $server 3544 2001:0:cb00:7101:: 192.0.2.14 4444
	noise srv $server2 3544 2001:0:cb00:7101:: "$b_address" "$b_port"
	noise rly $relay 3545 2001:db8:2::1 "$b_address" "$b_port"
	noise bare "$bare_address" "$bare_port" "$bare" $server 3544
	noise bare "$bare_address" "$bare_port" "$bare" $relay 3545
	noise bare "$bare_address" "$bare_port" "$bare" "$b_address" "$b_port"
	noise clia "$a_address" "$a_port" "$a" $relay 3545
}

traffic
everywhere
check "noise everywhere" heard

administer()
{
	local name

	for name in rly bare; do
		tool $name show peers teredo0 &&
		tool $name show stats teredo0 &&
		tool $name peer add teredo0 2001:db8:2::aa at 192.0.2.200:9 &&
		tool $name peer flush teredo0 || return
	done >/dev/null
}
everywhere
check "noise while peers are listed and flushed" during administer

# The client comes back unqualified: nothing that it hears may matter.
down_and_up()
{
	local name

	for name in srv rly bare; do
		nip $name link set teredo0 down &&
		nip $name link set teredo0 up || return
	done
	nip rly -6 route replace 2001::/32 dev teredo0
}
everywhere
check "noise while links go down and up" during down_and_up

# The sockets stay where they are.
there_and_back()
{
	nip bare link set teredo0 netns "${ns[aside]}" &&
	nip aside link set teredo0 up &&
	nip aside link set teredo0 netns "${ns[bare]}" &&
	nip bare link set teredo0 up
}
noise bare "$bare_address" "$bare_port" "$bare" $server 3544
noise bare "$bare_address" "$bare_port" "$bare" "$b_address" "$b_port"
check "noise while a link is moved" during there_and_back

kill "${flows[@]}"
wait "${flows[@]}" 2>/dev/null

# Controllers have gone with the link that was moved, or are still there.
qualifies()
{
	tool "$1" run teredo0 --once || :
	wait_for 30 shows_qualified "$1"
}

shows_qualified()
{
	tool "$1" -j show | jq -e '.[0].state == "qualified"'
}

check "clients are qualified again" eval "qualifies bare && qualifies clia &&
	qualifies clib"
# A server that went down and up may have cost them their addresses.
a=$(client_address clia) b=$(client_address clib) bare=$(client_address bare)
check "first contacts still work (F-27, SEC-40)" eval "reaches clib $bare && reaches bare $host &&
	reaches host $b && reaches host $a"
check "and without loss on open paths" lossless host "$a" 50
check "unload" timeout 60 rmmod teredo
