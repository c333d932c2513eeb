#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# run.sh [-j JOBS] [TEST...]: run tests (names with or without .sh; all of the
# Makefile's by default) as root where the module can be loaded, and add up their
# results.  The last line is "N passed, N failed, N skipped"; exit status 0 only
# if none failed.
#
# A test fails as well when it is silent for too long (settings), when results and
# plan do not agree, or when the kernel complains while it runs; kmemleak, where
# the kernel has it, looks for what nobody frees after each of them.  Tests that
# cannot run have failed: TEREDO_STRICT= lets them skip instead.
#
# When all of them ran, one more result says whether Documentation/conformance.rst is
# true: whether each rule that it names a test for was shown by that test.
#
# Tests mostly wait, so by default one more than there are CPUs run at a time.  Where
# there is but one, the first to want it all would keep it: one by one.
# Those with a line "# Runs alone" come last, one by one.
#
# TEREDO_BUSY=N: beside as many busy loops, at nice 10, as a machine may have them that is
# not there for tests alone.

set -u
export LC_ALL=C TEREDO_STRICT=${TEREDO_STRICT-1}

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
cd "$selftests" || exit 1
# shellcheck source=selftests/check/progress.sh
. "$selftests/check/progress.sh"
# shellcheck source=selftests/lib/pause.sh
. "$selftests/lib/pause.sh"

jobs=$(($(nproc) > 1 ? $(nproc) + 1 : 1))
if [[ ${1:-} = -j ]]; then
	jobs=$2
	shift 2
fi

tests=("$@")
((${#tests[@]})) || read -ra tests <<<"${TESTS:-}"
complete=$((!${#tests[@]}))
((!complete)) || read -ra tests < <(make -s list)

limit=$(sed -n 's/^timeout=//p' settings)
dir=$(mktemp -d) || exit 1
loops=()
trap 'progress_end; ((!${#loops[@]})) || kill "${loops[@]}"; rm -rf "$dir"' EXIT

# count TEST STATUS OUTPUT: the results of one test, as "passed failed skipped"
# on standard output, and what else is wrong with it on standard error
count()
{
	local line planned='' results=0 bad=0 good=0 skips=0 status=$2 seen=''

	# Indented results are part of another one.
	while IFS= read -r line; do
		case $line in
		'1..'*)
			planned=${line#1..} seen=$planned
			planned=${planned%% *} ;;
		'ok '*'# SKIP'*) ((++skips, ++results)) ;;
		'ok '*) ((++good, ++results)) ;;
		'not ok '*) ((++bad, ++results)) ;;
		esac
	done <"$3"

	# A whole test that skips is one skip.
	[[ $seen != '0 # SKIP'* || $status != 4 ]] || { ((++skips)); status=0; }

	if ((status == 124 || status == 137)); then
		echo "# $1: no word for $limit s" >&2
		((++bad))
	elif [[ $planned != "$results" ]]; then
		echo "# $1: planned ${planned:-nothing}, got $results results" >&2
		((++bad))
	elif ((status && !bad)); then
		echo "# $1: exit status $status" >&2
		((++bad))
	fi
	echo "$good $bad $skips"
}

# all_gone GROUP: no process of the group runs on for long; else those that do
all_gone()
{
	local i

	for i in {1..50}; do
		pgrep -g "$1" >/dev/null || return 0
		sleep 0.1    # asked again so often
	done
	! pgrep -a -g "$1"
}

# watch_over GROUP OUTPUT: the end of a test that has said nothing for too long.  A slow
# machine may take any time for the whole of it.  It forks nothing, since that is dear where
# hours pass at once.
watch_over()
{
	local mark=$2.seen since=$SECONDS

	: >"$mark"
	while kill -0 "$1"; do
		if [[ $2 -nt $mark ]]; then
			: >"$mark"
			since=$SECONDS
		elif ((SECONDS - since >= limit)); then
			: >"$2.silent"
			kill -TERM -- "-$1"
			sleep 10    # to undo what it did
			kill -KILL -- "-$1"
			return
		fi
		pause 2    # looked at again so often
	done
} >/dev/null 2>&1

kmemleak=/sys/kernel/debug/kmemleak
[[ -w $kmemleak ]] || kmemleak=''

# leaks: what kmemleak finds, not counting what it has reported before
leaks()
{
	[[ $kmemleak ]] || return 0
	# It takes two passes to believe that something is lost, and does not look
	# at what is younger than 5 s.
	sleep 6    # see above
	echo scan >$kmemleak
	echo scan >$kmemleak
	cat $kmemleak
	echo clear >$kmemleak
}

# run_one NUMBER TEST: leaves its counts in $dir/NUMBER.count
run_one()
{
	local n=$1 test=$2 start=$SECONDS marker="selftest $2 $1 $$" status result=ok
	local output=$dir/$1.test good bad skips test_pid tail_pid watcher

	echo "# selftests: $test"
	echo "$marker" >/dev/kmsg
	if [[ -x $test ]]; then
		: >"$output"
		# It leads a process group.
		setsid "./$test" </dev/null >"$output" 2>&1 &
		test_pid=$!
		watch_over $test_pid "$output" &
		watcher=$!
		tail -q -s 0.2 --pid=$test_pid -n +1 -f "$output" | sed -u 's/^/    /' &
		tail_pid=$!
		wait $test_pid
		status=$?
		kill $watcher 2>/dev/null
		[[ ! -e $output.silent ]] || status=124
		wait $tail_pid
	else
		echo "# no such test" | tee "$output"
		status=127
	fi
	# For conformance.py
	[[ ! -e $output ]] || ln -f "$output" "$dir/${test%.sh}.ktap"
	read -r good bad skips < <(count "$test" "$status" "$output" 2>"$output.wrong")
	if [[ ${test_pid:-} ]] && ! all_gone "$test_pid" >"$output.left"; then
		pkill -KILL -g "$test_pid"
		sed "s/^/# $test: left behind: /" "$output.left"
		((++bad))
	fi
	cat "$output.wrong"
	if ! dmesg | ./vm/klog.sh /dev/stdin "$marker" >"$output.log"; then
		sed 's/^/# /' "$output.log"
		((++bad))
	fi
	leaks >"$output.leaks"
	if [[ -s $output.leaks ]]; then
		sed 's/^/# /' "$output.leaks"
		((++bad))
	fi
	((bad == 0)) || result='not ok'
	echo "$good $bad $skips" >"$dir/$n.count"
	echo "$result $n - selftests: $test ($((SECONDS - start)) s)"
}

alone()
{
	grep -q '^# Runs alone' "$1" 2>/dev/null
}

for ((i = 0; i < ${TEREDO_BUSY:-0}; i++)); do
	nice -n 10 sh -c 'while :; do :; done' &
	loops+=($!)
	disown $!    # nobody waits for it
done

echo "TAP version 13"
echo "1..$((${#tests[@]} + complete))"
running=0
progress_begin "$dir" ${#tests[@]} output/took

for i in "${!tests[@]}"; do
	test=${tests[i]##*/}
	[[ $test = *.sh ]] || test=$test.sh
	tests[i]=$test
	! alone "$test" || continue
	if ((jobs == 1)); then
		progress $((i + 1)) "$test"
		run_one $((i + 1)) "$test"
		continue
	fi
	((running < jobs)) || { wait -n; ((running--)); }
	progress $((i + 1)) "$test"
	# What it says comes in one piece, when it is done.
	{ run_one $((i + 1)) "$test" >"$dir/$i.all" 2>&1; cat "$dir/$i.all"; } &
	((++running))
done
wait
for i in "${!tests[@]}"; do
	alone "${tests[i]}" || continue
	progress $((i + 1)) "${tests[i]}"
	run_one $((i + 1)) "${tests[i]}"
done
progress_end

passed=0 failed=0 skipped=0
for i in "${!tests[@]}"; do
	read -r good bad skips <"$dir/$((i + 1)).count"
	((passed += good, failed += bad, skipped += skips))
done
if ((complete)); then
	if check/conformance.py "$dir"; then
		((++passed))
		result=ok
	else
		((++failed))
		result='not ok'
	fi
	echo "$result $((${#tests[@]} + 1)) - selftests: conformance"
fi
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
