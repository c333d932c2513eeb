#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Each cause that keeps a tunnel from working, and what is reported for it: which address,
# who has the port, who rejects datagrams, and what to do.  A table; the hint for one cause
# must not appear for another.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq nft python3 unshare
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 42

start_server ours || skip_all "no server"

# no_hint NAME TEXT: show prints no such hint
no_hint()
{
	tool "$1" -j show teredo0 | tee "$tmp/json" |
		jq -e ".[0].hints | map(select(contains(\"$2\"))) | length == 0" && return
	cat "$tmp/json"
	return 1
}

# take NAME ADDRESS PORT: bind the port in another program
take()
{
	spawn "$1" python3 -c '
import signal, socket, sys
s = socket.socket(socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET, socket.SOCK_DGRAM)
s.bind((sys.argv[1], int(sys.argv[2])))
signal.pause()' "$2" "$3"
	wait_for 10 eval "[[ \$(on $1 ss -Huln 'sport = $3') ]]"
}

# release: end that program
release()
{
	kill "$spawned"
	wait "$spawned" 2>/dev/null
}

# once: run a client's controller to its end, with output to $tmp/said
once()
{
	tool clia run teredo0 --once >"$tmp/said" 2>&1
}

# said TEXT: its output contains the text
said()
{
	grep -F "$1" "$tmp/said" && return
	cat "$tmp/said"
	return 1
}

#
# Ports and addresses
#

# held ADDRESS ADDRESS-OF-THE-OTHER TEXT
held()
{
	take rly "$2" 3545
	tool rly add teredo0 mode relay local "$1" port 3545
	check_says "port in use by $2: the relay at $1 cannot have it" \
		"Error: the UDP port is in use: teredo-tool show tells by whom, or set another port" nip rly link set teredo0 up
	check "port in use by $2: by whom" hint rly "UDP port 3545 of $3 is in use by python3, process $spawned"
	release
	check "port in use by $2: no hint when it is free" no_hint rly "in use"
	nip rly link del teredo0
}
held 192.0.2.1 192.0.2.1 192.0.2.1
held 0.0.0.0 192.0.2.1 "this host"
held 192.0.2.1 :: 192.0.2.1

tool rly add teredo0 mode relay local 192.0.2.1 port 3545
nip rly link set teredo0 up
tool rly add teredo1 mode relay local 192.0.2.1 port 3545
check "port in use by another tunnel: show says so" eval "
	tool rly show teredo1 | grep 'UDP port 3545 of 192.0.2.1 is in use by the tunnel teredo0'"
nip rly link del teredo1
check "a relay without a route: show says so" hint rly \
	"no route to this link: run \`ip -6 route add 2001::/32 dev teredo0\`"
nip rly -6 route add 2001::/32 dev teredo0
check "a relay with a route: nothing to hint at" is rly '.hints == []'
nip rly link del teredo0

tool rly add teredo0 mode relay local 192.0.2.200
check_says "an address of nobody: the relay cannot have it" \
	"Error: local is not an address of this host" nip rly link set teredo0 up
check "an address of nobody: which one" hint rly "192.0.2.200 is not an address of this host"
nip rly link del teredo0
tool rly add teredo0 mode server local 192.0.2.1 server2 192.0.2.201
check_says "a server's second address: it cannot have it" \
	"Error: local or server2 is not an address of this host: teredo-tool show tells which" nip rly link set teredo0 up
check "a server's second address: which one" hint rly "192.0.2.201 is not an address of this host: add it to a link, or set another \`server2\`"
nip rly link del teredo0

role[clia]=ours
tool clia add teredo0 server $server port 4000
take clia 0.0.0.0 4000
check "a client's port in use: run says by whom" eval "
	! once && said 'UDP port 4000 of this host is in use by python3, process $spawned'"
check "a client's port in use: so does show" hint clia "in use by python3"
release
nip clia link del teredo0
tool clia add teredo0 server $server local 10.1.0.99
check "a client's address is none of this host: run says which" eval "
	! once && said '10.1.0.99 is not an address of this host'"
nip clia link del teredo0

#
# Names, IPv6
#

printf '%s\n' "nameserver 127.0.0.1" "options timeout:1 attempts:1" >"$tmp/resolv.conf"
if [[ -e /etc/resolv.conf ]]; then
	tool clia add teredo0 server teredo.example
	on clia unshare -m sh -c "mount --bind $tmp/resolv.conf /etc/resolv.conf &&
		teredo-tool run teredo0 --once" >"$tmp/said" 2>&1
	check "name service down: what to do" hint clia "the name service does not answer"
	check "name service down: not a word of port 3544" no_hint clia 3544
	nip clia link del teredo0
else
	skip "name service down: what to do" "no /etc/resolv.conf"
	skip "name service down: not a word of port 3544" "no /etc/resolv.conf"
fi

tool clia add teredo0 server $server
on clia sysctl -qw net.ipv6.conf.teredo0.disable_ipv6=1
nip clia link set teredo0 up
check "IPv6 off: what to do" hint clia "sysctl -w net.ipv6.conf.teredo0.disable_ipv6=0"
check "IPv6 off: not a word of port 3544" no_hint clia 3544
nip clia link del teredo0

#
# On the path
#

tool clia add teredo0 server $server
nip clia link set teredo0 up
# reject WITH: reject datagrams to port 3544 at the NAT
reject()
{
	on nata nft -f - <<-END
	table ip rejecting {
		chain forward {
			type filter hook forward priority -1
			udp dport 3544 reject with icmp type $1
		}
	}
	END
}

reject admin-prohibited
: >"$tmp/run"
watch clia || skip_all "nothing to watch with"
control clia
check "a NAT rejects the port: said at once, while it goes on trying" monitored \
	"starting: UDP port 3544 of server $server is rejected on the way, by 10.1.0.1: administratively prohibited"
# Once when it is rejected, and once at the end
check "a NAT rejects the port: said once" eval "
	wait_for 20 grep 'no reply' $tmp/run
	(( \$(sed '/no reply/q' $tmp/run | grep -c '3544 of server $server is rejected') == 2 ))"
check "a NAT rejects the port: still the reason when it has given up" wait_for 20 is clia \
	".reason | contains(\"is rejected on the way, by 10.1.0.1\")"
check "a NAT rejects the port: what to do" hint clia "allow it there"
on nata nft delete table ip rejecting
check "a NAT does not any more: qualified" wait_for 60 qualified clia
stop clia

# An error that anybody could forge, without the nonce of a solicitation
on nata nft -f - <<END
table ip dropping {
	chain forward {
		type filter hook forward priority -1
		udp dport 3544 drop
	}
}
END
role[clia]=ours
tool clia add teredo0 server $server port 4000
nip clia link set teredo0 up
: >"$tmp/run"
control clia
wait_for 10 is clia '.state == "starting" and .controller'
forge()
{
	on nata python3 - <<-END
	from pkt import *
	forger = Forger("${ns[nata]}")
	quoted = auth(bytes(range(8))) + solicitation()
	forger.send_icmp4(udp4(quoted, ("10.1.0.2", 4000), ("$server", 3544)), "10.1.0.1", "10.1.0.2", code=13)
	END
	wait_for 10 eval "((\$(counter clia rx-icmp-control) >= 1))" && ! grep reject "$tmp/run"
}
check "an error that does not know what was asked says nothing" forge
wait_for 30 is clia '.state == "offline"'
check "dropped in silence: no other cause is told" hint clia "drops UDP to port 3544"
stop clia

# Routers that quote only what RFC 792 requires, up to the UDP header, whose checksum covers
# the nonce.
role[clia]=ours
tool clia add teredo0 server $server port 4000
nip clia link set teredo0 up
: >"$tmp/run"
control clia
# short_errors HOW: send one about the next solicitation that passes the NAT
short_errors()
{
	on nata timeout 60 python3 - "$1" <<-END
	from pkt import *
	way = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(0x0800))
	way.bind(("lan", 0x0800))
	forger, seen = Forger("${ns[nata]}"), b""
	while seen[9:10] != b"\x11" or seen[22:24] != b"\x0d\xd8":
	    seen = way.recv(2000)
	ends = ("10.1.0.2", 4000), ("$server", 3544)
	quoted = udp4(seen[28:], *ends)[:28]
	if sys.argv[1] == "wrong":
	    quoted = quoted[:26] + bytes((quoted[26] ^ 1, quoted[27]))
	forger.send_icmp4(quoted, "10.1.0.1", "10.1.0.2", code=13)
	END
}
wrong_checksum()
{
	short_errors wrong &&
	wait_for 10 eval "((\$(counter clia rx-icmp-short) >= 1))" && ! grep reject "$tmp/run"
}
check "an error with the UDP header only, of another datagram, says nothing" wrong_checksum
check "of what was asked, it is told" eval "short_errors right && wait_for 20 grep -q \
	'3544 of server $server is rejected on the way, by 10.1.0.1' $tmp/run"
on nata nft delete table ip dropping
stop clia

role[clia]=ours
tool clia add teredo0 server $server
nip srv link set teredo0 down
: >"$tmp/run"
check_fails "no server there: once, and it ends" once
check "no server there: the reason" is clia \
	".reason | contains(\"server $server rejects UDP port 3544: port unreachable\")"
check "no server there: what to do" hint clia "no Teredo server is running there"
check "no server there: nobody tries again" eval "
	hint clia 'so nothing tries again' && is clia '.hints[0] | contains(\"running there\")'"
stop clia
nip srv link set teredo0 up

role[clia]=ours
tool clia add teredo0 server $server
on clia nft -f - <<END
table ip firewall {
	chain output {
		type filter hook output priority 0
		udp dport 3544 drop
	}
}
END
check_fails "a firewall of this host: once, and it ends" once
check "a firewall of this host: said, and counted (tx-failed)" eval "
	said 'a firewall or a route of this host prohibits it' &&
	((\$(counter clia tx-failed) > 0))"
on clia nft delete table ip firewall

# unsent WHAT TEXT: no datagram is sent to the server, for that reason
unsent()
{
	check "$1: said" once_said "$2"
}

once_said()
{
	! once && said "$1"
}

nip clia route add prohibit $server
unsent "a route that prohibits" "a firewall or a route of this host prohibits it"
nip clia route replace blackhole $server
unsent "a route that discards" "an IPv4 route discards packets to it"
nip clia route del blackhole $server
nip clia addr add 203.0.113.10/29 dev eth0
tool clia set teredo0 server 203.0.113.15
unsent "the server is a broadcast address" "it is a broadcast or multicast address here"
nip clia link set teredo0 down
tool clia set teredo0 server 203.0.113.10 port 3544
nip clia link set teredo0 up
unsent "the server is this very device" "the IPv4 route to it leads back into the tunnel"
