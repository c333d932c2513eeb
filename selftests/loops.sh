#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Routing loops between tunnels (RFC 6324): a relay and a server of ours on hosts that also
# accept IPv6 in IPv4 (sit), a router for 6to4 and ISATAP, and packets whose addresses lead
# from one tunnel to the other and back.  loops.py sends them, first on a path without
# Teredo, to verify that they do loop.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq nft
need_teredo
need_modules sit ip6_tunnel
lab_up none none || skip_all "no laboratory"

# The router: 6to4 on one address, ISATAP for 2001:db8:5::/64 on another
ns_add six site
{
	wire six 203.0.113.49/28 2001:db8:4::1/64 203.0.113.62 2001:db8:4::f &&
	forward six &&
	nip six -batch - <<-'END' &&
	addr add 203.0.113.50/28 dev eth0
	tunnel add sixtofour mode sit remote any local 203.0.113.49 ttl 64
	link set sixtofour up
	addr add 2002:cb00:7131::1/16 dev sixtofour
	tunnel add isatap mode isatap local 203.0.113.50 ttl 64
	link set isatap up
	addr add 2001:db8:5::1/64 dev isatap nodad
	END
	nip inet -batch - <<-'END' &&
	route add 2002::/16 via 2001:db8:4::1
	route add 2001:db8:5::/64 via 2001:db8:4::1
	END
	nip rly tunnel add sit1 mode sit remote any local $relay ttl 64 &&
	nip rly link set sit1 up &&
	nip srv tunnel add sit1 mode sit remote any local $server ttl 64 &&
	nip srv link set sit1 up
} || skip_all "no other tunnels"

# A site with a 6to4 prefix, and our relay as its router
{
	nip rly -batch - <<-END &&
	link add site type veth peer name eth0 netns ${ns[site]}
	link set site up
	addr add 2002:c000:201:1::1/64 dev site nodad
	addr add 10.66.0.1/32 dev lo
	END
	nip site -batch - <<-'END' &&
	link set lo up
	link set eth0 up
	addr add 2002:c000:201:1::5/64 dev eth0 nodad
	route add default via 2002:c000:201:1::1
	END
	wait_for 10 settled
} || skip_all "no site"

diagnose()
{
	lab_state
}

{ start_server ours && start_relay ours; } || skip_all "no server or relay"
results_from "$selftests/cast/loops.py" "${ns[srv]}" "${ns[rly]}" "${ns[nata]}" "${ns[host]}" \
	"${ns[six]}" "${ns[site]}"
