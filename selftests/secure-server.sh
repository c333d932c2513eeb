#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Secure qualification, on the server's side (RFC 4380 sections 5.2.2 and 5.3.2), with
# hand-made datagrams; the cases are in secure.py.

. "$(dirname "$0")/lib/lab.sh"

need python3
need_teredo
lab_up none none || skip_all "no laboratory"
# Enough clients to stay below the limit for one address
for n in {3..12}; do
	nip rly addr add "192.0.2.$n/28" dev eth0
done
start_server ours || skip_all "no server"

diagnose()
{
	lab_state
}

results_from "$selftests/cast/secure.py" "${ns[srv]}" "${ns[rly]}" "${ns[nata]}"
