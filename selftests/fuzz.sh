#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams from a grammar (fuzz-datagram.c) to every role, from outside and inside of NATs,
# and as packets to send, while the administrator does everything at the same time: peers
# are listed, added and flushed, links go down and up, and are moved to other namespaces.
# Afterwards all roles still work, and the kernel log has no warnings (F-19..F-27, F-37,
# SEC-40).
#
#	srv	server with secrets		both	server that relays, for those with secrets
#	rly	relay				spec	host-specific relay
#	clia	client that discovers, behind a NAT with near, its neighbour
#	clib	client behind another NAT	bare	secure client without one
#
# TEREDO_FUZZ_COUNT= is the number of datagrams, TEREDO_FUZZ_SEED= the seed.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lib/lab.sh"

need ping jq
need_teredo
need_modules bridge
# The debug kernel finds most, so it gets more.
time_travels && most=200000 || most=50000
total=${TEREDO_FUZZ_COUNT:-$most} seed=${TEREDO_FUZZ_SEED:-1}
fuzz=$selftests/fuzz/fuzz-datagram
[[ -x $fuzz ]] || skip_all "fuzz-datagram is not built: say make -C selftests"
lab_up restricted restricted || skip_all "no laboratory"
ns_add both spec aside
both=198.51.100.49 both2=198.51.100.50 spec=198.51.100.65
{ bare_add &&
	wire both $both/28 2001:db8:6::1/64 198.51.100.62 2001:db8:6::f &&
	nip both addr add $both2/28 dev eth0 &&
	wire spec $spec/28 2001:db8:7::1/64 198.51.100.78 2001:db8:7::f &&
	forward both && share_lan && lan_host near 10.1.0.3; } || skip_all "no laboratory"
roles=(srv both rly spec clia clib bare)
plan 14

diagnose()
{
	lab_state
	tail -n 5 "$tmp"/fuzz.*
}

# The key that fuzz-datagram knows.  Every client that has an identifier gets it by this
# variable.
umask 077
mkdir "$tmp/credentials"
export CREDENTIALS_DIRECTORY=$tmp/credentials
printf 'no secret at all' >"$tmp/credentials/key"

servers()
{
	local name algorithm

	start_server ours &&
	tool both add teredo0 mode server local $both server2 $both2 relaying on &&
	nip both link set teredo0 up &&
	nip both -6 route add 2001::/32 dev teredo0 || return
	tool srv set teredo0 secure nonce && tool both set teredo0 secure required || return
	for name in srv both; do
		for algorithm in sha1 sha256; do
			tool $name secret add teredo0 $algorithm "$tmp/credentials/key" \
				algorithm hmac-$algorithm || return
		done
	done
}

relays()
{
	start_relay ours &&
	tool spec add teredo0 mode host-relay local $spec port 3546 &&
	nip spec link set teredo0 up &&
	nip spec -6 route add 2001::/32 dev teredo0
}

# client NAME OPTIONS...: start a client and its controller
client()
{
	tool "$1" add teredo0 mode client server $server port 4000 "${@:2}" &&
	nip "$1" link set teredo0 up && role[$1]=ours || return
	client_run "$1"
	wait_for 20 client_address "$1"
}

clients()
{
	client clia discovery on && client clib && client bare id sha1 secure required
}

# mapping NAME: print its mapped address and port, and its IPv6 address
mapping()
{
	tool "$1" -j show | jq -r '.[0] | "\(.mapped.address) \(.mapped.port) \(.address)"'
}

mappings()
{
	read -r a_address a_port a < <(mapping clia)
	read -r b_address b_port b < <(mapping clib)
	read -r bare_address bare_port bare < <(mapping bare)
}

say "seed $seed, $total datagrams"
check "all roles at work" eval "servers && relays && clients"
mappings
# Behind the NAT of clia, port 5000
near=2001:0:cb00:7101:0:ec77:39cc:9bfe
check "paths are open" eval "reaches clia $host && reaches host $a &&
	reaches host $b && reaches clia $b && reaches bare $a && reaches bare $host &&
	reaches both $b && reaches spec $b"

# noise NAME ARGUMENTS...: send fuzz from the namespace, in the background
noises=()
noise()
{
	# Not in the command below: a background process would change only its own copy.
	((++seed))
	"$fuzz" "${ns[$1]}" $((total / 73)) $seed "${@:2}" \
		>"$tmp/fuzz.$1.${#noises[@]}" 2>&1 &
	noises+=($!)
}

# heard: wait until the noise has ended, without an error
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

# during COMMAND...: repeat the command until the noise has ended
during()
{
	local times=0

	until gone "${noises[@]}"; do
		"$@" || return
		# The noise pauses, too, and with time travel its pause ends only when
		# everything else pauses.
		pause 0.01    # not at full load
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

# To all roles at once, to each both as a sender that it trusts and as a stranger
everywhere()
{
	local here=(10.2.0.2 4000 "$b")

	# From outside
	noise inet $server 3544 2001:0:cb00:7101:: 192.0.2.14 4444
	noise inet $server2 3544 2001:0:cb00:7101:: "$b_address" "$b_port"
	noise inet $both 3544 $host "$b_address" "$b_port"
	noise inet $relay 3545 $host "$b_address" "$b_port"
	noise inet $spec 3546 2001:db8:7::1 "$b_address" "$b_port"
	noise inet "$bare_address" "$bare_port" "$bare" $server 3544
	noise inet "$bare_address" "$bare_port" "$bare" $relay 3545 $host
	noise inet "$bare_address" "$bare_port" "$bare" "$b_address" "$b_port"
	noise inet "$a_address" "$a_port" "$a" $server 3544
	noise inet "$a_address" "$a_port" "$a" $relay 3545 $host
	# From inside of a NAT, to the world and to a neighbour
	noise clib $server 3544 "$a" "${here[@]}"
	noise clib $both 3544 $host "${here[@]}"
	noise clib $relay 3545 $host "${here[@]}"
	noise clib $spec 3546 2001:db8:7::1 "${here[@]}"
	noise clib "$bare_address" "$bare_port" "$bare" "${here[@]}"
	noise near 224.0.0.253 3544 "$a" 10.1.0.3 4001 $near
	noise near 10.1.0.2 4000 "$a" 10.1.0.3 4001 $near
	noise near 10.1.0.255 4000 "$a" 10.1.0.3 4001 $near
	# As packets to send
	noise clia teredo0 "$b" "$a"
	noise bare teredo0 $host "$bare"
	noise rly teredo0 "$b" $host
	noise both teredo0 "$b" $host
	noise spec teredo0 "$b" 2001:db8:7::1
}

traffic
everywhere
check "noise everywhere" heard

administer()
{
	local name

	for name in rly both spec clia bare; do
		tool $name show peers teredo0 &&
		tool $name show stats teredo0 &&
		tool $name peer add teredo0 2001:db8:2::aa at 192.0.2.200:9 &&
		tool $name peer flush teredo0 || return
	done >/dev/null
}
everywhere
check "noise while peers are listed and flushed" during administer

# The client comes back unqualified, so nothing that it receives may have an effect.
down_and_up()
{
	local name

	for name in srv both rly spec bare; do
		nip $name link set teredo0 down &&
		nip $name link set teredo0 up || return
	done
	for name in both rly spec; do
		nip $name -6 route replace 2001::/32 dev teredo0 || return
	done
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
at_bare()
{
	noise inet "$bare_address" "$bare_port" "$bare" $server 3544
	noise inet "$bare_address" "$bare_port" "$bare" "$b_address" "$b_port"
}
at_bare
check "noise while a link is moved" during there_and_back

# A controller withdraws its address when it ends, unless it ended with the link.
kill "${daemon[bare]}" 2>/dev/null
wait "${daemon[bare]}" 2>/dev/null
unset "daemon[bare]"
at_bare
check "noise for a client that is not qualified" heard

kill "${flows[@]}"
wait "${flows[@]}" 2>/dev/null

# A controller has either ended with the moved link, or still runs.
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
# After the server was down, clients may have other addresses.
mappings

# no_reason_missing: each reason to drop, and each kind of received datagram, was counted by
# some role, except for a lack of memory
no_reason_missing()
{
	local name

	for name in "${roles[@]}"; do
		tool "$name" -j show stats teredo0 || return
	done | jq -s -e 'map(.[0]) | [.[0] | keys[] | select(startswith("rx-"))] -
		["rx-no-memory"] - [.[] | to_entries[] | select(.value? > 0) | .key] |
		. == [] or (debug | false)'
}

# near_enough: some of these are a matter of luck, so add noise until all have been counted
near_enough()
{
	local more

	for more in {0..40}; do
		no_reason_missing && say "after $more more" && return
		everywhere
		heard >"$tmp/heard" || { cat "$tmp/heard"; return 1; }
	done
	return 1
}
check "the noise was near enough: all reasons to drop were counted (F-27)" near_enough
check "and some values of authentication were right (C-28)" eval "
	tool both -j show stats teredo0 | jq -e '.[0][\"rx-solicitation\"] > 0'"

check "first contacts still work (F-27, SEC-40)" eval "reaches clib $bare && reaches bare $host &&
	reaches host $b && reaches host $a"
check "and without loss on open paths" lossless host "$a" 50
# This removes addresses, so it comes last.
ipv6_off_and_on()
{
	local name what off

	for off in 1 0; do
		for what in teredo0 all; do
			for name in srv both rly spec clia bare; do
				on $name sysctl -qw net.ipv6.conf.$what.disable_ipv6=$off || return
			done
		done
	done
}
everywhere
check "noise while IPv6 is switched off and on (F-27)" during ipv6_off_and_on
check "unload" timeout 300 rmmod teredo
