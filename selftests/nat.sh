#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Clients behind each pair of the kinds of NAT that RFC 4380 supports meet, and the first
# packet is not lost (C-51, C-54).  A client behind a symmetric NAT reports that (C-20).

. "$(dirname "$0")/lib/lab.sh"

need ping jq
need_teredo
lab_up restricted restricted || skip_all "no laboratory"

pairs=(cone-cone cone-address address-address address-restricted restricted-cone
       restricted-restricted)
plan $((${#pairs[@]} + 3))

diagnose()
{
	lab_state
}

meet()
{
	stop clia clib
	nat nata "$1" 10.1.0.2 && nat natb "$2" 10.2.0.2 &&
	start_client clia ours && start_client clib ours || return
	lossless clia "$(client_address clib)" 20 &&
	lossless clib "$(client_address clia)" 20 &&
	lossless host "$(client_address clia)" 20 &&
	lossless clib "$host" 20
}

check "server and relay" eval "start_server ours && start_relay ours"
for pair in "${pairs[@]}"; do
	check "${pair%-*} meets ${pair#*-}" meet "${pair%-*}" "${pair#*-}"
done

# A router that does not translate, and a client with a global address: also no NAT.
global()
{
	stop clia clib
	bare_add &&
	start_client bare ours && nat natb restricted 10.2.0.2 && start_client clib ours || return
	tool bare -j show | jq -e '.[0].nat == "none"' || { tool bare show; return 1; }
	lossless bare "$(client_address clib)" 20 && lossless host "$(client_address bare)" 20
}
check "no NAT meets restricted" global

symmetric()
{
	stop clib
	nat natb symmetric 10.2.0.2
	role[clib]=ours
	tool clib add teredo0 mode client server $server && nip clib link set teredo0 up
	capture timeout 120 teredo-tool -n "${ns[clib]}" run teredo0 --once
	echo "$output"
	grep -qi symmetric <<<"$output" &&
	tool clib -j show | jq -e '.[0].nat == "symmetric"'
}
check "a symmetric NAT is found (C-20)" symmetric
