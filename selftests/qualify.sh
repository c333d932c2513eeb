#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The controller, `teredo-tool run`: qualification, maintenance, fail-over, and a client
# whose controller, network or link goes away.

. "$(dirname "$0")/lib/lab.sh"

need ping jq
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 52

diagnose()
{
	lab_state
	[[ ! -e $tmp/run ]] || cat "$tmp/run"
}

# control NAME [FLAGS...]: run a controller in the background, with output to $tmp/run
control()
{
	local name=$1

	shift
	spawn "$name" teredo-tool run teredo0 "$@" >"$tmp/run" 2>&1
	controller=$spawned
}

# state NAME: print state and address of the client
state()
{
	tool "$1" -j show teredo0 | jq -r '.[0] | "\(.state) \(.address)"'
}

# is NAME FILTER: a jq condition about the device is true
is()
{
	tool "$1" -j show teredo0 | jq -e ".[0] | $2" >/dev/null
}

says()
{
	grep -E "$1" "$tmp/run"
}

# ended STATUS: the controller has exited with that status
ended()
{
	local status

	wait_for 10 gone "$controller" || return
	wait "$controller"
	status=$?
	((status == $1)) || { echo "status $status"; return 1; }
}

# The client has this address on its link, and no other.
has_only()
{
	[[ $(client_address "$1") = "$2" ]]
}

has_default()
{
	nip "$1" -6 route show default dev teredo0 | grep "metric $2"
}

check_ktap "the state machine, with a clock of its own" "$repo/tools/test-qualify"

start_server ours || skip_all "no server"

#
# Without a NAT
#

role[natb]=ours
check "no NAT: qualified at once" eval "
	tool natb add teredo0 server $server && tool natb run teredo0 --once"
check "no NAT: and it is known, since it is asked from the service port (C-12)" is natb '.nat == "none"'
nip natb link del teredo0

#
# The reason for a failure is printed
#

role[clia]=ours
tool clia add teredo0
check_says "no server: it says what to do" "server HOST" tool clia run teredo0 --once
conf_up
echo "hosts: files" >"$tmp/nsswitch.conf"
echo "127.0.0.1 here.example" >"$tmp/hosts"
tool clia set teredo0 server here.example
check_says "a server that cannot be one" "not a public IPv4 address" \
	"${etc[@]}" teredo-tool -n "${ns[clia]}" run teredo0 --once
tool clia set teredo0 server nosuch.invalid
check_says "a name that leads nowhere" "nosuch.invalid" tool clia run teredo0 --once
tool clia set teredo0 server $server
nip clia route del default
check_says "no route" "no IPv4 route" tool clia run teredo0 --once
check "offline (C-10)" is clia '.state == "offline" and .address == null'
nip clia route add default via 10.1.0.1

# Packets that the stack sends all the same are rejected.
unqualified()
{
	local status=0 other=2001:0:cb00:7101:0:efff:39cc:9bee

	nip clia -6 -batch - <<-END || return
	addr add 2001:0:cb00:7101::1/32 dev teredo0 nodad
	route add default dev teredo0
	END
	for address in $host $other; do
		on clia ping -n -c 1 -W 2 "$address" | tee "$tmp/ping"
		grep -i 'address unreachable' "$tmp/ping" || status=1
	done
	nip clia -6 addr flush dev teredo0 scope global
	nip clia -6 route flush dev teredo0
	tool clia -j show stats teredo0 | jq '.[0]' | tee "$tmp/stats" |
		jq -e '."tx-not-ready" == 2 and ."tx-bubble" == 0 and ."tx-echo" == 0' ||
		{ cat "$tmp/stats"; status=1; }
	return $status
}
check "without an address: nothing is sent, and the sender hears it (C-09, C-56)" unqualified
tool srv add relay0 mode relay
check_says "a relay needs no controller" "needs no controller" tool srv run relay0
check_fails "no controller for what is not there" tool clia run nosuch

#
# --once, and what it leaves behind
#

check "--once" tool clia run teredo0 --once
address=$(client_address clia)
check "the address is on the link" has_only clia "$address"
check "a default route, last of all (P-22)" has_default clia 1029
# drawn: qualify some times; the flags of the addresses have only bits that may be random,
# and differ
drawn()
{
	local flags list=()

	for _ in 1 2 3; do
		nip clia link set teredo0 down && nip clia link set teredo0 up &&
			tool clia run teredo0 --once || return
		flags=$(python3 -c 'import ipaddress, sys
print(int(ipaddress.ip_address(sys.argv[1])) >> 48 & 0xffff)' "$(client_address clia)")
		((!(flags & ~0x3cff))) || { echo "flags $flags"; return 1; }
		list+=("$flags")
	done
	echo "flags ${list[*]}"
	(($(printf '%s\n' "${list[@]}" | sort -u | wc -l) > 1))
}
check "flags of the address: random, no cone bit (C-21, F-07, F-08, F-10, SEC-12, SEC-14)" drawn
# advertises MTU CONDITION: if the server advertises that, the condition is true for the
# client, whose controllers know nothing of each other
advertises()
{
	nip srv link set teredo0 mtu "$1" && drawn && is clia "$2" && return
	tool clia -j show | jq '.[0] | .mtu, .mtu_configured'
	return 1
}
check "the server's MTU does not raise the link's (C-18)" \
	advertises 65507 '.mtu == 1280 and .mtu_configured == null'
nip clia link set teredo0 mtu 1500
check "the server's MTU is the link's (C-18, S-25)" \
	advertises 1400 '.mtu == 1400 and .mtu_configured == 1500'
check "and back" advertises 1280 '.mtu == 1280 and .mtu_configured == 1500'
check "nor does it go beyond what the IPv4 path takes (C-18)" \
	advertises 65507 '.mtu == 1472 and .mtu_configured == 1500'
nip clia link set teredo0 mtu 1450
check "nor beyond what the user has said since (C-18)" \
	advertises 65507 '.mtu == 1450 and .mtu_configured == null'
check "the server's MTU, once more" advertises 1400 '.mtu == 1400'
address=$(client_address clia)
check "the prefix is a route" nip clia -6 route get 2001:0:1::1 oif teredo0
check "no controller is left" is clia '.controller == false and .state == "qualified"'

#
# Controllers come and go; the tunnel stays
#

start_client clib ours || skip_all "no second client"
other=$(client_address clib)
check "the two meet" reaches clia "$other"
spawn clia ping -n -q -i 0.02 -c 500 "$other" >"$tmp/ping" 2>&1
pinger=$spawned
control clia
check "takes over" wait_for 10 says "taking over: address $address"
check "the controller is known" wait_for 10 is clia '.controller'
check_says "a second one is refused" "controller already" tool clia run teredo0
kill -9 "$controller"
wait "$controller" 2>/dev/null
check "killed: qualified all the same" is clia '.controller == false and
	.state == "qualified"'
control clia
check "the next one takes over" wait_for 10 says "taking over: address $address"
wait "$pinger"
check "and not one packet was lost" grep "500 received" "$tmp/ping"
check "the address is what it was (F-09)" has_only clia "$address"
kill "$controller"
check "stopped: exit status 0" ended 0
check "the address is taken back" eval "! client_address clia"
check "and the route" eval "! has_default clia 1029"
check "and the MTU (C-18)" is clia '.mtu == 1450 and .mtu_configured == null'
nip srv link set teredo0 mtu 1280
nip clia link set teredo0 mtu 1280
check "and the state" is clia '.state == "starting" and .address == null'

#
# Maintenance
#

tool clia set teredo0 refresh 2
control clia
check "qualifies again" wait_for 10 says "qualified: address"
first=$(client_address clia)
check "a mapping that stays, an address that stays (C-60, F-09)" stays 5 has_only clia "$first"
check "the server is heard (C-58)" wait_for 5 is clia '.server_idle_ms < 2500'
# A NAT with short timeouts, which allocates other ports from now on
ns_script nata <<-END
echo 1 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
echo 1 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream
nft -f - <<-NFT
table ip other {
	chain postrouting {
		type nat hook postrouting priority 90
		oifname wan udp dport 3544 masquerade to :5001-5009
	}
}
NFT
END
check "the mapping changes: another address (C-61)" \
	wait_for 15 eval "client_address clia && ! has_only clia '$first'"
ns_script nata <<-END
echo 120 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout
echo 120 >/proc/sys/net/netfilter/nf_conntrack_udp_timeout_stream
END
# Wait until the last solicitation is answered, and the next one, too.
asked()
{
	tool clia -j show stats teredo0 | jq -e ".[0][\"tx-control\"] >= $1"
}
wait_for 10 asked $(($(tool clia -j show stats teredo0 | jq '.[0]["tx-control"]') + 2))
second_is()
{
	second=$(client_address clia) && is clia ".address == \"$second\" and
		.mapped.port > 5000 and .mapped.port < 5010"
}
check "it says what the kernel says" wait_for 10 second_is
check "the old address is gone" has_only clia "$second"

# Another server, in place of the relay
nip rly addr add 192.0.2.2/28 dev eth0
role[rly]=ours
tool rly add teredo0 mode server local $relay && nip rly link set teredo0 up
tool clia set teredo0 server $server,$relay
check "another list, the same server: the address stays" \
	eval "wait_for 5 says 'another server' && stays 1 has_only clia '$second'"
nip srv link set teredo0 down
check "the server is lost: the next one takes its place (C-23, C-62)" \
	wait_for 40 is clia '.state == "qualified" and .server == "192.0.2.1"'
third=$(client_address clia)
check "with another address" eval "
	[[ $third = 2001:0:c000:201:* ]] && has_only clia '$third'"

#
# Link and network
#

nip clia link set teredo0 down
check "link down: it waits" wait_for 5 says "link is down"
nip clia link set teredo0 up
check "link up: qualified again" wait_for 15 is clia '.state == "qualified"'

nip clia addr add 2001:db8:9::2/64 dev eth0 nodad
nip clia -6 route add default dev eth0 metric 512
check "native IPv6: it steps aside (C-96, D-22)" \
	wait_for 20 is clia '.state == "offline" and .address == null'
kill "$controller"
wait "$controller"
check_says "native IPv6: it does not begin" "native IPv6" tool clia run teredo0 --once
control clia --force
check "unless it is forced to" wait_for 15 has_default clia 100000

nip clia link del teredo0
unset "role[clia]"
check "the link is deleted: it ends, with a status of its own" ended 4
check "and says why" says "link is gone: it was deleted"
