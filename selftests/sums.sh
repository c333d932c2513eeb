#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Packets are never lost silently: the packets given to the link are those that were sent
# plus those counted with a reason, wherever they are refused.  A relay and a client of
# ours; sums.py sends through them and breaks the path.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq nft tc
need_teredo
need_modules sch_tbf
bare_up none || skip_all "no laboratory"
start_relay ours || skip_all "no relay"
lone_client bare
# A prefix other than Teredo's, routed there by mistake
nip inet -6 route add 2001:db8:77::/48 via 2001:db8:3::1
nip rly -6 route add 2001:db8:77::/48 dev teredo0

diagnose()
{
	tool rly show
	tool rly show stats
	nip rly -s link show teredo0
	on rly nft list ruleset
	tool bare show
	tool bare show stats
	nip bare -s link show teredo0
}

results_from "$selftests/cast/sums.py" "${ns[srv]}" "${ns[nata]}" "${ns[host]}" "${ns[rly]}" \
	"${ns[bare]}" "$address" "$port"
