#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The KUnit suites of the packet codec, kernel/selftest, a module of their own
# that the debug build has: each test is a result.

. "$(dirname "$0")/lib.sh"

need_root
modprobe -r teredo-kunit 2>/dev/null
modprobe teredo-kunit 2>"$tmp/load" || skip_all "$(<"$tmp/load")"
defer modprobe -r teredo-kunit

mapfile -t results < <(grep -h '^    \(ok\|not ok\) ' /sys/kernel/debug/kunit/teredo-*/results)
plan ${#results[@]}

for suite in /sys/kernel/debug/kunit/teredo-*; do
	while read -r line; do
		case $line in
		'ok '*) pass "${suite##*/}: ${line#ok * }" ;;
		'not ok '*) fail "${suite##*/}: ${line#not ok * }" "$(<"$suite/results")" ;;
		esac
	done < <(grep '^    \(ok\|not ok\) ' "$suite/results")
done
