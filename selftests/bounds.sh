#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# One request, or one datagram, never has the kernel look at everything there is in one
# go, however much somebody has made there to be.
#
# Runs alone: the kernel counts who comes by, wherever from, and on one CPU, since to
# count changes code.

. "$(dirname "$0")/lib.sh"

need jq python3
need_teredo
need_modules veth
plan 8

many=80 most=64

ns_add home far || skip_all "no namespaces"
ip link add v netns "${ns[home]}" type veth peer name v netns "${ns[far]}"
ip -n "${ns[home]}" -batch - <<-END
	link set lo up
	addr add 192.0.2.1/24 dev v
	link set v up
	route add default via 192.0.2.2
END
ip -n "${ns[far]}" -batch - <<-END
	addr add 192.0.2.2/24 dev v
	link set v up
END

#
# Clients of one namespace tell each other of themselves
#

clients()
{
	local i

	for ((i = 0; i < many; i++)); do
		echo "link add c$i type teredo mode client server 203.0.113.1 discovery on"
		echo "link set c$i up"
	done >"$tmp/batch"
	IP_LIB_DIR=$repo/tools ip -n "${ns[home]}" -batch "$tmp/batch" &&
	on home "$selftests/attack.py" qualify c 0 $((many - 1))
}

# announced: how many have
announced()
{
	tool home -j show stats | jq '[.[] | select(."tx-discovery" > 0)] | length'
}

# as_many: no less and no more
as_many()
{
	(($(announced) == most))
}

check "$many clients that want to be found" clients
check "$most of them are, since each hears each" eval "wait_for 30 as_many; pause 3; as_many"
check "they hear each other" eval "tool home -j show stats |
	jq -e '[.[] | select(.\"rx-discovery\" > 0)] | length > $most / 2'"
less()
{
	local i

	for i in {0..9}; do
		echo "link del c$i"
	done | ip -n "${ns[home]}" -batch -
	wait_for 30 as_many
}
check "ten go, and ten others get their turn" less
check "all leave at once" eval "nip home link set v down && ! on home grep -q FD0000E0 /proc/net/igmp"
check "and come back" eval "nip home link set v up && nip home route add default via 192.0.2.2 &&
	wait_for 30 on home grep -q FD0000E0 /proc/net/igmp"

#
# Dumps
#

tracing=/sys/kernel/tracing
function=rhashtable_walk_start_check

# counted COMMAND...: how often a walk of a table begins or goes on meanwhile
counted()
{
	local before

	before=$(slices)
	"$@" >/dev/null && echo $(($(slices) - before))
}

slices()
{
	awk '$1 == "teredo_slices" { print $2 }' $tracing/kprobe_profile
}

probe_on()
{
	one_cpu || return
	mount -t tracefs tracefs $tracing 2>/dev/null
	echo "p:kprobes/teredo_slices $function" >>$tracing/kprobe_events &&
	echo 1 >$tracing/events/kprobes/enable
}

probe_off()
{
	echo 0 >$tracing/events/kprobes/enable
	echo '-:kprobes/teredo_slices' >>$tracing/kprobe_events
}

filled()
{
	tool home add rly0 mode relay && nip home link set rly0 up &&
	"$selftests/bench-peers" fill "${ns[home]}" rly0 0 20000 &&
	(($(tool home -j show rly0 | jq '.[0].peers') == 20000))
}
check "20000 peers" filled

# many_slices: none of them is what is asked for, and it takes more than a few messages'
# worth of walks to find that out
many_slices()
{
	local n

	[[ $(tool home -j show peers rly0 state probing) = '[]' ]] &&
	n=$(counted tool home -j show peers rly0 state probing) && say "$n times" && ((n > 15))
}

if probe_on; then
	defer probe_off
	check "a dump that finds nothing lets others have their turn" many_slices
else
	skip "a dump that finds nothing lets others have their turn" "no kprobes"
fi
