#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A route that is remembered (kernel/data/route.c) serves only packets to which all rules
# that led to it apply, and only until one of them changes: one setting after the other
# changes while packets flow.  A client without NAT; caches.py plays its peers.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq nft
need_teredo
bare_up none || skip_all "no laboratory"
# Another address of the client, and of its peers; rules that come before the local table
{
	nip rly addr add 192.0.2.2/28 dev eth0 &&
	nip bare addr add 198.51.100.34/28 dev eth0 &&
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
