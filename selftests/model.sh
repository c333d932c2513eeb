#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The module compared with a model of it: random schedules, with thousands of peers at once.
# model.py plays the world around a link, protocol.py is the model.
#
# TEREDO_SEED=N repeats the schedules of one seed; TEREDO_SCHEDULES=N runs seeds 1 to N,
# instead of one.

. "$(dirname "$0")/lib/lib.sh"

need python3 ip nsenter
need_root
need_modules veth
time_travels || skip_all "the model wants a clock that stands still while anything runs"
need_teredo

# world NAME: create the namespaces dNAME, for the link, and nNAME, for the rest of the
# world
world()
{
	local dut=d$1 net=n$1 proc=/proc/sys/net

	ns_add "$dut" "$net" &&
	nip "$net" -batch - <<-END &&
	link add wire address 02:00:00:00:00:02 type veth peer name eth0 netns ${ns[$dut]}
	END
	on "$net" bash -ec "echo 1 >$proc/ipv6/conf/wire/disable_ipv6" &&
	nip "$net" link set wire up &&
	nip "$dut" -batch - <<-END &&
	link set lo up
	link set eth0 up
	addr add 192.0.2.1/24 dev eth0
	addr add 2001:db8:ffff::1/64 dev eth0 nodad
	neigh add 192.0.2.254 lladdr 02:00:00:00:00:02 dev eth0 nud permanent
	neigh add 2001:db8:ffff::f lladdr 02:00:00:00:00:02 dev eth0 nud permanent
	route add default via 192.0.2.254
	route add default via 2001:db8:ffff::f
	END
	on "$dut" bash -e <<-END
	echo 1 >$proc/ipv6/conf/all/forwarding
	echo >$proc/ipv6/icmp/ratemask
	END
}

places=()
mapfile -t seeds < <(seq "${TEREDO_SEED:-1}" "${TEREDO_SEED:-${TEREDO_SCHEDULES:-1}}")

# play ROLE ROUTE [OPTION...]: add a link, with an IPv6 route to it, for each seed.  Each
# has a world of its own, so that no rate limit has been used yet.
play()
{
	local name seed

	for seed in "${seeds[@]}"; do
		name=${1//-/}$seed
		{
			world "$name" &&
			tool "d$name" add teredo0 mode "$1" local 192.0.2.1 port 3545 "${@:3}" &&
			nip "d$name" link set teredo0 up &&
			nip "d$name" -6 route replace "$2" dev teredo0
		} || skip_all "no $1"
		places+=("$1:$seed:${ns[d$name]}:${ns[n$name]}")
	done
}

backlog=$(</proc/sys/net/core/netdev_max_backlog)
defer eval "echo $backlog >/proc/sys/net/core/netdev_max_backlog"
echo 100000 >/proc/sys/net/core/netdev_max_backlog

play relay 2001::/32
play host-relay 2001::/32
play client default server 203.0.113.1
results_from "$selftests/cast/model.py" "${places[@]}"
