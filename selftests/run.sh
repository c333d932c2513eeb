#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [TEST...]: run tests (names with or without .sh; all of the Makefile's
# by default) one after the other, as root where the module can be loaded, and
# add up their results.  The last line is "N passed, N failed, N skipped"; exit
# status 0 only if none failed.
#
# A test fails as well when it outlives its time (settings), when results and
# plan do not agree, or when the kernel complains while it runs.  Tests that
# cannot run have failed: TEREDO_STRICT= lets them skip instead.

set -u
export LC_ALL=C TEREDO_STRICT=${TEREDO_STRICT-1}

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
cd "$selftests" || exit 1

tests=("$@")
((${#tests[@]})) || read -ra tests <<<"${TESTS:-}"
((${#tests[@]})) || read -ra tests < <(make -s list)

limit=$(sed -n 's/^timeout=//p' settings)
output=$(mktemp) || exit 1
trap 'rm -f "$output"' EXIT

passed=0 failed=0 skipped=0

# count TEST STATUS: the results of one test, from $output
count()
{
	local line planned='' results=0 bad=0 good=0 skips=0 status=$2 seen=''

	while read -r line; do
		case $line in
		'1..'*)
			planned=${line#1..} seen=$planned
			planned=${planned%% *} ;;
		'ok '*'# SKIP'*) ((++skips, ++results)) ;;
		'ok '*) ((++good, ++results)) ;;
		'not ok '*) ((++bad, ++results)) ;;
		esac
	done <"$output"

	# A whole test that skips is one skip.
	[[ $seen != '0 # SKIP'* || $status != 4 ]] || { ((++skips)); status=0; }

	if ((status == 124 || status == 137)); then
		echo "# $1: no end after $limit s"
		((++bad))
	elif [[ $planned != "$results" ]]; then
		echo "# $1: planned ${planned:-nothing}, got $results results"
		((++bad))
	elif ((status && !bad)); then
		echo "# $1: exit status $status"
		((++bad))
	fi
	((passed += good, failed += bad, skipped += skips))
	((bad == 0))
}

echo "TAP version 13"
echo "1..${#tests[@]}"
n=0
for test in "${tests[@]}"; do
	test=${test##*/}
	[[ -x $test ]] || test=$test.sh
	((++n))
	echo "# selftests: $test"
	start=$SECONDS
	marker="selftest $test $n $$"
	echo "$marker" >/dev/kmsg
	if [[ -x $test ]]; then
		timeout -k 10 "$limit" "./$test" </dev/null 2>&1 |
			tee "$output" | sed -u 's/^/    /'
		status=${PIPESTATUS[0]}
	else
		echo "# no such test" >"$output"
		status=127
	fi
	result=ok
	count "$test" "$status" || result='not ok'
	if ! dmesg | ./vm/klog.sh /dev/stdin "$marker" >"$output"; then
		sed 's/^/# /' "$output"
		result='not ok'
		((++failed))
	fi
	echo "$result $n - selftests: $test ($((SECONDS - start)) s)"
done

echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
