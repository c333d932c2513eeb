#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# No request or datagram makes the kernel walk through everything at once, however much
# others have created; and all that is created is charged to somebody.
#
# Runs alone: it counts function calls of the whole kernel, and on one CPU, since counting
# modifies code.

. "$(dirname "$0")/lib/lib.sh"

need jq python3
need_teredo
need_modules veth
plan 12

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
# Clients in one namespace notify each other
#

clients()
{
	local i

	for ((i = 0; i < many; i++)); do
		echo "link add c$i type teredo mode client server 203.0.113.1 discovery on"
		echo "link set c$i up"
	done >"$tmp/batch"
	IP_LIB_DIR=$repo/tools ip -n "${ns[home]}" -batch "$tmp/batch" &&
	on home "$selftests/cast/attack.py" qualify c 0 $((many - 1))
}

# announced: print how many have sent one
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
check "$most of them are, since each hears each" eval "wait_for 30 as_many; stays 3 as_many"
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
# Memory
#

memory=/sys/fs/cgroup/teredo$$

# paying COMMAND...: run it in the cgroup, and in namespace home
paying()
{
	bash -c "echo \$\$ >$memory/cgroup.procs && exec nsenter --net=/run/netns/${ns[home]} \"\$@\"" \
		paying "$@"
}

# charged_for WHAT: print the octets charged
charged_for()
{
	awk -v what="$1" '$1 == what { print $2 }' "$memory/memory.stat"
}

can_charge()
{
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] ||
		mount -t cgroup2 cgroup2 /sys/fs/cgroup || return
	echo +memory >/sys/fs/cgroup/cgroup.subtree_control && mkdir $memory && defer rmdir $memory
}

per_cpu()
{
	local i octets

	for i in {0..9}; do
		echo "link add paid$i type teredo"
	done >"$tmp/batch"
	paying ip -batch "$tmp/batch" || return
	octets=$(charged_for percpu)
	echo "$octets octets"
	sed 's/add/del/; s/type.*//' "$tmp/batch" | ip -n "${ns[home]}" -batch -
	((octets >= 10 * 2048 * $(getconf _NPROCESSORS_CONF)))
}

# client PORT: qualify a client; its address is $victim
client()
{
	paying ip link add paid0 type teredo &&
	tool home set paid0 mode client server 203.0.113.1 port "$1" peers-max 64000 &&
	nip home link set paid0 up && on home "$selftests/cast/attack.py" qualify paid 0 0 &&
	victim=$(tool home -j show paid0 | jq -r '.[0].address')
}

# strangers PORT: thousands of strangers send to it
strangers()
{
	on far "$selftests/cast/attack.py" teredo_bubbles "${ns[far]}" 192.0.2.1 "$1" "$victim" 6000
}

peers()
{
	tool home -j show paid0 | jq '.[0].peers'
}

limited()
{
	local max now

	client 40001 || return
	# Files may be reclaimed, links may not.
	max=$((($(charged_for kernel) / 4096 + 32) * 4096))
	echo $max >"$memory/memory.max" && strangers 40001 || return
	now=$(<"$memory/memory.current")
	few=$(peers)
	echo "$few peers, $now octets of $max"
	((few > 0 && now <= max))
}

unlimited()
{
	local before more

	before=$(charged_for slab)
	echo max >"$memory/memory.max" && strangers 40001 || return
	((more = $(peers) - few, before = $(charged_for slab) - before))
	echo "$more more, $before octets"
	((more > 0 && before >= more * 128)) && nip home link del paid0
}

# The 256 octets of a secret do not include its key, which is not kept.  In a cgroup of its
# own, since peers of the other one are still being freed.
secrets()
{
	local memory=$memory-secrets before i

	mkdir "$memory" && defer rmdir "$memory" &&
	paying ip link add paid0 type teredo &&
	tool home set paid0 mode server local 192.0.2.1 || return
	before=$(charged_for slab)
	for i in {1..30}; do
		echo "echo secret | teredo-tool secret add paid0 id$i - >/dev/null || exit"
	done >"$tmp/secrets"
	paying bash "$tmp/secrets" || return
	echo "$(($(charged_for slab) - before)) octets"
	(($(charged_for slab) - before >= 30 * 256)) && nip home link del paid0
}

charges=("what a link has of each CPU is charged to who makes it (SEC-25)"
	"strangers have no peer made beyond the limit of a cgroup (SEC-25)"
	"when there is more, there are more"
	"secrets are charged")
if can_charge; then
	check "${charges[0]}" per_cpu
	check "${charges[1]}" limited
	check "${charges[2]}" unlimited
	check "${charges[3]}" secrets
else
	for charge in "${charges[@]}"; do
		skip "$charge" "no memory cgroups"
	done
fi

#
# Dumps
#

tracing=/sys/kernel/tracing
function=rhashtable_walk_start_check

# counted COMMAND...: print how often a walk through a table begins or continues meanwhile
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
	"$selftests/bench/bench-peers" fill "${ns[home]}" rly0 0 20000 &&
	(($(tool home -j show rly0 | jq '.[0].peers') == 20000))
}
check "20000 peers" filled

# many_slices: dump with a filter that nothing matches, which takes more walks than fit in a
# few messages
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
