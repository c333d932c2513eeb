#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Events about peers: each way in and out of the table is reported, once, in order, with its
# cause.  So a listener that begins with a dump and follows the events knows the table, also
# during a flood.  events.py listens, and plays clients, a server and native hosts of our
# relay.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
lab_up none none || skip_all "no laboratory"
ns_add moved
start_relay ours || skip_all "no relay"

diagnose()
{
	tool rly show
	tool rly show peers | sed 20q
	tool rly show stats
}

results_from "$selftests/cast/events.py" "${ns[srv]}" "${ns[nata]}" "${ns[host]}" "${ns[rly]}" \
	"${ns[moved]}"
