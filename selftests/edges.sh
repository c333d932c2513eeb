#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Edge cases, just inside and just outside of a limit: senders that are almost the server,
# almost a peer, or almost know a nonce; each kind of neighbour discovery behind each kind
# of header; lengths at their limit; values as rare as 0; and limits per sender, one used up
# while the next one is full.  A client without NAT and a relay, both ours; edges.py plays
# all others.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"
nip rly addr add 192.0.2.2/28 dev eth0 || skip_all "no laboratory"

diagnose()
{
	bare_state
	tool rly show stats
}

lone_client bare
start_relay ours || skip_all "no relay"
results_from "$selftests/cast/edges.py" "${ns[srv]}" "${ns[rly]}" "${ns[bare]}" "${ns[nata]}" \
	"${ns[host]}" "$address" "$port"
