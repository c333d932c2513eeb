#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-matrix.sh KERNEL...: build everything for each kernel of root.sh, with the
# compiler of the Debian release that it comes from, install the module there
# through DKMS, and run the tests under it (TESTS="a b"; all by default).  The last
# line adds up the results: "N passed, N failed, N skipped"; exit status 0 only if
# none failed.

set -u
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
vm=$repo/selftests/vm
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
passed=0 failed=0 skipped=0

# run_one KERNEL: its tests, and one result for having been built and installed
run_one()
{
	local good='' bad skips status root kver copy tests

	if [[ ! -s $dir/$1.root ]]; then
		sed 's/^/    # /' "$dir/$1.err"
		echo "    not ok - built and installed for $1"
		((++failed))
		return 1
	fi
	read -r root kver copy <"$dir/$1.root"
	echo "    ok - built and installed for $kver"
	((++passed))
	read -ra tests <<<"${TESTS:-}"
	cd "$copy" || return
	TESTS='' selftests/vm/run.sh -t "${VM_TIMEOUT:-7200}" -r "$root" -k "$kver" \
		selftests/check/run.sh "${tests[@]}" 2>&1 | tee "$dir/log" | sed -u 's/^/    /'
	status=${PIPESTATUS[0]}
	read -r good bad skips < <(sed -n \
		's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
		"$dir/log" | tail -n 1)
	# The machine was lost, or the kernel complained of what was no test's doing.
	((status <= (${bad:-0} > 0))) || ((++failed))
	((passed += ${good:-0}, failed += ${bad:-0}, skipped += ${skips:-0}))
	((status == 0))
}

# All at the same time: much of it is waiting for a mirror.
echo "# building"
for kernel; do
	"$vm/root.sh" -d "$kernel" >"$dir/$kernel.root" 2>"$dir/$kernel.err" &
done
wait

echo "TAP version 13"
echo "1..$#"
number=0
for kernel; do
	start=$SECONDS result=ok
	run_one "$kernel" || result='not ok'
	echo "$result $((++number)) - kernel $kernel ($((SECONDS - start)) s)"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
