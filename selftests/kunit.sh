#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of the packet codec, kernel/selftest, a module of their own
# that the debug build has: each test is a result.

. "$(dirname "$0")/lib/lib.sh"

need_root
modprobe -r teredo-kunit 2>/dev/null
modprobe teredo-kunit 2>"$tmp/load" || skip_all "$(<"$tmp/load")"
defer modprobe -r teredo-kunit

suites=(/sys/kernel/debug/kunit/teredo-*)

# tests SUITE: how many it has
tests()
{
	sed -n 's/^    1\.\.//p' "$1/results"
}

total=0
for suite in "${suites[@]}"; do
	((total += $(tests "$suite")))
done
plan $total

# What a test says is cut off behind 512 octets, and its result comes last: a result that
# is not there is of one that had much to complain of.
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
