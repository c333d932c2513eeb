#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The table for the routes of a link: the main one, that of its VRF, or a configured one,
# with a configured metric; and an IPv4 network in a VRF.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq
need_teredo
need_modules vrf
lab_up restricted restricted || skip_all "no laboratory"
plan 25

start_server ours || skip_all "no server"
start_relay ours || skip_all "no relay"
role[clia]=ours

# default_in TABLE METRIC [LINK]: the default route is there; nowhere TABLE: there is none
default_in()
{
	nip clia -6 route show table "$1" default dev "${3:-teredo0}" | grep "metric $2 "
}

nowhere()
{
	! nip clia -6 route show table "$1" default dev teredo0 | grep .
}

# only_in TABLE METRIC: it is there and nowhere else
only_in()
{
	qualified clia && default_in "$1" "$2" &&
		(($(nip clia -6 route show table all default dev teredo0 | wc -l) == 1))
}

nip clia link add red type vrf table 100
nip clia link set red up
tool clia add teredo0 server $server
control clia
check "a link of no VRF: the main table" wait_for 40 only_in main 1029
nip clia link set teredo0 master red
check "it comes into a VRF: the VRF's table" wait_for 40 only_in 100 1029
check "the VRF has a way out" wait_for 15 on clia ping -n -c 1 -W 2 -I red $host
check_fails "nobody else has one" on clia ping -n -c 1 -W 1 $host
nip clia -6 addr add 2001:db8:9::2/64 dev eth0 nodad
nip clia -6 route add default dev eth0 metric 512
pause 7 # nothing may happen
check "native IPv6 elsewhere does not count (C-96)" only_in 100 1029
check "nor does show say so" eval "! hint clia 'native IPv6'"
nip clia -6 route del default dev eth0 metric 512
nip clia -6 addr del 2001:db8:9::2/64 dev eth0

tool clia set teredo0 metric 77
check "another metric" wait_for 10 only_in 100 77
tool clia set teredo0 table 200
check "another table" wait_for 10 only_in 200 77
check "show tells" eval "tool clia show teredo0 | grep 'table 200, metric 77' &&
	is clia '.table == 200 and .metric == 77'"
kill -KILL "$controller"
wait "$controller" 2>/dev/null
control clia --force
check "the next controller leaves it where it is" eval "
	wait_for 10 is clia .controller && stays 2 only_in 200 77"
tool clia set teredo0 table 0 metric 0
check "none told: the VRF's, behind native IPv6" wait_for 10 only_in 100 100000
kill "$controller"
wait "$controller"
check "told to stop: no route is left" eval "! nip clia -6 route show table all default dev teredo0 | grep ."

control clia table 300 metric 5
check "as told to the controller" wait_for 40 only_in 300 5
kill "$controller"
wait "$controller"
check "and taken back" nowhere 300

# The route left by a killed controller is removed, whichever table that was told to use.
killed_in_300()
{
	control clia table 300 metric 5
	wait_for 40 default_in 300 5
	kill -KILL "$controller"
	wait "$controller" 2>/dev/null
	default_in 300 5
}
nip clia -6 route add default dev teredo0 table 400 metric 5
check "the controller is killed: its route stays" killed_in_300
control clia
check "the next one, told nothing, takes it away, and nobody else's" wait_for 40 eval "
	default_in 100 1029 && nowhere 300 && default_in 400 5"
kill "$controller"
wait "$controller"
killed_in_300
check "so does release" eval "tool clia release teredo0 && nowhere 300 && default_in 400 5"
killed_in_300
tool clia set teredo0 server $server2
control clia
check "and one with another server" wait_for 40 nowhere 300
kill "$controller"
wait "$controller"
nip clia -6 route del default dev teredo0 table 400 metric 5
tool clia set teredo0 server $server
control clia
wait_for 40 only_in 100 1029
nip clia link set teredo0 nomaster
check "it leaves the VRF: the main table" wait_for 40 only_in main 1029
check "and everybody has a way out" wait_for 15 on clia ping -n -c 1 -W 2 $host

# Another tunnel
tool clia add teredo1 server $server metric 1028
spawn clia teredo-tool run teredo1 >"$tmp/run1" 2>&1
check "a second tunnel, of another metric" wait_for 40 default_in main 1028 teredo1
tool clia set teredo1 metric 1029
check "of the same metric: each has its route" wait_for 10 eval "
	default_in main 1029 teredo1 && default_in main 1029 && ! default_in main 1028 teredo1"
nip clia link del teredo1
check "it goes: ours is still there" only_in main 1029

# IPv4 in a VRF, as in teredo.rst
nip clia link add blue type vrf table 101
nip clia link set blue up
nip clia link set eth0 master blue
nip clia route add default via 10.1.0.1 table 101
nip clia link set teredo0 down
tool clia set teredo0 mark 101
nip clia -4 rule add fwmark 101 lookup 101 pref 900
echo 1 | on clia tee /proc/sys/net/ipv4/udp_l3mdev_accept >/dev/null
nip clia link set teredo0 up
check "the IPv4 network is in a VRF: a mark and a rule lead there" wait_for 60 only_in main 1029
check "and packets are carried" wait_for 15 on clia ping -n -c 1 -W 2 $host
