#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A peer goes away, behind two NATs: its host answers port unreachable, and the sender of a
# packet gets an error at once, not after 30 s of silence.
#
# Runs alone: Miredo is a process, and loses packets if it does not get the CPU in time.

. "$(dirname "$0")/lib/lab.sh"

need ping miredo
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
start_server ours || skip_all "no server"
plan 5

diagnose()
{
	lab_state
}

# told NAME ADDRESS: the first packet is answered with an error
told()
{
	on "$1" ping -n -c 1 -W 10 "$2" | tee "$tmp/told"
	grep 'Address unreachable' "$tmp/told"
}

# start_both A B: start clients of these kinds, with a path between them
start_both()
{
	start_client clia "$1" && start_client clib "$2" &&
	b=$(client_address clib) && reaches clia "$b"
}

check "a client of ours and Miredo meet" start_both ours miredo
# Miredo has several processes.
wait_for 5 empty clib
check "Miredo is killed: the next packet is answered with address unreachable (C-55)" \
	told clia "$b"
stop clia clib

check "two clients of ours meet" start_both ours ours
kill "${daemon[clib]}"
nip clib link set teredo0 down
check "a link is set down: the next packet is answered, too (C-55)" told clia "$b"
check "which is counted" eval "tool clia -j show stats | jq -e '.[0].\"rx-icmp\" >= 1'"
