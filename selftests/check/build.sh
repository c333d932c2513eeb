#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# build.sh CHECK [TARGET...]: build what a check takes: these targets of the Makefile,
# by default the module and the tools, and its helpers of the tests (see
# Makefile there).  What is said in doing so only matters if it fails.  KDIR is as
# for make.

set -u
repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
check=$1
shift
# Called by make, but not a part of its jobs.
unset MAKEFLAGS MAKELEVEL MFLAGS

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT

# One at a time in this folder, whoever else is at it
exec {lock}<"$repo"
flock $lock
make=(make --no-print-directory -j "$(nproc)")
"${make[@]}" -C "$repo" "${@:-all}" ${KDIR:+KDIR="$KDIR"} >"$log" 2>&1 &&
	"${make[@]}" -C "$repo/selftests" "helpers-$check" >>"$log" 2>&1
status=$?
if ((status)); then
	cat "$log" >&2
	printf '%100000s' '' 2>/dev/null >"$log" || echo "build: no room in ${log%/*} (TMPDIR)" >&2
fi
# By sudo: what is in somebody's folder stays his.
((EUID)) || [[ -O $repo ]] ||
	find "$repo" -xdev -user 0 -exec chown -h --reference="$repo" {} +
exit $status
