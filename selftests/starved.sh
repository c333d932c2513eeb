#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller with only a twentieth of a CPU, while its client is flooded with datagrams
# for the controller: the client stays qualified, failures are repaired, and the controller
# ends when told to.
#
# Runs alone: it depends on the share of a CPU.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq python3
need_teredo
bare_up restricted || skip_all "no laboratory"
plan 8

cgroup=$tmp/cgroup
mkdir "$cgroup"
mount -t cgroup2 none "$cgroup" || skip_all "no cgroups, version 2"
defer umount "$cgroup"
echo +cpu >"$cgroup/cgroup.subtree_control" || skip_all "no CPU controller"
mkdir "$cgroup/starved" || skip_all "no cgroup"
defer rmdir "$cgroup/starved"
echo "5000 100000" >"$cgroup/starved/cpu.max" || skip_all "no cpu.max"

# starve NAME: run a controller with that share
starve()
{
	spawn "$1" sh -c "echo \$\$ >$cgroup/starved/cgroup.procs; exec teredo-tool run teredo0" \
		>>"$tmp/run" 2>&1
	controller=$spawned
	daemon[$1]=$spawned
}

start_server ours || skip_all "no server"
start_second_server || skip_all "no second server"
role[bare]=ours
tool bare add teredo0 server $server,192.0.2.1 refresh 4 port 4000
nip bare link set teredo0 up
starve bare
check "qualified, in peace" wait_for 60 qualified bare

spawn inet "$selftests/cast/flood.py" "${ns[inet]}" 198.51.100.33 4000
flood=$spawned
# flooded COUNTER COUNT: the counter has exceeded that
flooded()
{
	(($(counter bare "$1") > $2))
}
limited=$(counter bare rx-limited)
check "what nobody has asked for is bounded in all, however many send it" \
	wait_for 30 flooded rx-limited $((limited + 5000))
idle=$(tool bare -j show teredo0 | jq '.[0].state_age')
stays_qualified()
{
	stays 8 qualified bare || return
	# It was qualified all the time, and the server was asked and heard.
	is bare ".state_age >= $idle + 6 and .server_idle_ms < 8000"
}
check "stays qualified, and hears its server (C-58)" stays_qualified
check "the flood goes on" wait_for 30 flooded rx-limited $(($(counter bare rx-limited) + 1000))
nip srv link set teredo0 down
check "its server is lost: the next one takes over (C-62)" \
	wait_for 60 is bare '.state == "qualified" and .server == "192.0.2.1"'
stopwatch
kill "$controller"
check "told to stop, it does at once" wait_for 3 gone "$controller"
figure "from SIGTERM to the end of a starved controller"
wait "$controller"
check "and has cleaned up" is bare '.state == "starting" and .address == null'
starve bare
check "another one qualifies in the flood" wait_for 60 qualified bare
kill "$flood"
