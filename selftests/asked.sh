#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A controller that has sent several solicitations: the answer to each, however late, and
# errors about each reach it during a flood of other datagrams.  asked.py plays the
# controller and the server.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
bare_up none || skip_all "no laboratory"

diagnose()
{
	bare_state
}

lone_client bare
results_from "$selftests/cast/asked.py" "${ns[srv]}" "${ns[bare]}" "$address" "$port"
