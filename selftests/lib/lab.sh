# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# The laboratory: an internet of documentation addresses, not connected to the real one,
# with two clients behind NATs.
#
#	           clia 10.1.0.2          clib 10.2.0.2
#	             |                      |
#	           nata 198.51.100.1      natb 198.51.100.17
#	             |                      |
#	    +--------+--------- inet -------+--------+   routes IPv4 and IPv6
#	    |                    |                   |
#	   srv 203.0.113.1,.2   rly 192.0.2.1      host
#	    2001:db8:1::1        2001:db8:3::1      2001:db8:2::1
#	                         2001::/32
#
# Clients have no native IPv6, the host has no IPv4.  Servers, relays and clients are ours
# or Miredo's, each on an interface called teredo0:
#
#	lab_up restricted symmetric
#	start_server ours; start_relay miredo
#	start_client clia ours; start_client clib miredo

# shellcheck source=selftests/lib/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"

server=203.0.113.1
server2=203.0.113.2
# shellcheck disable=SC2034 # for the tests
relay=192.0.2.1
# shellcheck disable=SC2034 # for the tests
host=2001:db8:2::1

# ns_script NAME: run the shell commands from standard input in the namespace, in one
# process
ns_script()
{
	on "$1" bash -e
}

# forward NAME: make it a router
forward()
{
	ns_script "$1" <<-'END'
	echo 1 >/proc/sys/net/ipv4/ip_forward
	echo 1 >/proc/sys/net/ipv6/conf/all/forwarding
	END
}

# wire NAME IPV4/LEN|- IPV6/LEN|- ROUTER4|- ROUTER6|- [INTERFACE]: connect a namespace to
# inet, whose interface there is named after the namespace
wire()
{
	local name=$1 v4=$2 v6=$3 via4=$4 via6=$5 dev=${6:-eth0}

	{
		echo "link add $name type veth peer name $dev netns ${ns[$name]}"
		echo "link set $name up"
		[[ $via4 = - ]] || echo "addr add $via4/${v4#*/} dev $name"
		[[ $via6 = - ]] || echo "addr add $via6/${v6#*/} dev $name nodad"
	} | nip inet -batch - || return
	{
		echo "link set lo up"
		echo "link set $dev up"
		[[ $v4 = - ]] || echo "addr add $v4 dev $dev"
		[[ $v6 = - ]] || echo "addr add $v6 dev $dev nodad"
		[[ $via4 = - ]] || echo "route add default via $via4"
		[[ $via6 = - ]] || echo "route add default via $via6"
	} | nip "$name" -batch -
}

# lan NAT CLIENT NETWORK: connect a client to a NAT, on NETWORK.0/24
lan()
{
	local nat=$1 client=$2 net=$3

	nip "$nat" -batch - <<-END || return
	link add lan type veth peer name eth0 netns ${ns[$client]}
	link set lan up
	addr add $net.1/24 dev lan
	END
	nip "$client" -batch - <<-END
	link set lo up
	link set eth0 up
	addr add $net.2/24 dev eth0
	route add default via $net.1
	END
}

# share_lan: make clia's link a segment with room for other hosts.  The bridge has a MAC
# address of its own; otherwise it would take that of a port, and change it when the port
# goes.
share_lan()
{
	nip nata -batch - <<-END
	addr flush dev lan
	link add segment address 02:00:00:00:00:01 type bridge
	link set lan master segment
	link set segment up
	addr add 10.1.0.1/24 dev segment
	END
}

# lan_host NAME ADDRESS: add a host to that segment
lan_host()
{
	ns_add "$1" &&
	nip nata -batch - <<-END &&
	link add $1 type veth peer name eth0 netns ${ns[$1]}
	link set $1 master segment up
	END
	nip "$1" -batch - <<-END
	link set lo up
	link set eth0 up
	addr add $2/24 dev eth0
	route add default via 10.1.0.1
	END
}

# forget NAME: delete all connections of that NAT; requires nf_conntrack_netlink
forget()
{
	on "$1" python3 - <<-'END'
	import socket, struct
	s = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 12)
	s.bind((0, 0))
	# IPCTNL_MSG_CT_DELETE, with an acknowledgement
	s.send(struct.pack("=IHHIIBBH", 20, 1 << 8 | 2, 5, 1, 0, 0, 0, 0))
	assert struct.unpack_from("=i", s.recv(4096), 16) == (0,)
	END
}

# nat NAME KIND CLIENT_IPV4: make a namespace a NAT between lan and wan, or change its kind.
# The kinds, by what they let in:
#	none		no translation, just a router
#	cone		everything, sent on to the one client
#	address		from each address that the client has sent to, any port
#	restricted	from each address and port that the client has sent to
#	symmetric	as restricted, and a new random port for each destination
nat()
{
	local name=$1 kind=$2 client=$3 masquerade=masquerade in='' out='' drop='' sent=''

	# Drop in input, too: otherwise the router would answer unsolicited packets with
	# port unreachable, and keep a connection entry for them, because of which the
	# client's answer would get another port.
	case $kind in
	none)
		masquerade=accept ;;
	cone)
		in="iifname wan udp dport 1024-65535 dnat to $client" ;;
	address)
		# Only for this kind: the kernel walks through the set again and again.
		sent='set sent {
			type ipv4_addr . inet_service
			size 65535
			flags dynamic,timeout
			timeout 5m
		}'
		out='oifname wan meta l4proto udp add @sent { ip daddr . udp sport }'
		in="iifname wan ip saddr . udp dport @sent dnat to $client"
		drop='iifname wan ct state new ct status & dnat != dnat drop' ;;
	restricted)
		drop='iifname wan ct state new drop' ;;
	symmetric)
		masquerade='masquerade random,fully-random'
		drop='iifname wan ct state new drop' ;;
	*)
		say "no such kind of NAT: $kind"
		return 1 ;;
	esac

	on "$name" nft -f - <<-END
	flush ruleset
	table ip nat {
		$sent
		chain prerouting {
			type nat hook prerouting priority dstnat
			$in
		}
		chain note {
			type filter hook postrouting priority mangle
			$out
		}
		chain postrouting {
			type nat hook postrouting priority srcnat
			oifname wan $masquerade
		}
	}
	table ip filter {
		chain forward {
			type filter hook forward priority filter
			$drop
		}
		chain input {
			type filter hook input priority filter
			$drop
		}
	}
	END
}

# hairpin NAT CLIENT_IPV4 SECONDS: let the NAT return to the client what it sends to the
# NAT's own address and a port that was in use in the last SECONDS.  Only for a NAT that
# lets everything in, since nothing is filtered here.  Calling nat again ends it.
hairpin()
{
	local name=$1 client=$2 seconds=$3 wan

	wan=$(nip "$name" -4 -o addr show dev wan | sed 's/.* inet \([^/]*\).*/\1/')
	on "$name" nft -f - <<-END
	table ip hairpin {
		set mapped {
			type inet_service
			size 65535
			flags dynamic,timeout
		}
		chain note {
			type filter hook postrouting priority mangle
			oifname wan meta l4proto udp update @mapped { udp sport timeout ${seconds}s }
		}
		chain prerouting {
			type nat hook prerouting priority dstnat
			iifname lan ip daddr $wan udp dport @mapped dnat to $client
		}
		chain postrouting {
			type nat hook postrouting priority srcnat
			iifname lan oifname lan snat to $wan
		}
	}
	END
}

# lab_up KIND_A KIND_B: set up the laboratory, with these kinds of NAT
lab_up()
{
	need ip nft nsenter
	need_root
	need_modules veth nf_tables nft_masq nft_chain_nat nf_conntrack

	ns_add inet srv rly host nata clia natb clib &&
	nip inet link set lo up &&
	wire srv $server/28 2001:db8:1::1/64 203.0.113.14 2001:db8:1::f &&
	nip srv addr add $server2/28 dev eth0 &&
	wire rly $relay/28 2001:db8:3::1/64 192.0.2.14 2001:db8:3::f &&
	wire host - $host/64 - 2001:db8:2::f &&
	wire nata 198.51.100.1/28 - 198.51.100.14 - wan &&
	wire natb 198.51.100.17/28 - 198.51.100.30 - wan &&
	lan nata clia 10.1.0 &&
	lan natb clib 10.2.0 &&
	nat nata "$1" 10.1.0.2 &&
	nat natb "$2" 10.2.0.2 &&
	for name in inet srv rly nata natb; do
		forward $name || return
	done &&
	nip inet route add 2001::/32 via 2001:db8:3::1 &&
	wait_for 10 settled
}

# bare_add: add `bare`, a host without NAT on inet, which packets from any sender reach
bare_add()
{
	ns_add bare && wire bare 198.51.100.33/28 - 198.51.100.46 -
}

# bare_up KIND: set up the laboratory, with NATs of this kind, and `bare`
bare_up()
{
	lab_up "$1" "$1" && bare_add
}

# bare_state: print the state of our client on `bare`, for diagnose()
bare_state()
{
	tool bare show
	tool bare show peers | head -n 30
	tool bare show stats
}

# settled: each wire has its link-local address, and no address is tentative any more, so
# that routers answer for theirs
settled()
{
	local name wires addresses

	for name in "${!ns[@]}"; do
		mapfile -t wires < <(nip "$name" -o link show type veth up)
		mapfile -t addresses < <(nip "$name" -6 -o addr show type veth scope link)
		((${#addresses[@]} >= ${#wires[@]})) &&
			[[ ! $(nip "$name" -6 -o addr show tentative) ]] || return
	done
}

#
# Roles.  For each namespace, $role says whether it is ours or Miredo's, and $daemon which
# process it has.
#

declare -A role daemon

# miredo_conf NAME LINES: write a configuration file
miredo_conf()
{
	printf '%s\n' "${@:2}" >"$tmp/$1.conf"
}

# miredo_start PROGRAM NAME
miredo_start()
{
	local program=$1 name=$2

	need "$program"
	need_modules tun
	spawn "$name" "$program" -f -c "$tmp/$name.conf" -p "$tmp/$name.pid" \
		>"$tmp/$name.log" 2>&1
	daemon[$name]=$spawned
}

# udp_bound NAME IPV4 PORT: a socket is bound to that
udp_bound()
{
	[[ $(on "$1" ss -Huln "src $2 and sport = $3") ]]
}

# listening NAME PORT: a process listens on that TCP port
listening()
{
	[[ $(on "$1" ss -Htln "sport = $2") ]]
}

has_link()
{
	nip "$1" link show teredo0 up
}

# start_server miredo|ours
start_server()
{
	role[srv]=$1
	case $1 in
	miredo)
		miredo_conf srv "ServerBindAddress $server" \
			"ServerBindAddress2 $server2"
		miredo_start miredo-server srv
		wait_for 10 udp_bound srv $server 3544
		;;
	ours)
		tool srv add teredo0 mode server local $server server2 $server2 &&
		nip srv link set teredo0 up
		;;
	esac
}

# start_relay miredo|ours
start_relay()
{
	role[rly]=$1
	case $1 in
	miredo)
		miredo_conf rly "RelayType relay" "InterfaceName teredo0" \
			"BindAddress $relay" "BindPort 3545"
		miredo_start miredo rly
		wait_for 10 has_link rly
		;;
	ours)
		tool rly add teredo0 mode relay local $relay port 3545 &&
		nip rly link set teredo0 up &&
		nip rly -6 route add 2001::/32 dev teredo0
		;;
	esac
}

# start_client NAME miredo|ours: start a client and its controller, and wait until it is
# qualified
start_client()
{
	local name=$1

	role[$name]=$2
	case $2 in
	miredo)
		miredo_conf "$name" "InterfaceName teredo0" \
			"ServerAddress $server" "ServerAddress2 $server2"
		miredo_start miredo "$name"
		# Three attempts of 4 s each, and some time for programs to start
		wait_for 60 client_address "$name"
		;;
	ours)
		tool "$name" add teredo0 mode client server $server &&
		nip "$name" link set teredo0 up || return
		client_run "$name"
		wait_for 20 client_address "$name"
		;;
	esac
}

# client_run NAME: run the controller in the background
client_run()
{
	spawn "$1" teredo-tool run teredo0 >"$tmp/$1.log" 2>&1
	daemon[$1]=$spawned
}

# lone_client NAME [OPTION...]: qualify a client with a server of ours, then stop the
# server, so that the client hears only the test.  Sets $address and $port.
# shellcheck disable=SC2034 # for the tests
lone_client()
{
	local name=$1

	start_server ours || skip_all "no server"
	{
		tool "$name" add teredo0 mode client server $server "${@:2}" &&
		nip "$name" link set teredo0 up &&
		tool "$name" run teredo0 --once >/dev/null
	} || skip_all "no qualification"
	stop srv
	read -r address port < <(tool "$name" -j show | jq -r '.[0] | "\(.address) \(.port)"')
}

# conf_up: set ${etc[@]} to a command prefix that gives a process its own /etc, with a
# folder teredo, and those of resolv.conf, hosts, nsswitch.conf that are in $tmp
# shellcheck disable=SC2034 # for the tests
conf_up()
{
	mkdir "$tmp/etc"
	cat >"$tmp/with-etc" <<-END
	#!/bin/sh
	mount -t tmpfs none /etc && cp -r "$tmp/etc" /etc/teredo || exit
	for file in resolv.conf hosts nsswitch.conf; do
		[ ! -e "$tmp/\$file" ] || cp "$tmp/\$file" /etc || exit
	done
	exec "\$@"
	END
	chmod +x "$tmp/with-etc"
	etc=(unshare -m "$tmp/with-etc")
}

# with_conf NAME LINES: write /etc/teredo/NAME.conf for it
with_conf()
{
	printf '%s\n' "${@:2}" >"$tmp/etc/$1.conf"
}

# client_address NAME: print its Teredo address
client_address()
{
	nip "$1" -6 -o addr show dev teredo0 scope global -tentative 2>/dev/null |
		sed -n 's/.* inet6 \(2001:0:[^/]*\|2001::[^/]*\).*/\1/p' | grep .
}

# stop NAME...: stop the role that was started there
stop()
{
	local name pid

	for name; do
		pid=${daemon[$name]:-}
		[[ ! $pid ]] || kill "$pid" 2>/dev/null
	done
	for name; do
		pid=${daemon[$name]:-}
		if [[ $pid ]]; then
			wait_for 10 gone "$pid" || kill -9 "$pid"
			wait "$pid" 2>/dev/null
		fi
		[[ ${role[$name]:-} != ours ]] || nip "$name" link del teredo0 2>/dev/null
		unset "role[$name]" "daemon[$name]"
	done
}

#
# Traffic
#

# reaches NAME ADDRESS: an answer comes, perhaps only to a later packet
reaches()
{
	wait_for 15 on "$1" ping -n -c 1 -W 2 "$2"
}

# meets NAME ADDRESS: the first packet is answered, after any delay.  No other one is sent.
meets()
{
	unless_full on "$1" ping -n -q -c 1 -W 10 "$2"
}

# offloads NAME on|off: set those of teredo0 and of the device below
offloads()
{
	local device

	for device in eth0 teredo0; do
		on "$1" ethtool -K $device tx "$2" sg "$2" tso "$2" gso "$2" gro "$2" \
			>/dev/null || return
	done
}

# own_nat NAME ADDRESS/LENGTH: make the host a NAT for itself, with this source address
own_nat()
{
	nip "$1" addr add "$2" dev eth0 &&
	on "$1" nft -f - <<-END
	table ip nat {
		chain postrouting {
			type nat hook postrouting priority srcnat
			oifname eth0 meta l4proto udp snat to ${2%/*}
		}
	}
	END
}

# all_answered NAME ADDRESS COUNT: so many pings are answered
all_answered()
{
	on "$1" ping -n -q -i 0.01 -c "$3" -W 2 "$2" >"$tmp/ping.$1" 2>&1
	grep -q "$3 received" "$tmp/ping.$1" && return
	cat "$tmp/ping.$1"
	return 1
}

# pings_on NAME ADDRESS FILE: send rounds of pings, each of which waits for its last answer,
# until FILE.end exists
pings_on()
{
	until [[ -e $3.end || ! -e /run/netns/${ns[$1]} ]]; do
		on "$1" ping -n -q -i 0.05 -c 20 -W 10 "$2"
	done >>"$3" 2>&1
}

# flow_begins NAME ADDRESS: send such rounds in the background; returns after the first one
pingers=()
flow_begins()
{
	local file=$tmp/flow.${#pingers[@]}

	pings_on "$1" "$2" "$file" &
	pingers+=($!)
	wait_for 30 grep -q transmitted "$file"
}

# flows_end: end all of them; fail if a ping was lost.  Prints how many were sent and
# received.
flows_end()
{
	local i lost=0

	for i in "${!pingers[@]}"; do
		: >"$tmp/flow.$i.end"
	done
	for i in "${!pingers[@]}"; do
		wait "${pingers[i]}"
		awk '/transmitted/ { sent += $1; got += $4 }
			END { print sent " sent, " got " received"; exit got < sent || !sent }' \
			"$tmp/flow.$i" || lost=1
		rm "$tmp/flow.$i" "$tmp/flow.$i.end"
	done
	pingers=()
	return $lost
}

# lossless NAME ADDRESS [COUNT]: nothing is lost on a path that is open
lossless()
{
	unless_full all_answered "$1" "$2" "${3:-100}"
}

# everyone: start all four roles, ours, and open paths between them
everyone()
{
	start_server ours && start_relay ours &&
	start_client clia ours && start_client clib ours &&
	reaches clia "$(client_address clib)" && reaches clia "$host" &&
	reaches host "$(client_address clib)"
}

# between FROM TO ADDRESS [PORT]: everything sent arrives, octet for octet
between()
{
	"$selftests/cast/octets.py" "${ns[$1]}" "${ns[$2]}" "${@:3}"
}

# everywhere: the same between clients, and through a relay in both directions
everywhere()
{
	between clia clib "$(client_address clib)" && between clia host $host &&
	between host clia "$(client_address clia)"
}

# serve_flow NAME: run iperf3 for one flow.  The one before may still have the port.
serve_flow()
{
	wait_for 10 eval "! listening $1 5201" && on "$1" iperf3 -s -1 -D &&
	wait_for 10 listening "$1" 5201
}

# stream FROM TO ADDRESS LENGTH [OPTION...]: send by iperf3, over TCP unless the options say
# otherwise
stream()
{
	serve_flow "$2" || return
	on "$1" iperf3 -c "$3" -n "${@:4}" >"$tmp/iperf3" && return
	cat "$tmp/iperf3"
	return 1
}

# Print the payload lengths in the capture, the longest last.
lengths()
{
	tcpdump -n -r "$tmp/capture" 2>/dev/null | sed -n 's/.*length \([0-9]*\).*/\1/p' | sort -n
}

is_long()
{
	local longest

	longest=$(lengths | tail -n 1)
	((${longest:-0} >= $1))
}

# longest NAME INTERFACE in|out LENGTH COMMAND...: during the command, a payload of at least
# LENGTH octets passes there.  Prints the longest length.
longest()
{
	local name=$1 link=$2 way=$3 length=$4 pid status

	shift 4
	spawn "$name" tcpdump -n -U --immediate-mode -i "$link" -Q "$way" -s 128 \
		-w "$tmp/capture" 2>"$tmp/tcpdump"
	pid=$spawned
	wait_for 10 grep -q listening "$tmp/tcpdump"
	"$@" && wait_for 10 is_long "$length"
	status=$?
	interrupt "$pid"
	lengths | tail -n 1
	return $status
}

# received NAME PACKETS: more than so many have come out of the tunnel
received()
{
	(($(nip "$1" -s -j link show teredo0 | jq '.[0].stats64.rx.packets') > $2))
}

# traffic: start endless traffic of all kinds between all, in the background
traffic()
{
	local b

	b=$(client_address clib)
	listening clib 5201 || on clib iperf3 -s -D || return
	wait_for 10 listening clib 5201
	spawn clia iperf3 -c "$b" -t 600 "${pace[@]}" &>/dev/null
	spawn clib ping -q -i "$often" "$host" &>/dev/null
	spawn host ping -q -i "$often" "$(client_address clia)" &>/dev/null
	# Peers that never answer: bubbles, queues and timers
	spawn clia ping -q -i 0.2 2001:0:cb00:7101:0:efff:3fff:fdf0 &>/dev/null
	wait_for 30 received clib 300
}

# empty NAME: kill all processes there; succeeds if there are none
empty()
{
	local pids

	pids=$(ip netns pids "${ns[$1]}")
	# shellcheck disable=SC2086 # a list
	[[ ! $pids ]] || { kill -9 $pids; return 1; }
}

# hush: end that traffic, and controllers
hush()
{
	local name

	for name in clia clib host; do
		wait_for 10 empty $name
	done
	wait
} 2>/dev/null

# lab_state: print the state of all roles, for diagnose()
lab_state()
{
	local name

	for name in srv rly clia clib; do
		echo "== $name (${role[$name]:-nothing})"
		case ${role[$name]:-} in
		miredo) tail -n 20 "$tmp/$name.log" ;;
		ours) [[ ! -e $tmp/$name.log ]] || tail -n 20 "$tmp/$name.log"
		      tool "$name" show; tool "$name" show peers
		      tool "$name" show stats ;;
		esac
		nip "$name" -6 route show table all dev teredo0
		nip "$name" -6 addr show dev teredo0
	done
}
