#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Less common relays: a server that is also a relay, on one address and port (RFC 4380
# section 5.4.3), and a host-specific relay (sections 3.4 and 8.2).  Also flows in one
# direction only, during which the path must not expire.
#
# Runs alone: Miredo is a process, and loses datagrams if it does not get the CPU in time.

. "$(dirname "$0")/lib/lab.sh"

need ping jq python3
need_teredo
on_time
lab_up restricted restricted || skip_all "no laboratory"
plan 19

diagnose()
{
	lab_state
}

#
# The server relays: routes lead there, and there is no other relay.
#

nip inet -6 route replace 2001::/32 via 2001:db8:1::1

combined()
{
	role[srv]=ours
	tool srv add teredo0 mode server local $server server2 $server2 \
		relaying on &&
	nip srv link set teredo0 up &&
	nip srv -6 route add 2001::/32 dev teredo0
}

check "a server that relays" combined
check "a client of that server" start_client clia ours
check "another one, Miredo" start_client clib miredo
a=$(client_address clia)
b=$(client_address clib)
check "the client reaches a native host (R-25, R-27)" meets clia $host
check "the native host reaches the client (R-26)" meets host "$a"
check "and nothing is lost" lossless host "$a"
check "the native host reaches Miredo" reaches host "$b"
check "and nothing is lost, either" lossless host "$b"
check "clients reach each other through the server" reaches clia "$b"
check "the client's relay is its server, at port 3544 (C-37, R-27)" eval \
	"tool clia -j show peers teredo0 $host |
	 jq -e '.[0].mapped == {\"address\": \"$server\", \"port\": 3544}'"
stop clib
stop srv

#
# A host with native IPv6 talks to Teredo clients without a router.
#

nip inet -6 route del 2001::/32

host_relay()
{
	role[rly]=ours
	tool rly add teredo0 mode host-relay local $relay &&
	nip rly link set teredo0 up &&
	nip rly -6 route add 2001::/32 dev teredo0
}

check "a host-specific relay" eval "start_server ours && host_relay"
check "its host reaches the client (C-97, R-21)" meets rly "$a"
check "the client reaches its host" meets clia 2001:db8:3::1
# The relay is a router in this laboratory, but its link serves only itself.
check_fails "but nobody behind it (R-22)" \
	on clia ping -n -c 2 -W 1 2001:db8:2::1
check "nor is anybody behind it let in (R-22)" eval "
	nip inet -6 route replace 2001::/32 via 2001:db8:3::1 &&
	! on host ping -n -c 2 -W 1 $a >$tmp/behind; grep -i prohibited $tmp/behind"
nip inet -6 route del 2001::/32

#
# Behind a NAT of its own that lets in only answers: a bubble also goes directly to the
# client, to open the NAT for the answer.
#

natted()
{
	stop rly
	nip inet addr add 2001:db8:6::f/64 dev natb nodad &&
	nip inet -6 route add 2001:db8:7::/64 via 2001:db8:6::1 &&
	nip natb -batch - <<-END &&
	addr add 2001:db8:6::1/64 dev wan nodad
	addr add 2001:db8:7::f/64 dev lan nodad
	route add default via 2001:db8:6::f
	END
	nip clib addr add 2001:db8:7::1/64 dev eth0 nodad &&
	nip clib -6 route add default via 2001:db8:7::f &&
	tool clib add teredo0 mode host-relay &&
	nip clib link set teredo0 up && role[clib]=ours &&
	nip clib -6 route add 2001::/32 dev teredo0 &&
	meets clib "$a"
}
check "a host-specific relay behind a NAT (R-10, R-23)" natted
stop clib
nip clib -6 route del default via 2001:db8:7::f
nip clib addr del 2001:db8:7::1/64 dev eth0

#
# One direction only: 70 s of datagrams, more than twice the time for which a peer is valid
# without an answer (C-46).  None may be lost or reordered.
#

# Send as many numbered datagrams as ARGV says, with a pause between two.
sender='
import socket, sys, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
for i in range(int(sys.argv[2])):
    s.sendto(b"%d" % i, (sys.argv[1], 9999))
    time.sleep(float(sys.argv[3]))    # the pause
'
receiver='
import socket, sys
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.bind(("::", 9999))
s.settimeout(60)
got = []
try:
    while len(got) < int(sys.argv[1]):
        got.append(int(s.recv(100)))
except socket.timeout:
    pass
print(len(got), "in order" if got == sorted(got) else "disorder")
'

# one_way COUNT PAUSE: from client A to client B
one_way()
{
	local b pid

	b=$(client_address clib) || return
	spawn clib python3 -c "$receiver" "$1" >"$tmp/oneway"
	pid=$spawned
	wait_for 30 udp_bound6 clib 9999 || return
	on clia python3 -c "$sender" "$b" "$1" "$2" || return
	wait "$pid"
	cat "$tmp/oneway"
	grep -qx "$1 in order" "$tmp/oneway"
}

udp_bound6()
{
	[[ $(on "$1" ss -Huln6 "sport = $2") ]]
}

check "a second client" start_client clib ours
check "the first datagrams wait and leave in order (C-51, C-54)" one_way 20 0
check "70 s of datagrams in one direction all arrive (C-46)" unless_full one_way 1400 0.05
