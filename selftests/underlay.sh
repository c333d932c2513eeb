#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The sockets of a link are in the namespace where it was created, wherever the link is.
# They hold routes, of received and of sent datagrams, and these hold devices.  In each
# case, when the namespace dies, nothing waits for its devices, and other namespaces can be
# created.
#
# Runs alone: it unloads the module.
#
#	abroad		home 192.0.2.1 ---- far 192.0.2.2
#	teredo0 .... its socket

. "$(dirname "$0")/lib/lib.sh"

need python3 jq setpriv unshare
need_teredo
need_modules veth vrf xfrm_user esp4

plan 13

# home_up: create the three namespaces, and a relay that has not sent anything
home_up()
{
	ns_add home abroad far &&
	ip link add v netns "${ns[home]}" type veth peer name v netns "${ns[far]}" &&
	ip -n "${ns[home]}" -batch - <<-END && ip -n "${ns[far]}" -batch - <<-FAR || return
	link set lo up
	link set v addrgenmode none
	addr add 192.0.2.1/24 dev v
	link set v up
	route add default via 192.0.2.2
	END
	link set lo up
	addr add 192.0.2.2/24 dev v
	addr add 192.0.2.3/24 dev v
	link set v up
	FAR
	tool home add teredo0 mode relay port 3545
}

# abroad_up NAME: set the link up, with peers at 203.0.113.9 and following addresses
abroad_up()
{
	local i

	ip -n "${ns[$1]}" -batch - <<-END || return
	link set lo up
	addr add 2001:db8::1/128 dev lo
	link set teredo0 up
	route add 2001::/32 dev teredo0
	END
	for i in 9 10 11 12 13 14; do
		tool "$1" peer add teredo0 "2001::$i" at "203.0.113.$i:4096" || return
	done
}

# emigrate: move the link to abroad
emigrate()
{
	nip home link set teredo0 netns "${ns[abroad]}" && abroad_up abroad
}

# drop NAME...: let these namespaces die; they have no processes
drop()
{
	local name

	for name; do
		ip netns del "${ns[$name]}"
		unset "ns[$name]"
	done
}

# datagrams FROM TO...: send three to each address, from one port to the relay's
datagrams()
{
	on far python3 - "$@" <<-'END'
	import socket, sys
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.2"))
	s.bind((sys.argv[1], 4096))
	for to in sys.argv[2:]:
	    for i in range(3):
	        s.sendto(b"\x60" + bytes(5) + b"\x3b\x40" + bytes(32), (to, 3545))
	END
}

# came NAME COUNT: the link has counted so many received datagrams
came()
{
	wait_for 5 enough "$@"
}

enough()
{
	(($(tool "$1" -j show stats teredo0 |
		jq '[.[0] | to_entries[] | select(.key | startswith("rx-")).value] | add') >= $2))
}

# packets NAME N: packets leave through the link, to 203.0.113.N
packets()
{
	local before

	before=$(sent)
	on "$1" ping -n -q -c 2 -i 0.1 -W 0.1 "2001::$2"
	wait_for 5 eval "((\$(sent) >= $before + 2))"
}

# sent: print how many datagrams have left home
sent()
{
	nip home -j -s link show v | jq '.[0].stats64.tx.packets'
}

# cleaned: dead namespaces are gone, and nothing had to wait.  They are cleaned up in order,
# so create and delete one more, and wait until its pair of devices has gone.
cleaned()
{
	ip netns add "teredo$$-last" && ip link add "last$$" type veth peer netns "teredo$$-last" &&
	ip netns del "teredo$$-last" && wait_for 25 gone_link "last$$" && ! waits
}

gone_link()
{
	! ip link show "$1"
}

waits()
{
	dmesg | sed "1,/$marker/d" | grep 'unregister_netdevice: waiting'
}
marker="underlay test $$"
echo "$marker" >/dev/kmsg

# survives WHAT...: after the command, home dies, and the link with it; everything else
# works on
survives()
{
	home_up && emigrate && "$@" || return
	drop home
	cleaned && wait_for 20 eval '! nip abroad link show teredo0' || return
	drop abroad far
}

#
# Received datagrams
#

# A group that only this host has joined, one of all hosts, and broadcasts
multicasts()
{
	nip home addr add 233.252.0.9/32 dev v autojoin &&
	datagrams 192.0.2.2 192.0.2.255 255.255.255.255 233.252.0.9 224.0.0.1
}
check "multicasts and broadcasts come" survives multicasts

# The route of the last datagrams has a realm, so the routing table does not cache it.
unicasts()
{
	datagrams 192.0.2.2 192.0.2.1 && came abroad 3 &&
	ip -n "${ns[home]}" -batch - <<-END || return
	addr add 192.0.2.4/24 dev v
	addr del 192.0.2.1/24 dev v
	addr add 192.0.2.1/24 dev v
	route add default via 192.0.2.2
	route add 192.0.2.3 tos 0x10 dev v
	rule add pref 50 iif v tos 0x10 lookup local
	END
	datagrams 192.0.2.3 192.0.2.1 && came abroad 6 && realm abroad
}

realm()
{
	nip home route replace 192.0.2.3 dev v realm 7 &&
	datagrams 192.0.2.3 192.0.2.1 && came "$1" 3
}
check "unicasts come, also from where a route has a realm" survives unicasts

discovery()
{
	nip abroad link del teredo0 &&
	tool home add teredo0 mode client server 203.0.113.9 discovery on &&
	nip home link set teredo0 netns "${ns[abroad]}" && nip abroad link set teredo0 up &&
	nip home addr add 224.0.0.253/32 dev v autojoin &&
	on far python3 - <<-'END'
	import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.2"))
	for i in range(3):
	    s.sendto(bytes(40), ("224.0.0.253", 3544))
	END
}
check "the group of discovery is spoken to" survives discovery

#
# Sent datagrams
#

# Routes with a realm, from a rule, with a locked MTU
routes()
{
	ip -n "${ns[home]}" -batch - <<-END || return
	route add 203.0.113.10 via 192.0.2.2 realm 4/9
	route add 203.0.113.11 via 192.0.2.2 table 9
	rule add pref 51 to 203.0.113.11 ipproto 17 dport 4096 lookup 9
	route add 203.0.113.12 via 192.0.2.2 mtu lock 1000
	END
	packets abroad 9 && packets abroad 10 && packets abroad 11 && packets abroad 12
}
check "packets go by all kinds of routes" survives routes

# error TYPE CODE N: send an ICMPv4 error about a datagram to 203.0.113.N
error()
{
	on far python3 - "$@" <<-'END'
	import socket, struct, sys
	def csum(data):
	    s = sum(struct.unpack("!%dH" % (len(data) // 2), data))
	    s = (s >> 16) + (s & 0xffff)
	    return ~(s + (s >> 16)) & 0xffff
	kind, code, n = map(int, sys.argv[1:])
	a = socket.inet_aton
	quoted = struct.pack("!BBHHHBBH4s4sHHHH", 0x45, 0, 128, 0, 0x4000, 63, 17, 0,
	                     a("192.0.2.1"), a("203.0.113.%d" % n), 3545, 4096, 108, 0)
	rest = a("192.0.2.3") if kind == 5 else struct.pack("!HH", 0, 1000)
	icmp = struct.pack("!BBH4s", kind, code, 0, rest) + quoted
	icmp = icmp[:2] + struct.pack("!H", csum(icmp)) + icmp[4:]
	s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
	s.bind(("192.0.2.2", 0))
	s.sendto(icmp, ("192.0.2.1", 0))
	END
}

# exception N TEXT: home's route to 203.0.113.N contains the text
exception()
{
	nip home route get "203.0.113.$1" | grep "$2"
}

# The first redirect only makes the other router known.
redirected()
{
	error 5 1 10 && exception 10 'via 192.0.2.3'
}

# Errors create exceptions for single destinations, and IPsec has routes of its own, which
# drop packets without a state.
exceptions()
{
	tool abroad set teredo0 df set &&
	on home sysctl -qw net.ipv4.conf.all.secure_redirects=0 net.ipv4.conf.v.secure_redirects=0 &&
	packets abroad 9 && error 3 4 9 && wait_for 5 exception 9 mtu && packets abroad 9 &&
	packets abroad 10 && wait_for 10 redirected && packets abroad 10 &&
	ip -n "${ns[home]}" -batch - <<-END || return
	xfrm policy add dir out dst 203.0.113.11 tmpl dst 203.0.113.11 proto esp mode transport
	xfrm policy add dir out dst 203.0.113.12 tmpl dst 203.0.113.12 proto esp mode transport
	xfrm state add src 192.0.2.1 dst 203.0.113.12 proto esp spi 9 mode transport aead rfc4106(gcm(aes)) 0x0102030405060708090a0b0c0d0e0f1011121314 128
	END
	! packets abroad 11 && packets abroad 12
}
check "packets go where errors and IPsec have made the routes" survives exceptions

#
# Other things that go
#

# all_at NAME: let the link there hold all that it can
all_at()
{
	datagrams 192.0.2.2 224.0.0.1 && realm "$1" && packets "$1" 9
}

stayed()
{
	home_up && abroad_up home && all_at home || return
	drop home
	cleaned && drop abroad far
}
check "a link that stayed" stayed

returned()
{
	home_up && emigrate && all_at abroad || return
	drop abroad
	cleaned && ! on home ss -Huan 'sport = 3545' | grep . || return
	drop home far
	cleaned
}
check "a link whose own namespace dies" returned

both()
{
	home_up && emigrate && all_at abroad || return
	drop abroad home
	cleaned && drop far
}
check "both at once" both

# An address in a VRF is found through a rule; its routes hold the VRF's device.
virtual()
{
	home_up && emigrate && ip -n "${ns[home]}" -batch - <<-END || return
	link add red type vrf table 10
	link set red up
	link add dummy0 type dummy
	link set dummy0 master red up
	addr add 192.0.2.77/32 dev dummy0
	rule add pref 50 to 192.0.2.77 lookup 10
	route replace 192.0.2.3 dev v realm 7
	END
	nip far route add 192.0.2.77 via 192.0.2.1 && datagrams 192.0.2.3 192.0.2.77 &&
	timeout 30 ip -n "${ns[home]}" link del red || return
	drop home
	cleaned && drop abroad far
}
check "a VRF that goes" virtual

# Removing the module does not hang either.
unloaded()
{
	home_up && emigrate && all_at abroad && timeout 60 rmmod teredo || return
	drop home
	cleaned || return
	drop abroad far
	"$selftests/vm/load.sh"
}
check "the module goes first" unloaded

# Root of a user namespace, without any privilege outside, does the same.
cat >"$tmp/nobody" <<-'END'
	set -e
	mount -t tmpfs tmpfs /run
	for name in home abroad far; do
		ip netns add $name
	done
	ip link add v netns home type veth peer v netns far
	ip -n home link set lo up
	ip -n home addr add 192.0.2.1/24 dev v
	ip -n home link set v up
	ip -n far addr add 192.0.2.2/24 dev v
	ip -n far link set v up
	teredo-tool -n home add teredo0 mode relay port 3545
	ip -n home link set teredo0 netns abroad
	ip -n abroad link set teredo0 up
	ip netns exec far python3 -c 'import socket
	s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
	s.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton("192.0.2.2"))
	for i in range(3):
	    s.sendto(bytes(40), ("224.0.0.1", 3545))'
	ip netns del home
END
for_others

# as_nobody COMMAND...: run it as root of a user namespace, with network and mount
# namespaces of its own
as_nobody()
{
	setpriv --reuid 65534 --regid 65534 --clear-groups unshare -Urnm -- "$@"
}
check "somebody without any privilege does that (SEC-42)" eval \
	"as_nobody bash $tmp/nobody && cleaned"
check "and others can make namespaces" eval \
	"timeout 20 unshare -n true && timeout 20 setpriv --reuid 65534 unshare -Urn true"

# Many at once
many()
{
	local i

	home_up || return
	for i in {0..29}; do
		echo "link add many$i type teredo"
		echo "link set many$i netns ${ns[abroad]}"
	done >"$tmp/batch"
	ip -n "${ns[home]}" -batch "$tmp/batch" || return
	for i in {0..29}; do
		echo "link set many$i up"
	done >"$tmp/batch"
	ip -n "${ns[abroad]}" -batch "$tmp/batch" && datagrams 192.0.2.2 224.0.0.1 || return
	drop home
	wait_for 60 eval '! nip abroad link show many29' && cleaned || return
	drop abroad far
}
check "thirty links of one namespace" many
