#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The controller dies, is replaced and upgraded while the tunnel is in use: not one packet
# is lost, to our own client and to Miredo's.
#
# Runs alone: Miredo is a process, and loses packets if it does not get the CPU in time.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq iperf3
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 25

start_server ours || skip_all "no server"
role[clia]=ours
tool clia add teredo0 server $server refresh 4
nip clia link set teredo0 up
watch clia || skip_all "nothing to watch with"
control clia
wait_for 20 qualified clia
address=$(client_address clia)

# Another version of the tool: a copy
cp "$repo/tools/teredo-tool" "$tmp/newer"

# replace: kill the controller, wait, and start another version
replace()
{
	local i

	for i in 1 2 3; do
		kill -9 "$controller"
		wait "$controller" 2>/dev/null
		pause 1    # time without a controller
		spawn clia "$tmp/newer" run teredo0 >>"$tmp/run" 2>&1
		controller=$spawned daemon[clia]=$spawned
		wait_for 10 is clia .controller || return
		pause 0.5    # time for any damage
	done
}

# On a starved machine, TCP may retransmit segments that were only late; losses are seen by
# ping.
#
# under_traffic WHAT PEER-ADDRESS CONDITION: replace it; CONDITION is about iperf3's results
under_traffic()
{
	local what=$1 other=$2 count pinger iperf

	check "$what: the two meet" reaches clia "$other"
	count=$(grep -c "taking over: address $address" "$tmp/run")
	spawn clia ping -n -q -f -i 0.01 -c 1500 "$other" >"$tmp/ping" 2>&1
	pinger=$spawned
	serve_flow clib
	spawn clia iperf3 -6 -c "$other" -t 12 -b 1M -l 1000 -J >"$tmp/iperf" 2>&1
	iperf=$spawned
	check "$what: three times killed and replaced" replace
	check "$what: each one took over what it found (F-09)" eval "
		((\$(grep -c 'taking over: address $address' $tmp/run) == count + 3))"
	wait "$pinger"
	check "$what: not one of 1500 packets is lost" eval "cat $tmp/ping
		grep -q '1500 received' $tmp/ping"
	wait "$iperf"
	check "$what: and a TCP connection sees nothing of it" eval "cat $tmp/iperf
		jq -e '$3' $tmp/iperf"
	check "$what: the address has never moved" eval "
		has_only clia $address && ! grep -F 'Deleted' $tmp/notices | grep -F teredo0"
	check "$what: the peer is still known" eval "
		tool clia -j show peers teredo0 $other | jq -e '.[0].state == \"trusted\"'"
}

start_client clib ours || skip_all "no second client"
under_traffic "our client" "$(client_address clib)" \
	".end.sum_received.bytes > 1000000 and .end.sum_sent.retransmits < 3"
stop clib
start_client clib miredo || skip_all "no Miredo"
# On a busy machine, Miredo drops segments, from any sender.
under_traffic "Miredo" "$(client_address clib)" ".end.sum_received.bytes > 200000"

#
# A missing controller is reported
#

kill -9 "$controller"
wait "$controller" 2>/dev/null
check "monitor tells that it left" monitored "controller left"
check "and show, for how long" hint clia "the controller left "
check "as JSON, too" wait_for 5 is clia '.controller == false and .controller_left >= 1 and
	.state == "qualified"'
control clia
check "monitor tells that another one came" monitored "controller attached"
check "it is not missed any more" eval "wait_for 10 is clia '.controller and
	.controller_left == null' && ! hints_at clia 'controller left'"

#
# On SIGUSR1 or SIGQUIT, it leaves everything to the next one
#

# leaves SIGNAL: on that signal the controller leaves, another one follows, and not one
# packet is lost
leaves()
{
	local pinger

	spawn clia ping -n -q -f -i 0.01 -c 300 "$other" >"$tmp/ping" 2>&1
	pinger=$spawned
	kill -"$1" "$controller"
	wait "$controller" || return
	has_only clia "$address" || return
	pause 1    # time without a controller
	control clia
	wait_for 10 is clia .controller || return
	wait "$pinger"
	cat "$tmp/ping"
	grep -q '300 received' "$tmp/ping" && has_only clia "$address"
}

stop clib
start_client clib ours || skip_all "no second client"
other=$(client_address clib)
check "the two meet once more" reaches clia "$other"
for signal in USR1 QUIT; do
	check "SIG$signal: exit status 0, and not one of 300 packets is lost" leaves $signal
done
check_says "release: not while somebody controls it" "has a controller already" \
	tool clia release teredo0

#
# On SIGTERM, and only then, it cleans up
#

kill "$controller"
wait "$controller"
check "SIGTERM: exit status 0" [ $? = 0 ]
check "SIGTERM: the address is withdrawn, and the reason is there (C-64)" eval "
	! client_address clia && reason 'the controller was stopped'"
