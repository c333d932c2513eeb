#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The packet codec, which is pure code: the module's own files, compiled for userspace, with
# the vectors of the RFCs and tables of everything that can be wrong.

. "$(dirname "$0")/lib/lib.sh"

results_from "$repo/tools/test-codec"
