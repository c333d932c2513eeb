#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# check.sh [TEST...]: run tests (all by default) where the module can be loaded, see
# machine.sh.  Those of TEST_PROGS_PARAM are about how the kernel was booted: each has a
# virtual machine of its own, which is told what the test's line "# Boots with:" says.
# The last line adds up the results: "N passed, N failed, N skipped"; exit status 0 only
# if none failed.

set -u
export LC_ALL=C

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck source=selftests/check/progress.sh
. "$selftests/check/progress.sh"
log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
passed=0 failed=0 skipped=0

# add_up STATUS: the results in the log, of what has ended so
add_up()
{
	local good='' bad=0 skips=0

	read -r good bad skips < <(sed -n \
		's/^\([0-9]*\) passed, \([0-9]*\) failed, \([0-9]*\) skipped$/\1 \2 \3/p' \
		"$log" | tail -n 1)
	# The machine was lost, or the kernel complained of what was no test's doing.
	if [[ ! $good ]] || (($1 > (bad > 0))); then
		((++bad))
	fi
	((passed += ${good:-0}, failed += bad, skipped += ${skips:-0}))
	progress_took "$selftests/output/took" <"$log"
}

read -ra booted < <(make -s -C "$selftests" list-param)
here=() own=()
for test in "$@"; do
	test=${test##*/} test=${test%.sh}
	case " ${booted[*]} " in
	*" $test.sh "*) own+=("$test.sh") ;;
	*) here+=("$test") ;;
	esac
done
(($#)) || own=("${booted[@]}")

if ((!$# || ${#here[@]})); then
	"$selftests/check/machine.sh" check selftests/check/run.sh "${here[@]}" | tee "$log"
	add_up "${PIPESTATUS[0]}"
fi
for test in "${own[@]}"; do
	# The machine is one for x86-64.
	if [[ $(uname -m) != x86_64 ]]; then
		echo "# no machine to boot for $test"
		((++skipped))
		continue
	fi
	VM=1 VM_APPEND="${VM_APPEND:-} $(sed -n 's/^# Boots with: //p' "$selftests/$test")" \
		"$selftests/check/machine.sh" check selftests/check/run.sh "$test" | tee "$log"
	add_up "${PIPESTATUS[0]}"
done
echo "$passed passed, $failed failed, $skipped skipped"
((failed == 0))
