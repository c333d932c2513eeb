#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# teredo-tool probe: what several servers, ours and Miredo's, report for each kind of NAT,
# and the verdict.

. "$(dirname "$0")/lib/lab.sh"

need ip jq nft tc
need_teredo
need_modules sch_netem nf_conntrack_netlink
lab_up restricted restricted || skip_all "no laboratory"
plan 26

export STATE_DIRECTORY=$tmp/state
other=192.0.2.1		# Miredo's server, in the place of the relay
dead=203.0.113.5

diagnose()
{
	cat "$tmp/probe" "$tmp/errors"
	on nata conntrack -L
}

# probe NAME ARGUMENTS...: write the result to $tmp/probe
probe()
{
	local name=$1

	shift
	tool "$name" -j probe "$@" >"$tmp/probe" 2>"$tmp/errors"
}

# told FILTER: a jq condition about the list that probe printed is true
told()
{
	jq -e "$1" "$tmp/probe" || { cat "$tmp/probe"; return 1; }
}

# sees NAME FILTER: the same for a new probe of both servers, after the NAT has forgotten
# the mappings of another probe from the same port
sees()
{
	forget nata
	probe "$1" $server $other && told "$2"
}


start_server ours || skip_all "no server"
nip rly addr add 192.0.2.2/28 dev eth0
miredo_conf rly "ServerBindAddress $other" "ServerBindAddress2 192.0.2.2"
role[rly]=miredo
miredo_start miredo-server rly
wait_for 10 udp_bound rly $other 3544 || skip_all "no second server"

#
# Kinds of NATs
#

check "no NAT" sees natb '.[0].verdict | .nat == "none" and .port_kept and
	.hairpin == null'
for kind in cone address restricted; do
	nat nata $kind 10.1.0.2
	check "$kind: one mapping, the port kept, no hairpin" sees clia '
		(.[0].verdict | .nat == "restricted" and .port_kept and
			.hairpin == false and (.addresses_differ | not)) and
		all(.[]; .works and .mapped.address == "198.51.100.1")'
done
nat nata symmetric 10.1.0.2
check "symmetric (C-20)" sees clia '(.[0].verdict | .nat == "symmetric" and
	(.port_kept | not) and .hairpin == null) and
	all(.[]; .nat == "symmetric" and (.works | not) and
		(.reason | test("symmetric")))'
check "and nothing is recommended" told 'all(.[]; .recommended | not)'
check "as text, too" eval "
	tool clia probe $server $other | grep 'NAT  *symmetric: a different port for each'"
# Each server sees the same port from both of its addresses, but the servers see different
# ones.
nat nata restricted 10.1.0.2
on nata nft -f - <<-END
table ip other {
	chain postrouting {
		type nat hook postrouting priority 90
		oifname wan udp dport 3544 ip daddr 203.0.113.0/28 masquerade to :5001
		oifname wan udp dport 3544 ip daddr 192.0.2.0/28 masquerade to :6001
	}
}
END
check "two servers see two mappings: symmetric, whatever each says" sees clia '
	all(.[]; .nat == "restricted" and .verdict.nat == "symmetric" and
		(.recommended | not))'
# A different address for one of them
nip nata addr add 198.51.100.2/28 dev wan
on nata nft -f - <<-END
flush table ip other
table ip other {
	chain postrouting {
		type nat hook postrouting priority 90
		oifname wan udp dport 3544 ip daddr 192.0.2.0/28 snat to 198.51.100.2
	}
}
END
check "two servers see two addresses" sees clia '.[0].verdict |
	.nat == "symmetric" and .addresses_differ'
nip nata addr del 198.51.100.2/28 dev wan

#
# Hairpinning
#

nat nata cone 10.1.0.2
hairpin nata 10.1.0.2 60
check "a NAT that hairpins" sees clia '.[0].verdict.hairpin == true'
check "as text, too" eval "tool clia probe $server | grep 'hairpin  *yes'"
nat nata restricted 10.1.0.2
check "one that does not" eval "tool clia probe $server | grep 'hairpin  *no'"

#
# Recommendation of a server
#

delay()
{
	on inet tc qdisc replace dev "$1" root netem delay "$2"
}

delay srv 300ms
check "the nearer one is recommended" sees clia '
	(.[0].recommended | not) and .[1].recommended and
	(.[1].reason | test("shortest")) and
	.[0].servers[0].rtt_ms >= 300 and
	.[1].servers[0].rtt_ms < .[0].servers[0].rtt_ms'
check "as text, too" eval "tool clia probe $server $other | grep 'use  *$other'"
on rly nft -f - <<-END
table ip silent {
	chain input {
		type filter hook input priority filter
		ip daddr 192.0.2.2 udp dport 3544 drop
	}
}
END
check "one whose secondary address is silent is not" sees clia '
	.[0].recommended and (.[1].recommended | not) and .[1].works and
	(.[1].servers[1].answered | not) and .[1].nat == "unknown" and
	.[1].verdict.nat == "restricted"'
check "unless there is no other" eval "
	probe clia $other && told '.[0].recommended and
		(.[0].reason | test(\"no server answers from both\")) and
		.[0].verdict.nat == \"unknown\"'"
on rly nft delete table ip silent
check "a dead one and one without a name among good ones" eval "
	probe clia $dead nosuch.invalid $server && told '
		(.[0].works | not) and (.[0].reason | test(\"no reply\")) and
		.[1].error != null and .[2].recommended and
		.[0].verdict.nat == \"restricted\"'"
check "only dead ones: exit status 1" eval "
	! probe clia $dead && told '.[0].verdict.nat == null and
		(.[0].recommended | not)'"
tool clia probe $dead >/dev/null 2>&1
check "which is 1" [ $? = 1 ]
tool clia probe --nonsense $server >/dev/null 2>&1
check "of a wrong command line 2" [ $? = 2 ]

#
# The refresh interval
#

check "not known: null" eval "probe clia $server && told '.[0].verdict.refresh == null'"
mac=$(nip nata -j link show lan | jq -r '.[0].address')
mkdir "$STATE_DIRECTORY"
echo "198.51.100.1 10.1.0.1 $mac 75 $(date +%s)" >"$STATE_DIRECTORY/refresh"
check "remembered by a client" eval "probe clia $server && told '.[0].verdict.refresh == 75'"
check "as text, too" eval "tool clia probe $server | grep 'refresh  *75 s'"
ns_script nata <<-END
echo 7 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
echo 7 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream
END
check "measured, by way of our server (C-77, C-78)" eval "
	probe clia --refresh=4 $server && told '.[0].verdict.refresh == 6'"
check "nothing on standard error where nobody looks" [ ! -s "$tmp/errors" ]
check "the search begins where it can" eval "
	! tool clia probe --refresh=90 $server 2>$tmp/usage && grep refresh $tmp/usage"
