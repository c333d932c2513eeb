#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Attempts to reach peers are on time, however many wait at once and however long the path
# is: two seconds apart, given up after eight.  A relay and a client without NAT, both ours;
# deadlines.py plays servers, peers and native hosts.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"
# Half a network of servers, as each has a rate limit.
{
	nip inet route add 203.0.113.128/25 via $server &&
	nip srv route add local 203.0.113.128/25 dev lo
} || skip_all "no servers"

diagnose()
{
	lab_state
	tool rly show peers | sed 10q
	tool bare show stats
}

lone_client bare
start_relay ours || skip_all "no relay"

# Timers of two seconds are exact to 80 ms with a tick of 10 ms.  An emulated CPU on a busy
# host stands still for seconds: there, check only what is sent, not when; and the
# laboratory's own queues are too short for it.
late=0.3 many=10000
if [[ ${VM_ACCEL:-} = tcg ]]; then
	late=30 many=1000
	backlog=$(</proc/sys/net/core/netdev_max_backlog)
	defer eval "echo $backlog >/proc/sys/net/core/netdev_max_backlog"
	echo 100000 >/proc/sys/net/core/netdev_max_backlog
fi
results_from "$selftests/cast/deadlines.py" "${ns[srv]}" "${ns[nata]}" "${ns[host]}" "${ns[rly]}" \
	"${ns[bare]}" "$address" "$port" "$late" "$many"
