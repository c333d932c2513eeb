#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Two relays announce 2001::/32 by BGP, with a stock routing daemon that follows the routes
# of their links.  The nearer one carries the traffic; when its link or its machine fails,
# the other one takes over.

. "$(dirname "$0")/lib/lab.sh"

need python3 ping jq bird birdc
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
ns_add far
wire far 198.51.100.49/28 2001:db8:4::1/64 198.51.100.62 2001:db8:4::f ||
	skip_all "no laboratory"
forward far
nip inet route del 2001::/32
plan 11

diagnose()
{
	lab_state
	for name in inet rly far; do
		birdc -s "$tmp/$name.ctl" show protocols all
		nip "$name" -6 route
	done
}

# speak NAME ROUTER_ID: run bird in the namespace, with the configuration from standard
# input and a common part
speak()
{
	local name=$1

	{
		echo "router id $2;"
		echo "protocol device { scan time 1; }"
		cat
	} >"$tmp/$name.bird"
	spawn "$name" bird -f -c "$tmp/$name.bird" -s "$tmp/$name.ctl" \
		-P "$tmp/$name.pid" >"$tmp/$name.log" 2>&1
	daemon[$name.bird]=$spawned
}

# announce NAME ROUTER_ID NEIGHBOUR AS METRIC: run the configuration of a relay's operator;
# others prefer the relay with the lower METRIC
announce()
{
	speak "$1" "$2" <<-END
	protocol kernel {
		learn;
		scan time 1;
		ipv6 { import where net = 2001::/32; export none; };
	}
	protocol bgp {
		local as $4;
		neighbor $3 as 65000;
		connect delay time 1;
		connect retry time 2;
		error wait time 1, 2;
		ipv6 {
			import none;
			export filter {
				if net != 2001::/32 then reject;
				bgp_med = $5;
				accept;
			};
		};
	}
	END
}

speak inet 203.0.113.14 <<END
protocol kernel {
	ipv6 { import none; export where net = 2001::/32; };
}
template bgp relays {
	local as 65000;
	passive;
	error wait time 1, 2;
	med metric;
	ipv6 { import where net = 2001::/32; export none; };
}
protocol bgp near from relays { neighbor 2001:db8:3::1 as 65001; }
protocol bgp distant from relays { neighbor 2001:db8:4::1 as 65002; }
END

# leads_to ROUTER|nowhere: the route to the prefix from the middle of the internet
leads_to()
{
	local via

	via=$(nip inet -6 -j route show 2001::/32 | jq -r '.[0].gateway // "nowhere"')
	[[ $via = "$1" ]]
}

sent_by()
{
	nip "$1" -s -j link show teredo0 | jq '.[0].stats64.tx.packets'
}

# carried NAME ADDRESS: the host reaches the address through this relay
carried()
{
	local before

	before=$(sent_by "$1")
	reaches host "$2" && (($(sent_by "$1") > before))
}

check "server, near relay and client" eval "
	start_server ours && start_relay ours && start_client clia ours"
a=$(client_address clia)
tool far add teredo0 mode relay local 198.51.100.49 port 3545
announce rly 192.0.2.1 2001:db8:3::f 65001 10
announce far 198.51.100.49 2001:db8:4::f 65002 20
check "a route on the interface is announced (R-02)" wait_for 30 leads_to 2001:db8:3::1
check "and is where the host's packets go (R-02)" carried rly "$a"
check "a relay whose link is down announces nothing (R-02)" eval "
	birdc -s $tmp/inet.ctl show route all | grep 65001 &&
	! birdc -s $tmp/inet.ctl show route all | grep 65002"
nip far link set teredo0 up
nip far -6 route add 2001::/32 dev teredo0
check "one more relay is announced, too (R-02)" wait_for 30 eval \
	"birdc -s $tmp/inet.ctl show route all | grep 65002"
check "the nearer one stays in use" eval "leads_to 2001:db8:3::1 && carried rly '$a'"

nip rly link set teredo0 down
check "its link goes down: the other one, by routing alone (R-02)" \
	wait_for 30 leads_to 2001:db8:4::1
check "which finds its own way to the client" wait_for 10 carried far "$a"

nip rly link set teredo0 up
nip rly -6 route add 2001::/32 dev teredo0
check "it is back (R-02)" wait_for 30 leads_to 2001:db8:3::1
check "and in use again" wait_for 10 carried rly "$a"
kill "${daemon[rly.bird]}" "${daemon[far.bird]}"
check "nobody announces: nowhere (R-02)" wait_for 30 leads_to nowhere
