#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-boot.sh [BOOT...]: tunnels as services, in machines that systemd boots, one
# after the other (boot.sh): `one` begins with what `none` leaves, `twenty` with what
# `one` does.  The last line adds up the results: "N passed, N failed,
# N skipped"; exit status 0 only if none failed.

set -u
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
cd "$repo" || exit 1
out=$(mktemp -d) || exit 1
trap 'rm -rf "$out"' EXIT
# Called by make, but not a part of its jobs.
unset MAKEFLAGS MAKELEVEL
boots=("$@")
((${#boots[@]})) || boots=(faults private none one twenty)

rm -f teredo.ko
kver=$(selftests/vm/run.sh -K) || exit 1
echo "# building"
KDIR=/lib/modules/$kver/build selftests/check/build.sh check-boot || exit 1

passed=0 failed=0 skipped=0 number=0
echo "TAP version 13"
echo "1..${#boots[@]}"
for boot in "${boots[@]}"; do
	start=$SECONDS
	echo "# selftests: boot.sh $boot"
	selftests/vm/run.sh -k "$kver" -t "${VM_TIMEOUT:-1800}" -o "$out" -s "$repo/selftests/check/boot.sh prepare" \
		selftests/check/boot.sh "$boot" 2>&1 | tee "$out/said" | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	good=$(grep -c '^ok ' "$out/said")
	bad=$(grep -c '^not ok ' "$out/said")
	result=ok
	((status == 0 || bad)) || bad=1
	((bad == 0)) || result='not ok'
	((passed += good, failed += bad))
	echo "$result $((++number)) - selftests: boot.sh $boot ($((SECONDS - start)) s)"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
