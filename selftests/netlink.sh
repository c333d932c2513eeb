#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The generic netlink interface; the cases are in netlink.c.

. "$(dirname "$0")/lib/lib.sh"

need nft tc
need_teredo
[[ -x $selftests/lib/netlink ]] || skip_all "netlink is not built: say make -C selftests"

ns_add one
nip one -batch - <<END || skip_all "no links"
link set lo up
link add dummy0 type dummy
link set dummy0 up
addr add 192.0.2.1/24 dev dummy0
addr add 192.0.2.2/24 dev dummy0
route add default dev dummy0
route add unreachable 203.0.113.128/25
link add client type teredo
link add relay type teredo
link add server type teredo
END

tool one set server mode server local 192.0.2.1 || skip_all "no server"
results_from on one "$selftests/lib/netlink"
