# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# Watch a client, for tests of its maintenance: the output of its controller and of
# `monitor`, the kernel's own notifications, and how long things take.

# shellcheck source=selftests/lib/lab.sh
. "$(dirname "${BASH_SOURCE[0]}")/lab.sh"

diagnose()
{
	lab_state
	tail -n 50 "$tmp"/{run,monitor,notices} 2>/dev/null
}

# control NAME [FLAGS...]: run a controller in the background, with output to $tmp/run
control()
{
	local name=$1

	shift
	spawn "$name" teredo-tool run teredo0 "$@" >>"$tmp/run" 2>&1
	# shellcheck disable=SC2034 # for the tests
	controller=$spawned
	daemon[$name]=$spawned
}

# watch NAME: record all events from now on in $tmp/monitor, $tmp/events (JSON) and
# $tmp/notices (the kernel's, about addresses)
watch()
{
	spawn "$1" teredo-tool monitor >"$tmp/monitor" 2>&1
	spawn "$1" teredo-tool -j monitor >"$tmp/events" 2>&1
	spawn "$1" ip -6 -o monitor address >"$tmp/notices" 2>&1
	# They print nothing before the first event, so cause some.
	wait_for 10 eval "
		nip $1 addr add fd00::1/128 dev lo && nip $1 addr del fd00::1/128 dev lo
		nip $1 link set teredo0 mtu 1281 && nip $1 link set teredo0 mtu 1280
		grep -q fd00::1 $tmp/notices && grep -q 1281 $tmp/monitor && grep -q 1281 $tmp/events"
}

# is NAME FILTER: a jq condition about the device is true
is()
{
	tool "$1" -j show teredo0 | jq -e ".[0] | $2" >/dev/null
}

qualified()
{
	is "$1" '.state == "qualified"'
}

# reason TEXT: the client's reason contains it, and monitor has printed it
reason()
{
	wait_for 5 is clia ".reason | contains(\"$1\")" && monitored "$1" && return
	tool clia show
	return 1
}

monitored()
{
	wait_for 5 grep -F -e "$1" "$tmp/monitor"
}

# noticed Deleted|'' ADDRESS: the kernel has notified applications of that
noticed()
{
	wait_for 5 grep -E "^$1.*teredo0.*inet6 $2/" "$tmp/notices"
}

# hint NAME TEXT: show prints such a hint, now or soon
hints_at()
{
	tool "$1" -j show teredo0 | tee "$tmp/json" |
		jq -e ".[0].hints[] | select(contains(\"$2\"))"
}

hint()
{
	wait_for 5 hints_at "$1" "$2" && return
	cat "$tmp/json"
	return 1
}

# counter NAME COUNTER: print it
counter()
{
	tool "$1" -j show stats teredo0 | jq ".[0][\"$2\"]"
}

has_only()
{
	[[ $(client_address "$1") = "$2" ]]
}

# start_second_server: start another server of ours, in place of the relay
start_second_server()
{
	role[rly]=ours
	nip rly addr add 192.0.2.2/28 dev eth0 &&
	tool rly add teredo0 mode server local 192.0.2.1 &&
	nip rly link set teredo0 up
}

# stopwatch: start it; figure DESCRIPTION: print the time since then
stopwatch()
{
	started=${EPOCHREALTIME/./}
}

figure()
{
	local ms=$(((${EPOCHREALTIME/./} - started) / 1000))

	say "figure: $1: $((ms / 1000)).$((ms % 1000 / 100)) s"
}
