#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of the packet codec, kernel/selftest, a separate module of the debug
# build: each test is a result.

. "$(dirname "$0")/lib/lib.sh"

need_root
modprobe -r teredo-kunit 2>/dev/null
modprobe teredo-kunit 2>"$tmp/load" || skip_all "$(<"$tmp/load")"
defer modprobe -r teredo-kunit

suites=(/sys/kernel/debug/kunit/teredo-*)

# tests SUITE: print how many it has
tests()
{
	sed -n 's/^    1\.\.//p' "$1/results"
}

total=0
for suite in "${suites[@]}"; do
	((total += $(tests "$suite")))
done
plan $total

# The output of a test is cut off after 512 octets, and its result comes last.  So a missing
# result means a test that reported much.
for suite in "${suites[@]}"; do
	name=${suite##*/}
	count=$(tests "$suite")
	for ((n = 1; n <= count; n++)); do
		line=$(grep -E "^    (not )?ok $n " "$suite/results")
		case $line in
		'    ok '*) pass "$name: ${line#*ok "$n" }" ;;
		'') fail "$name: test $n, whose result is cut off" "$(<"$suite/results")" ;;
		*) fail "$name: ${line#*ok "$n" }" "$(<"$suite/results")" ;;
		esac
	done
done
