#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Load ./teredo.ko with the modules it needs, or, if that is not for the kernel
# that runs, an installed one.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
module=$repo/teredo.ko

[[ -d /sys/module/teredo ]] && exit 0
[[ $(modinfo -F vermagic "$module" 2>/dev/null) = "$(uname -r) "* ]] || exec modprobe teredo
depends=$(modinfo -F depends "$module") || exit 1
IFS=, read -ra depends <<<"$depends"
((${#depends[@]} == 0)) || modprobe -a "${depends[@]}" || exit 1
# Somebody else may have been faster.
insmod "$module" || [[ -d /sys/module/teredo ]]
