#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check-debug.sh [-c FOLDER] TEST...: build the debug kernel and everything for
# it, and run each test in a machine of its own, as many at a time as there are
# CPUs.  The last line adds up the results: "N passed, N failed, N skipped"; exit
# status 0 only if none failed.
#
# -c: the module counts what of it runs, for coverage.py.  In the folder is, of
# each test, TEST/gcov, and as `notes` what it takes to understand that.
#
# VM_TIMEOUT= is the limit for each, in seconds of the host.  Inside, time only
# passes while nothing runs (time-travel), so how fast the host is matters to no
# test.
#
# TEREDO_HOST=amx: as on a host whose processor has AMX (amx-host.c).

set -u
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
vm=$repo/selftests/vm
cd "$repo" || exit 1
# shellcheck source=selftests/check/progress.sh
. "$repo/selftests/check/progress.sh"
dir=$(mktemp -d) || exit 1
trap 'progress_end; rm -rf "$dir"' EXIT

[[ ${TEREDO_HOST:-} != amx ]] || export VM_PRELOAD=$repo/selftests/lib/amx-host.so

counts='' count=()
if [[ ${1:-} = -c ]]; then
	counts=$2 count=(-c)
	shift 2
fi

# cpus: those that are ours, one in a line
cpus()
{
	local range

	for range in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr , ' '); do
		seq "${range%-*}" "${range#*-}"
	done
}

# run_one NUMBER TEST CPU: what it says comes in one piece, when it is done.  Such a
# kernel and its programs take turns, so on several CPUs they would wake each other up
# from afar, which takes as long as all the rest.
run_one()
{
	local boot n=$1 test=$2 cpu=$3 status good='' bad=0 skips=0 start=$SECONDS out=$dir/$1

	boot=$(sed -n 's/^# Boots with: //p' "selftests/${test%.sh}.sh")
	VM_APPEND="${VM_APPEND:-} $boot" VM_OUT=${counts:+$counts/$test} \
		taskset -c "$cpu" "$vm/run.sh" -d "$kernel" -t "${VM_TIMEOUT:-1800}" \
		selftests/check/run.sh "$test" >"$out" 2>"$out.err"
	status=$?
	read -r good bad skips < <(sed -n \
		's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' "$out")
	# Results of tests, not those of the machine's run.sh about them
	sed -n '/^    /p; /^# /p' "$out"
	# Else the test has said why.
	if [[ $status != [01] || ! $good ]]; then
		cat "$out.err"
		((++bad))
	fi
	((bad == 0)) && printf ok || printf 'not ok'
	echo " $n - selftests: $test ($((SECONDS - start)) s)"
	echo "${good:-0} $bad ${skips:-0}" >"$out.count"
}

echo "# building"
selftests/check/build.sh check-debug tools || exit 1
kernel=$("$vm/debug-kernel.sh" "${count[@]}") || exit 1
if [[ $counts ]]; then
	mkdir -p "$counts" && ln -sfn "$kernel/source" "$counts/notes" || exit 1
fi

echo "TAP version 13"
echo "1..$#"
number=0
took=selftests/output/took-debug
progress_begin "$dir" $# $took
mapfile -t free < <(cpus)
declare -A busy
for test; do
	if ((${#free[@]} == 0)); then
		wait -n -p ended
		free=("${busy[$ended]}")
	fi
	((++number))
	progress $number "$test"
	{ run_one $number "$test" "${free[0]}" >"$dir/$number.all"; cat "$dir/$number.all"; } &
	busy[$!]=${free[0]}
	free=("${free[@]:1}")
done
wait
progress_end
cat "$dir"/*.all | progress_took $took

passed=0 failed=0 skipped=0
for ((n = 1; n <= number; n++)); do
	read -r good bad skips <"$dir/$n.count"
	((passed += good, failed += bad, skipped += skips))
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
