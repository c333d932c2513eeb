#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tracepoints: who sends through the tunnel to a victim, why a datagram is dropped, what
# happens to a peer.  Read through the files of tracefs, in an instance of our own, so that
# other tests and users keep theirs.
#
# Runs alone, on one CPU: switching a tracepoint modifies code.

. "$(dirname "$0")/lib/lab.sh"

need python3 ping jq
need_teredo
[[ -d /sys/kernel/tracing/events ]] ||
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null ||
	skip_all "no tracefs"
[[ -d /sys/kernel/tracing/events/teredo ]] || skip_all "a kernel without tracepoints"
trace=/sys/kernel/tracing/instances/teredo$$
mkdir $trace || skip_all "no instances of tracefs"
one_cpu || skip_all "CPUs do not go"
defer rmdir $trace
defer eval "echo 0 >$trace/events/teredo/enable"
lab_up restricted restricted || skip_all "no laboratory"
plan 19

diagnose()
{
	lab_state
	grep -v '^#' $trace/trace
}

# netns NAME: print its number, as in events
netns()
{
	on "$1" readlink /proc/self/ns/net | tr -dc 0-9
}

# traced EVENT NAME PATTERN: the trace has such an event of teredo0 in that namespace
traced()
{
	grep -E "$1: dev=teredo0 netns=$(netns "$2") .*$3" $trace/trace
}

# hexadecimal IPV4: print it in the form for filters
hexadecimal()
{
	local IFS=.

	# shellcheck disable=SC2086 # four words
	printf '0x%02x%02x%02x%02x' $1
}

# send NAME ADDRESS PORT EXPRESSION [COUNT] [FROM]: send the value of a Python expression
# over pkt.py, COUNT times, from port FROM
send()
{
	on "$1" python3 -c "from pkt import *
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(('', ${6:-0}))
for _ in range(${5:-1}):
    s.sendto($4, ('$2', $3))"
}

events()
{
	local event

	for event in xmit rcv forward drop bubble peer peer_del; do
		[[ -e $trace/events/teredo/teredo_$event/format ]] || return
	done
}
check "tracepoints are there (SEC-39)" events
check "and can be switched on" eval "echo 1 >$trace/events/teredo/enable"
start_server ours && start_relay ours && start_client clia ours && start_client clib ours
a=$(client_address clia) b=$(client_address clib)

check "A reaches B" reaches clia "$b"
check "a peer is probed, then trusted" eval \
	"traced teredo_peer clia 'peer=$b state=probing at=0.0.0.0:0 proven=0' &&
	traced teredo_peer clia 'peer=$b state=trusted at=198.51.100.17:[0-9]+ proven=0'"
check "bubbles leave by the server and come from the peer" eval \
	"traced teredo_bubble clia 'to $server:3544 inner=$a->$b' &&
	traced teredo_bubble clia 'from 198.51.100.17:[0-9]* inner=$b->$a'"
check "the server tells what it sends on, from whom and to whom (SEC-39)" \
	traced teredo_forward srv \
	"outer=198.51.100.1:[0-9]+->198.51.100.17:[0-9]+ inner=$a->$b len=40"
check "an advertisement is seen behind its indications" traced teredo_xmit srv \
	"outer=$server:3544->198.51.100.1:[0-9]+ inner=fe80::8000:f227:34ff:8efe->fe80::"

# A peer is proven if it returned a value known only to the receiver of our packets.
check "a peer is proven (SEC-25)" eval "reaches clia $host &&
	traced teredo_peer clia 'peer=$host state=trusted at=$relay:3545 proven=1'"
check "and forgotten" eval "tool clia peer del teredo0 $host &&
	traced teredo_peer_del clia 'peer=$host state=trusted at=$relay:3545 proven=1'"
check "lengths are those of packets" eval "on clia ping -n -c 1 -s 100 $b &&
	traced teredo_xmit clia 'inner=$a->$b len=148' && traced teredo_rcv clib 'inner=$a->$b len=148'"

# Packets that netfilter drops after we have sent them
refused()
{
	on clia nft -f - <<-END || return
	table ip refused {
		chain output {
			type filter hook output priority 0
			udp dport != 3544 drop
		}
	}
	END
	on clia ping -n -c 1 -W 1 "$b"
	on clia nft delete table ip refused
	traced teredo_drop clia "dir=tx reason=tx-refused outer=0.0.0.0:0->198.51.100.17:[0-9]+ inner=$a->$b"
}
check "a drop by netfilter, and of which packet" refused

# An operator knows the victim, and looks for the sender.
find_culprit()
{
	echo 0 >$trace/events/teredo/enable
	echo >$trace/trace
	echo "outer_daddr == $(hexadecimal 198.51.100.17)" \
		>$trace/events/teredo/teredo_xmit/filter || return
	echo 1 >$trace/events/teredo/teredo_xmit/enable
	reaches host "$a" && reaches host "$b" &&
	traced teredo_xmit rly "outer=$relay:3545->198.51.100.17:[0-9]+ inner=$host->$b"
}
check "the IPv6 source behind traffic to an IPv4 address (SEC-39)" find_culprit
check_fails "traffic to others is not shown" grep -e '->198.51.100.1:' $trace/trace
echo 1 >$trace/events/teredo/enable

check "what leaves the tunnel" eval "reaches host '$b' && traced teredo_rcv rly \
	'outer=198.51.100.17:[0-9]+->$relay:3545 inner=$b->$host'"
check "a drop has a reason, and says from where (SEC-39)" eval \
	"send srv $relay 3545 \"datagram('$b', '$host', 7, 9, b'x')\" &&
	wait_for 5 traced teredo_drop rly \
		'dir=rx reason=rx-mapping outer=$server:[0-9]+->$relay:3545 inner=$b->$host'"
check "also of what is no packet at all" eval \
	"send srv $relay 3545 \"b'x' * 50\" && wait_for 5 traced teredo_drop rly \
		'dir=rx reason=rx-malformed outer=$server:[0-9]+->$relay:3545 inner=::->::'"
check "a drop on the way out" eval \
	"! on clia ping -n -c 1 -W 1 2001:0:cb00:7101:0:efff:f5fe:fefd &&
	traced teredo_drop clia \
		'dir=tx reason=tx-not-global .* inner=$a->2001:0:cb00:7101:0:efff:f5fe:fefd'"

#
# The stack's own tracepoint for lost packets: packets that we consume must not appear there
#

echo 0 >$trace/events/teredo/enable
# lost COUNTER EXPRESSION: send twenty datagrams to the relay, which counts them there;
# print how many appear as lost
lost()
{
	local before

	before=$(tool rly -j show stats | jq ".[0].\"$1\"")
	echo >$trace/trace
	send srv $relay 3545 "$2" 20 5555
	wait_for 5 eval "((\$(tool rly -j show stats | jq '.[0].\"$1\"') >= $before + 20))" &&
	grep -c 'kfree_skb: .*protocol=2048 ' $trace/trace
}
echo 1 >$trace/events/skb/kfree_skb/enable
count=$(lost rx-malformed "b'x' * 50")
check "what is dropped is lost, to those who look for that" eval "echo '$count'; ((count >= 20))"
# A client at port 5555 of the server's host
client=2001:0:cb00:7101:0:ea4c:34ff:8efe
tool rly peer add teredo0 $client at $server:5555
count=$(lost rx-bubble "bubble('$client', 'fe80::1')")
check "bubbles are not" eval "echo '$count'; [[ '$count' ]] && ((count < 10))"
echo 0 >$trace/events/skb/kfree_skb/enable
