#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Conditions that a controller waits for, one after another.  When one begins, the
# controller stays and gives the reason why the client does not work; when it ends, address
# and routes return.  Then conditions that end the controller, because a person has to
# change something.  teredo.rst has the table ("What passes, and what does not").  Some of
# its rows are elsewhere: native IPv6 in sunset.sh, IPv4 routes and carriers in outage.sh,
# names and their service in names.sh.
#
# conditions.sh [SECTION...]: only these: ipv6, taken, lost, link, host, person
#
# Runs alone: it sets the clock.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq python3 setpriv
need_teredo
need_modules dummy
lab_up restricted restricted || skip_all "no laboratory"
ns_add box
sections=("$@")
plan 43

# switch CONDITIONS 0|1: set disable_ipv6 of these, in clia
switch()
{
	echo "$2" | on clia tee "/proc/sys/net/ipv6/conf/$1/disable_ipv6" >/dev/null
}

# works_as LINK: qualified, with the address and all its routes
works_as()
{
	tool clia -j show "$1" | jq -e '.[0].state == "qualified"' &&
		nip clia -6 -o addr show dev "$1" scope global | grep ' 2001:0:' &&
		nip clia -6 route show default dev "$1" | grep "metric 1029" &&
		nip clia -6 route show 2001::/32 dev "$1" | grep 2001::/32
}

at_work()
{
	works_as teredo0
}

# waits WHAT TEXT: offline, the reason contains TEXT, and the controller still runs
waits()
{
	check "$1: it waits, and says why" wait_for 60 is clia \
		'.state == "offline" and .address == null and .controller and
		 (.reason | contains("'"$2"'"))'
}

works()
{
	check "$1" wait_for 60 at_work
	figure "$1"
}

# ended STATUS TEXT: the controller has exited with that status and message
ended()
{
	local status

	wait_for 10 gone "$controller" || return
	wait "$controller"
	status=$?
	tail -n 2 "$tmp/run"
	echo "status $status"
	((status == $1)) && tail -n 2 "$tmp/run" | grep -F -e "$2"
}

start_server ours || skip_all "no server"
role[clia]=ours

#
# IPv6 is switched off: by default, for this link, for all
#

switch default 1
tool clia add teredo0 server $server refresh 300
nip clia link set teredo0 up
control clia
waits "IPv6 is off by default" "IPv6 is switched off"
switch default 0
switch teredo0 0
stopwatch
works "IPv6 is on for the link: at work"
watch clia || skip_all "nothing to watch with"
address=$(client_address clia)
section ipv6
for which in teredo0 all; do
	switch $which 1
	waits "IPv6 is off ($which)" "IPv6 is switched off"
	check "IPv6 is off ($which): show tells what to do" hint clia "IPv6 is switched off"
	# State and reason do not change meanwhile.
	lines=$(wc -l <"$tmp/monitor")
	pause 5 # nothing may be printed
	check "IPv6 is off ($which): that is said once" eval "
		(( \$(wc -l <$tmp/monitor) == $lines ))"
	switch $which 0
	stopwatch
	works "IPv6 is on ($which): at work"
	check "IPv6 is on ($which): with the address of before (F-09)" has_only clia "$address"
done
nip clia link set lo up
wait_for 60 at_work

#
# Addresses and routes are taken away
#

section taken
nip clia addr del "$address/32" dev teredo0
stopwatch
works "the address is taken away: it is back"
nip clia -6 route del default dev teredo0
stopwatch
works "the default route is taken away: it is back"
nip clia -6 route del 2001::/32 dev teredo0
stopwatch
works "the route to other clients is taken away: it is back"
nip clia -6 addr flush dev teredo0
nip clia -6 route flush dev teredo0
stopwatch
works "all of it: it is back"
check "with the address of before (F-09)" has_only clia "$address"
wait_for 60 at_work

#
# More events than fit in the buffer while nobody reads
#

section lost
nip clia link add dummy0 type dummy
pause 3 # it checks everything, as there is a new link
kill -STOP "$controller"
for ((i = 0; i < 3000; i++)); do
	printf 'addr %s fd00::1/128 dev dummy0\n' add del
done >"$tmp/batch"
nip clia -batch "$tmp/batch"
nip clia -6 addr flush dev teredo0
kill -CONT "$controller"
stopwatch
check "events are lost: what they were about is noticed all the same" wait_for 10 at_work
figure "events are lost"
nip clia link del dummy0
wait_for 60 at_work

#
# The link
#

section link
nip clia link set teredo0 down
check "the link is down: it waits" wait_for 10 is clia '.state == "down" and .controller'
check "the link is down: show tells what to do" hint clia "the link is down"
nip clia link set teredo0 name other0
nip clia link set other0 up
check "the link is up, with another name: at work" wait_for 40 works_as other0
check_fails "an MTU that IPv6 cannot do with: the link refuses it" \
	nip clia link set other0 mtu 1279
nip clia link set other0 down
nip clia link set other0 name teredo0
nip clia link set teredo0 up
stopwatch
works "the link is up, with its own name: at work"

nip clia link set teredo0 netns "${ns[box]}"
check "the link is in another namespace: it waits" wait_for 10 grep -F \
	"in another namespace, waiting" "$tmp/run"
pause 2 # nothing may happen
check_fails "and is there" gone "$controller"
nip box link set teredo0 netns "${ns[clia]}"
stopwatch
works "the link is back: at work"
wait_for 60 at_work

#
# The host
#

section host
nip clia addr del 10.1.0.2/24 dev eth0
waits "no IPv4 address" "no IPv4 route"
nip clia addr add 10.1.0.2/24 dev eth0
nip clia route add default via 10.1.0.1
stopwatch
works "an IPv4 address: at work"

# shift_clock SECONDS: move the wall clock
shift_clock()
{
	python3 -c "import time
time.clock_settime(time.CLOCK_REALTIME, time.clock_gettime(time.CLOCK_REALTIME) + ($1))"
}
jump()
{
	shift_clock "$1"
	pause 1 # for its timers to run with the other clock
	at_work
	local status=$?
	shift_clock "$((-($1)))"
	return $status
}
check "the clock goes a day ahead: nothing happens" jump 90000
check "the clock goes a day back: nothing happens" jump -90000
check "and nothing has happened" eval "at_work && ! gone $controller"

tool clia set teredo0 server nosuch.invalid
waits "no server has an address" "nosuch.invalid"
tool clia set teredo0 server none
waits "no server" "no server: run"
tool clia set teredo0 server $server
stopwatch
works "a server: at work"

# Another process, which resolves names, gets no memory.
cgroup=$tmp/cgroup
mkdir "$cgroup"
if mount -t cgroup2 none "$cgroup" && echo +pids >"$cgroup/cgroup.subtree_control"; then
	mkdir "$cgroup/alone"
	defer umount "$cgroup"
	defer rmdir "$cgroup/alone"
	echo 1 >"$cgroup/alone/pids.max"
	echo "$controller" >"$cgroup/alone/cgroup.procs"
	tool clia set teredo0 server $server,192.0.2.1
	waits "no room for a process" "cannot look up the server"
	echo max >"$cgroup/alone/pids.max"
	stopwatch
	works "room for it: at work"
else
	skip "no room for a process" "no control groups"
	skip "room for it: at work" "no control groups"
fi
kill "$controller"
wait "$controller"
check "told to stop: no route is left, not of those either that were put back" eval "
	! nip clia -6 route show 2001::/32 dev teredo0 | grep . &&
	! nip clia -6 route show default dev teredo0 | grep ."

# Setting the link up fails
nip clia link set teredo0 down
tool clia set teredo0 port 4000
spawn clia python3 -c 'import socket, time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4000))
time.sleep(600) # until it is killed'
owner=$spawned
wait_for 10 udp_bound clia 0.0.0.0 4000
control clia
check "the port is in use: it waits, and says why" wait_for 20 is clia \
	'.state == "down" and .controller and (.reason | contains("cannot be set up"))'
kill "$owner"
stopwatch
works "the port is free: at work"

#
# Conditions that need a person
#

section person
for_others
check "no privilege: it ends" eval "
	on clia setpriv --reuid 65534 --clear-groups teredo-tool run teredo0 >$tmp/nobody 2>&1
	[[ \$? = 7 ]] && grep -F CAP_NET_ADMIN $tmp/nobody"
nip clia link set teredo0 down
tool clia set teredo0 mode relay
check "a mode without a controller: it ends" ended 5 "mode relay"
tool clia set teredo0 mode client server none
check "no server, to begin with: it ends" eval "
	tool clia run teredo0 >$tmp/none 2>&1; [[ \$? = 6 ]] && grep -F 'server HOST' $tmp/none"
tool clia set teredo0 server $server
control clia
wait_for 20 at_work
nip clia link del teredo0
unset "role[clia]"
check "the link is deleted: it ends" ended 4 "deleted"
