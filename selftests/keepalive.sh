#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A client behind a NAT whose mappings are refreshed only by outgoing packets (RFC 4787
# REQ-6): it stays reachable for newcomers while they keep coming, although each bubble that
# its server forwards is a sign of life of the server.  keepalive.py plays the newcomers.

. "$(dirname "$0")/lib/lab.sh"

need python3 jq
need_teredo
need_modules tun
lab_up none restricted || skip_all "no laboratory"

# An emulated CPU may be seconds late, so the margin is wider there.
refresh=30 lifetime=35 minutes=5
[[ ${VM_ACCEL:-} != tcg ]] || refresh=8 lifetime=14 minutes=1

outside=198.51.100.5
spawn nata "$selftests/lib/tunnat.py" tunnat 10.1.0.2 $outside $lifetime >"$tmp/tunnat" 2>&1
nip nata neigh add proxy $outside dev wan
# Packets from both sides are routed through the NAT; packets that come out of it are routed
# on.
wait_for 10 nip nata link set tunnat up || skip_all "no NAT"
nip nata -batch - <<END || skip_all "no NAT"
route add $outside dev tunnat
rule add pref 100 iif lan lookup 100
route add 10.1.0.0/24 dev lan table 100
route add default dev tunnat table 100
END
ns_script nata <<END || skip_all "no NAT"
echo 0 >/proc/sys/net/ipv4/conf/all/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/tunnat/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/lan/rp_filter
echo 0 >/proc/sys/net/ipv4/conf/wan/rp_filter
END

diagnose()
{
	lab_state
	cat "$tmp/tunnat" "$tmp/run"
	tool clia show
	tool clia show stats
	nip nata route show table all
	nip nata -s link show tunnat
}

start_server ours || skip_all "no server"
role[clia]=ours
{
	tool clia add teredo0 mode client server $server refresh $refresh &&
	nip clia link set teredo0 up
} || skip_all "no client"
spawn clia teredo-tool run teredo0 >"$tmp/run" 2>&1
wait_for 30 eval "client_address clia" || skip_all "no qualification: $(<"$tmp/run")"
results_from "$selftests/cast/keepalive.py" "${ns[clia]}" "${ns[rly]}" "$(client_address clia)" \
	$refresh $lifetime $((minutes * 60))
