#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What goes into the tunnel comes out of it, octet for octet: between clients and through a
# relay, with and without offloads, through a NAT on the sender's own host, at MTUs of 1280
# and 1472, and with IPv4 fragments. With offloads, datagrams of the host itself are as long
# as possible.

. "$(dirname "$0")/lib/lab.sh"

need tcpdump iperf3 ethtool python3
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 13

diagnose()
{
	lab_state
}

# mtu NUMBER: set the inner MTU
mtu()
{
	local name

	for name in clia clib rly; do
		nip $name link set teredo0 mtu "$1" || return
	done
}

# narrow NUMBER: set the outer MTU between the NATs
narrow()
{
	nip inet link set natb mtu "$1" && nip natb link set wan mtu "$1"
}

# 54 segments of 1208 octets fit, with all of their headers, and 55 do not.
fills()
{
	local length

	length=$(longest clia eth0 out $((54 * 1208 + 72)) stream clia clib "$b" 20M)
	echo "$length octets"
	((length == 54 * 1208 + 72))
}

check "all four roles at work" everyone
a=$(client_address clia)
b=$(client_address clib)
check "paths are open" eval "reaches clia $b && reaches clia $host && reaches host $a"
check "datagrams of a stream are as long as can be" fills
check "with offloads" everywhere
check "without" eval "offloads clia off && everywhere"
offloads clia on
check "an MTU of 1472" eval "mtu 1472 && everywhere"
check "the same, without offloads" eval "offloads clia off && everywhere"
offloads clia on
check "the same, in fragments of IPv4" eval "narrow 1000 && everywhere"
check "fragments, without offloads" eval "offloads clia off && everywhere"
offloads clia on
narrow 1500
check "an MTU of 1280 again" eval "mtu 1280 && everywhere"
check "a NAT on the same host (F-38)" \
	eval "own_nat clia 10.1.0.3/24 && wait_for 30 reaches clia $b && everywhere"
check "the same, without offloads (F-38)" eval "offloads clia off && everywhere"
offloads clia on
check "the same, in fragments of IPv4 (F-38)" eval "narrow 1000 && everywhere"
