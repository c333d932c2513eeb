#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Datagrams that are sent in fragments have unique identifiers (RFC 6864 4.3), whichever CPU
# sends them.

. "$(dirname "$0")/lib/lab.sh"

need python3
need_teredo
lab_up none none || skip_all "no laboratory"
start_relay ours || skip_all "no relay"
# Packets of 1000 octets become two fragments.  The MTU of the link is too small for IPv6.
source=2001:db8:3::5
nip rly -batch - <<END || skip_all "no MTU"
link set eth0 mtu 800
addr add $source/128 dev lo nodad
END
for n in {1..6}; do
	tool rly peer add teredo0 "2001:0:cb00:7101:0:efff:39cc:9b$n""0" at "198.51.100.1:4100$n" ||
		skip_all "no peers"
done

diagnose()
{
	tool rly show
	tool rly show stats
}

results_from "$selftests/cast/identifiers.py" "${ns[rly]}" $source
