#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Interoperation with Miredo 1.2.6: every assignment of {server, relay, client A, client B}
# to {Miredo, ours}, both clients behind port-restricted NATs (C-38..C-41, C-47..C-51, R..,
# S..).  In each, every first contact must work: client to client, client to native host,
# native host to client; and once a path is open, nothing is lost.
#
# Runs alone: Miredo is a process, and loses packets if it does not get the CPU in time.
#
# TEREDO_COMBINATIONS limits the run: a list of words of four letters like mmmo, m for
# Miredo and o for ours, in the order above.

. "$(dirname "$0")/lib/lab.sh"

whose()
{
	case $1 in
	m) echo miredo ;;
	o) echo ours ;;
	esac
}

letters=({m,o}{m,o}{m,o}{m,o})
[[ ! ${TEREDO_COMBINATIONS:-} ]] || read -ra letters <<<"$TEREDO_COMBINATIONS"

need ping miredo miredo-server
[[ ${letters[*]} != *o* ]] || need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan ${#letters[@]}

diagnose()
{
	lab_state
}

# Daemons are restarted for each combination: after four bubbles without an answer, Miredo
# gives up a peer for five minutes.
combination()
{
	local word=$1 a b

	start_server "$(whose "${word:0:1}")" || { echo "no server"; return 1; }
	start_relay "$(whose "${word:1:1}")" || { echo "no relay"; return 1; }
	start_client clia "$(whose "${word:2:1}")" || { echo "client A does not qualify"; return 1; }
	start_client clib "$(whose "${word:3:1}")" || { echo "client B does not qualify"; return 1; }
	a=$(client_address clia) && b=$(client_address clib) || return

	reaches clia "$b" || { echo "A does not reach B"; return 1; }
	reaches clib "$a" || { echo "B does not reach A"; return 1; }
	reaches clia "$host" || { echo "A does not reach the host"; return 1; }
	reaches host "$b" || { echo "the host does not reach B"; return 1; }

	lossless clia "$b" || { echo "lost between A and B"; return 1; }
	lossless clia "$host" || { echo "lost between A and the host"; return 1; }
	lossless host "$b" || { echo "lost between the host and B"; return 1; }
}

for word in "${letters[@]}"; do
	check "server $(whose "${word:0:1}"), relay $(whose "${word:1:1}"), clients $(whose \
		"${word:2:1}") and $(whose "${word:3:1}")" combination "$word"
	stop srv rly clia clib
done
