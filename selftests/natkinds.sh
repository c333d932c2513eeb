#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The laboratory's NATs behave as their kinds say.  No Teredo.

. "$(dirname "$0")/lib/lab.sh"

need python3
lab_up none none || skip_all "no laboratory"

for kind in cone address restricted symmetric; do
	nat nata $kind 10.1.0.2 || exit 1
	results+=("$(on clia "$selftests/cast/natkinds.py" $kind "${ns[clia]}" "${ns[rly]}" \
		"${ns[srv]}")")
done

plan ${#results[@]}
for result in "${results[@]}"; do
	read -r kind verdict <<<"$result"
	check "NAT $kind" [ "$verdict" = right ]
done
