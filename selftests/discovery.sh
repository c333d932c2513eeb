#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Local client discovery (RFC 4380 section 5.2.8): two clients behind one NAT without
# hairpinning meet on their own link.  Then failures of links, and other tunnels in the same
# namespace.
#
#	clia 10.1.0.2 ---+
#	                 +--- segment nata wan 198.51.100.1 --- inet
#	clic 10.1.0.3 ---+

. "$(dirname "$0")/lib/lab.sh"

need ping iperf3 jq tcpdump tshark ethtool setpriv unshare
need_teredo
on_time
need_modules bridge
lab_up restricted restricted || skip_all "no laboratory"

{ share_lan && lan_host clic 10.1.0.3; } || skip_all "no laboratory"
plan 47

diagnose()
{
	lab_state
	for name in clia clic; do
		echo "== $name"
		tool "$name" show
		tool "$name" show peers
		tool "$name" show stats | grep -v ' 0$'
		on "$name" grep -B1 FD0000E0 /proc/net/igmp
	done
	on nata nft list table ip watch
}

# joined NAME [LINK]: a socket has joined the group on that link
joined()
{
	# shellcheck disable=SC2016 # awk's
	on "$1" awk -v link="${2:-}" '$1 ~ /^[0-9]+$/ { dev = $2 }
		$1 == "FD0000E0" && (link == "" || dev == link) { found = 1 }
		END { exit !found }' /proc/net/igmp
}

# group_sockets NAME: print how many sockets have the group's port
group_sockets()
{
	on "$1" ss -Huan "src 224.0.0.253 and sport = 3544" | wc -l
}

# peers NAME FILTER [ADDRESS]: run jq on the peers of a client
peers()
{
	tool "$1" -j show peers | tee "$tmp/json" | jq -e "$2" >/dev/null && return
	cat "$tmp/json"
	return 1
}

# local_peer NAME OTHER [PATH]: it has the other one as a neighbour
local_peer()
{
	peers "$1" ".[] | select(.address == \"${address[$2]}\") | .kind == \"local\" and
		.path == \"${3:-local}\" and .state == \"trusted\""
}

counter()
{
	tool "$1" -j show stats teredo0 | jq ".[0].\"$2\""
}

# pings NAME OTHER: the first ping is answered
pings()
{
	on "$1" ping -n -q -c 1 -W 2 "${address[$2]}"
}

# Count what leaves the segment: datagrams to others than servers, and bubbles.  A rule has
# at most one "!=" about UDP: nft 1.0.6 makes one comparison of two adjacent ones, which is
# true if only one of the header fields differs.
watch_nat()
{
	on nata nft -f - <<-END
	table ip watch {
		counter data {}
		counter bubbles {}
		chain prerouting {
			type filter hook prerouting priority raw
			iifname segment ip daddr $server udp length 48 counter name bubbles
			udp dport 3544 accept
			udp length 48 accept
			iifname segment ip daddr != 224.0.0.0/4 meta l4proto udp counter name data
		}
	}
	END
}

# Drop packets to the NAT's own address without state.  A connection entry would be found,
# and kept alive, by later packets, when the NAT hairpins.
no_hairpin()
{
	on nata nft -f - <<-END
	table ip straight {
		chain prerouting {
			type filter hook prerouting priority raw + 1
			iifname segment ip daddr 198.51.100.1 drop
		}
	}
	END
}

# escaped NAME: print how many of its packets the NAT has seen
escaped()
{
	on nata nft -j list counter ip watch "$1" | jq '.nftables[1].counter.packets'
}

#
# Without
#

# A client alone on its link, without listeners; two announcements are compared at the end.
spawn natb tcpdump -n -tt -l -i lan udp and dst 224.0.0.253 >"$tmp/alone" 2>"$tmp/alone.said"
wait_for 10 grep -q listening "$tmp/alone.said"

declare -A address
watch_nat
no_hairpin
{ start_server ours && start_client clib ours && tool clib set teredo0 discovery on && start_client clia ours && start_client clic ours; } ||
	skip_all "no qualification"
address=([clia]=$(client_address clia) [clic]=$(client_address clic))

check "off by default: nobody has joined or listens (SEC-11, C-81)" eval \
	"! joined clia && ! joined clic && [[ \$(group_sockets clia) = 0 ]]"
check "and show says so (C-81)" eval "tool clia -j show | jq -e '.[0].discovery == false'"
check_fails "two clients behind one NAT cannot talk" pings clia clic
check "nor is a client told of by its neighbour (C-42)" peers clic 'all(.kind != "local")'

#
# With
#

# Do not mistake the rest of the former attempt for a new one.
wait_for 15 peers clia 'all(.state != "probing")'

# A checksum left to the card cannot be verified.
on clia ethtool -K eth0 tx off >/dev/null
spawn clic tcpdump -U --immediate-mode -i eth0 -w "$tmp/pcap" udp port 3544 and host 224.0.0.253 &>"$tmp/tcpdump"
recorder=$spawned
wait_for 10 grep -q listening "$tmp/tcpdump"
check "discovery on, while up (C-81)" eval "tool clia set teredo0 discovery on &&
	tool clia -j show | jq -e '.[0].discovery' && tool clic set teredo0 discovery on"
check "they join, and listen on port 3544 of the group only (C-82, F-03, D-21)" eval "
	wait_for 5 joined clia eth0 && wait_for 5 joined clic eth0 &&
	[[ \$(group_sockets clia) = 1 && \$(on clia ss -Huan 'sport = 3544' | wc -l) = 1 ]]"
check "the one who came first reaches the second (C-49, C-88)" eval \
	"wait_for 10 peers clia '.[] | select(.kind == \"local\")' && meets clia ${address[clic]}"
check "and the other way round" meets clic "${address[clia]}"
check "both have a local peer on a local path (C-43, C-87)" wait_for 10 eval \
	"local_peer clia clic && local_peer clic clia"
check "to its private address and service port (C-05, F-53)" peers clia \
	".[] | select(.address == \"${address[clic]}\").mapped == {address: \"10.1.0.3\",
		port: $(tool clic -j show | jq '.[0].port')}"
before_data=$(escaped data) before_bubbles=$(escaped bubbles)
say "before: $before_data datagrams, $before_bubbles bubbles"
check "from then on nothing is lost" lossless clia "${address[clic]}"
serve_flow clic
check "TCP" eval "on clia iperf3 -J -t 2 ${pace[*]} -c ${address[clic]} >\$tmp/iperf"
say "$(jq -r '.end.sum_received.bits_per_second / 1e6 | round' "$tmp/iperf") Mbit/s over the LAN"
check "all of it over the LAN" eval "[[ \$(escaped data) = $before_data ]]"
check "nor has the server to help" eval "[[ \$(escaped bubbles) = $before_bubbles ]]"
check "show peers prints both (D-18)" eval \
	"tool clia show peers | grep -E '10\\.1\\.0\\.3.* trusted +local +local'"

wait_for 10 eval "tcpdump -n -r $tmp/pcap src 10.1.0.2 2>/dev/null | grep ."
kill "$recorder"
wait "$recorder" 2>/dev/null
fields=$(tshark -r "$tmp/pcap" -n -o udp.check_checksum:TRUE -o ip.check_checksum:TRUE -T fields \
	-e ip.src -e ip.dst -e ip.ttl -e udp.dstport -e udp.checksum.status -e ip.checksum.status \
	-e ipv6.src -e ipv6.dst -e ipv6.hlim -e ipv6.nxt -e ipv6.plen -e _ws.malformed \
	ip.src==10.1.0.2 2>"$tmp/tshark" | sort -u)
check "tshark reads a discovery bubble as it has to be (C-84)" eval "echo '$fields'; cat \$tmp/tshark
	[[ '$fields' = 10.1.0.2$'\t'224.0.0.253$'\t'1$'\t'3544$'\t'1$'\t'1$'\t'${address[clia]}$'\t'ff02::1$'\t'1$'\t'59$'\t'0$'\t' ]]"

#
# The neighbour moves behind the same NAT, which now hairpins.
#

hairpin()
{
	local a c

	a=$(tool clia -j show | jq '.[0].mapped.port') c=$(tool clic -j show | jq '.[0].mapped.port')
	on nata nft -f - <<-END
	delete table ip straight
	table ip hairpin {
		chain prerouting {
			type nat hook prerouting priority dstnat - 1
			iifname segment ip daddr 198.51.100.1 udp dport $a dnat to 10.1.0.2
			iifname segment ip daddr 198.51.100.1 udp dport $c dnat to 10.1.0.3
		}
		chain postrouting {
			type nat hook postrouting priority srcnat - 1
			oifname segment ct status dnat snat to 198.51.100.1
		}
	}
	END
	nip nata link set lan type bridge_slave isolated on
	nip nata link set clic type bridge_slave isolated on
}

# hears NAME COUNT: so many of the pings were answered
hears()
{
	(($(grep -c 'bytes from' "$tmp/pings") >= $2))
}

spawn clia ping -n -i 0.5 "${address[clic]}" >"$tmp/pings"
pinger=$spawned
check "the neighbour moves to another segment" hairpin
was=$(grep -c 'bytes from' "$tmp/pings")
check "the path over the mapped addresses takes over (D-18)" eval \
	"wait_for 50 hears clia $((was + 5)); peers clia '.[] | select(.address == \"${address[clic]}\") |
		.path == \"direct\" and .state == \"trusted\" and .mapped.address == \"198.51.100.1\"'"
kill "$pinger"
wait "$pinger" 2>/dev/null
check "back on the segment" eval "nip nata link set lan type bridge_slave isolated off &&
	nip nata link set clic type bridge_slave isolated off"
# Announcements are sent every 200 to 300 s; a restart sends one at once.
check "the local path is preferred again (D-18)" eval "
	tool clic set teredo0 discovery off && tool clic set teredo0 discovery on &&
	wait_for 20 eval 'pings clia clic && local_peer clia clic'"
on nata nft delete table ip hairpin

#
# Links come and go.
#

check "the client's own link goes, and its neighbours with it" eval "
	nip clic link set eth0 down &&
	wait_for 10 eval \"! joined clic && peers clic 'all(.kind != \\\"local\\\")'\""
check "and comes back (C-82)" eval "nip clic link set eth0 up &&
	nip clic route add default via 10.1.0.1 && wait_for 20 joined clic eth0"
check "with them" wait_for 20 eval 'pings clic clia && local_peer clic clia'
check "a link without multicast is none for it" eval "
	nip clic link set eth0 multicast off && wait_for 10 eval '! joined clic'"
check "and is again when it has it (C-82)" eval "
	nip clic link set eth0 multicast on && wait_for 20 joined clic eth0"
check "the link is the one that leads to the server for our mark" eval "
	nip clic link add side type dummy && nip clic link set side multicast on up &&
	nip clic route add $server dev side table 77 && nip clic rule add fwmark 7 lookup 77 &&
	tool clic set teredo0 mark 7 && wait_for 20 joined clic side"
check "and for no other" eval "tool clic set teredo0 mark 0 && wait_for 20 joined clic eth0 &&
	nip clic rule del fwmark 7 lookup 77 && nip clic link del side"
check "an address less" eval "nip clic addr add 10.1.0.33/24 dev eth0 &&
	nip clic addr del 10.1.0.33/24 dev eth0 && wait_for 20 joined clic eth0 &&
	reaches clia ${address[clic]}"

#
# Other tunnels in the namespace
#

second()
{
	tool clic add teredo1 mode client server $server discovery on &&
	nip clic link set teredo1 up &&
	tool clic run teredo1 --once --force >/dev/null
}
check "a second client in one namespace (D-21)" second
address[second]=$(tool clic -j show teredo1 | jq -r '.[0].address')
check "one socket and one membership are enough (D-21)" eval \
	"[[ \$(group_sockets clic) = 1 ]] && on clic grep -c FD0000E0 /proc/net/igmp | grep -x 1"
check "a third party finds both (D-21)" eval \
	"wait_for 10 peers clia '[.[] | select(.kind == \"local\").address] |
		contains([\"${address[clic]}\", \"${address[second]}\"])'"
check "they find each other (D-21)" eval \
	"wait_for 10 peers clic '[.[] | select(.kind == \"local\") | \"\\(.dev) \\(.address)\"] |
		contains([\"teredo0 ${address[second]}\", \"teredo1 ${address[clic]}\"])'"
check "and each is reached" eval "nip clic -6 rule add from ${address[second]} table 100 &&
	nip clic -6 route add default dev teredo1 table 100 &&
	meets clia ${address[second]} && meets clia ${address[clic]}"
check "one goes, the other stays" eval "nip clic link del teredo1 && joined clic &&
	meets clic ${address[clia]}"

# A server with two addresses of its own, and a relay, on the port
check "a server has port 3544 in the same namespace (D-21)" eval "
	nip clic addr add 203.0.113.129/32 dev lo && nip clic addr add 203.0.113.130/32 dev lo &&
	nip clia addr add 192.0.2.200/32 dev lo && nip clic route add 192.0.2.200 via 10.1.0.2 &&
	nip clia route add 203.0.113.128/30 via 10.1.0.3 src 192.0.2.200 &&
	tool clic add srv0 mode server local 203.0.113.129 && nip clic link set srv0 up &&
	tool clia -j probe 203.0.113.129 | jq -e '.[0].error == null and .[0].servers[0].answered'"
check "and so has a relay at all addresses" eval "nip clic link del srv0 &&
	tool clic add rly0 mode relay port 3544 && nip clic link set rly0 up &&
	wait_for 20 joined clic eth0 && [[ \$(group_sockets clic) = 1 ]]"
heard=$(counter clic rx-discovery)
check "beside which bubbles are heard" eval "tool clia set teredo0 discovery off &&
	tool clia set teredo0 discovery on &&
	wait_for 10 eval '((\$(counter clic rx-discovery) > $heard))' &&
	((\$(counter clia tx-discovery) > 0))"
check "also if the relay was there before" eval "tool clic set teredo0 discovery off &&
	wait_for 5 eval '[[ \$(group_sockets clic) = 0 ]]' && tool clic set teredo0 discovery on &&
	wait_for 20 joined clic eth0 && wait_for 20 eval 'pings clic clia && local_peer clic clia'"
check "a program that has the port is named (D-21)" eval "
	tool clic set teredo0 discovery off && nip clic link del rly0 &&
	{ spawn clic python3 -c 'import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind((\"\", 3544)); signal.pause()'; } &&
	wait_for 10 eval '[[ \$(on clic ss -Huln \"sport = 3544\") ]]' &&
	! tool clic set teredo0 discovery on 2>\$tmp/error && cat \$tmp/error &&
	grep 'discovery needs UDP port 3544 of 224.0.0.253, which is in use' \$tmp/error &&
	tool clic add loud0 mode client server $server discovery on &&
	! nip clic link set loud0 up && nip clic link del loud0 && kill \$spawned &&
	wait_for 5 eval '[[ ! \$(on clic ss -Huln \"sport = 3544\") ]]' &&
	tool clic set teredo0 discovery on"
check_says "discovery is for clients (C-81)" "discovery is for mode client" \
	tool clic add nosuch mode relay discovery on

# A link may be opened by a user who is root only in its namespace.  A worker opens the
# group's socket again, beside another process's socket.
for_others
setpriv --reuid 1000 --regid 1000 --clear-groups unshare -Urn sleep 1000 &
box=$!
in_box()
{
	nsenter -t "$box" -U -n -- "$@"
}
as_root()
{
	nsenter -t "$box" -n -- "$@"
}
box_ready()
{
	[[ $(stat -L -c %i /proc/$box/ns/net) != "$(stat -L -c %i /proc/self/ns/net)" &&
		$(in_box id -u) = 0 ]]
}
# group_in_box ADDRESSES...: the sockets there that have the port
group_in_box()
{
	[[ $(as_root ss -Huan 'sport = 3544' | awk '{ print $4 }' | sort | xargs) = "$*" ]]
}
others_port()
{
	wait_for 10 box_ready && in_box ip link set lo up &&
	in_box teredo-tool add cli0 mode client server $server discovery on &&
	in_box ip link set cli0 up && group_in_box 224.0.0.253:3544 &&
	in_box teredo-tool add rly0 mode relay port 3544 && in_box ip link set rly0 up &&
	wait_for 20 group_in_box 0.0.0.0:3544 224.0.0.253:3544
}
check "a relay of another user than root has the port, and the group is heard (D-21)" others_port
check "also if root has the relay (D-21)" eval "as_root ip link set rly0 down &&
	as_root ip link set rly0 up && wait_for 20 group_in_box 0.0.0.0:3544 224.0.0.253:3544"
check "or the client (D-21)" eval "in_box ip link set rly0 down && in_box ip link set rly0 up &&
	wait_for 20 group_in_box 0.0.0.0:3544 224.0.0.253:3544 &&
	as_root teredo-tool set cli0 discovery off && wait_for 5 group_in_box 0.0.0.0:3544 &&
	as_root teredo-tool set cli0 discovery on && group_in_box 0.0.0.0:3544 224.0.0.253:3544"
kill $box

#
# Links and namespaces
#

# A link that moves to another namespace, while its socket stays on the LAN
moved()
{
	ns_add box && nip box link set lo up &&
	tool clic add teredo5 mode client server $server discovery on &&
	nip clic link set teredo5 netns "${ns[box]}" &&
	nip box link set teredo5 up &&
	tool box run teredo5 --once --force >/dev/null
}
check "a link in another namespace than its socket (SEC-42)" eval "moved &&
	wait_for 20 peers box '.[] | select(.address == \"${address[clia]}\").kind == \"local\"' &&
	meets box ${address[clia]} && ! joined box"
check "the namespace of its socket goes" eval "stop clic; ns_del clic"
check "and with it the link" eval "wait_for 30 eval '! nip box link show teredo5' && ns_del box"

apart()
{
	awk '{ if (last && ($1 - last < 199.9 || $1 - last > 301)) bad++; last = $1 }
		END { print NR, "announcements"; exit NR < 2 || bad }' "$tmp/alone"
}
check "announcements are 200 to 300 s apart (C-83)" wait_for 310 apart
