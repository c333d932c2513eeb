#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What is remembered of a datagram holds for those that are like it in all that decides
# about them, and only as long as nothing of that changes: what comes in (kernel/data/demux.c)
# differs in one thing from what came before, each in turn; of what goes out
# (kernel/data/route.c), one setting changes while it flows.  A client without NAT;
# caches.py plays its peers.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq nft
need_teredo
bare_up none || skip_all "no laboratory"
# Another address at either end, and a second link between them
{
	nip rly addr add 192.0.2.2/28 dev eth0 &&
	nip bare addr add 198.51.100.34/28 dev eth0 &&
	ip -n "${ns[rly]}" link add side type veth peer name side netns "${ns[bare]}" &&
	nip rly link set side up && nip bare link set side up &&
	nip bare rule add pref 100 lookup local && nip bare rule del pref 0
} || skip_all "no laboratory"

diagnose()
{
	bare_state
	nip bare rule
	nip bare route
}

lone_client bare
results_from "$selftests/cast/caches.py" "${ns[rly]}" "${ns[bare]}" "${ns[inet]}" "$address" "$port"
