#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Every checksum on the wire, as tshark sees it: outer IPv4 and UDP, inner TCP, UDP and
# ICMPv6; of single and of GSO packets, with the client's offloads on and off, and with a
# NAT on the client's own host, which rewrites outer headers while inner checksums are not
# yet filled in (F-38; DESIGN, Data path).
#
# Packets are recorded on the interfaces of inet, which have no offloads, so that they are
# as on a wire.

. "$(dirname "$0")/lib/lab.sh"

need tcpdump tshark iperf3 ethtool jq
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 11

diagnose()
{
	lab_state
}

legs=(srv rly host nata natb)
for leg in "${legs[@]}"; do
	on inet ethtool -K "$leg" tx off sg off tso off gso off gro off >/dev/null
done

# recorded FILE COMMAND...: record what leaves inet during the command, up to 2000 packets
recorded()
{
	local file=$1 pid status

	shift
	spawn inet tcpdump -q -i any -Q out -s 0 -c 2000 -w "$file" udp 2>"$tmp/tcpdump"
	pid=$spawned
	wait_for 10 grep -q listening "$tmp/tcpdump"
	"$@"
	status=$?
	# tcpdump may have ended already, with 2000 packets.
	gone "$pid" || interrupt "$pid"
	return $status
}

flows()
{
	local b

	b=$(client_address clib)
	on clia ping -q -c 5 -i 0.05 "$b" &&
	on clia ping -q -c 5 -i 0.05 -s 1200 "$host" &&
	stream clia clib "$b" 500K && stream clia clib "$b" 300K -R &&
	stream clia host "$host" 500K && stream clia clib "$b" 100K -u -b 5M -l 1100
}

# audit FILE: check each recorded packet, as a line of tshark's output.  A status of 0 is
# bad; an ICMPv6 error has a second one, of the quoted packet.  A TCP checksum of 0xffff is
# equivalent to 0 (RFC 1624); the kernel writes it, but tshark objects.
audit()
{
	tshark -r "$1" -n -o ip.check_checksum:TRUE -o udp.check_checksum:TRUE \
		-o tcp.check_checksum:TRUE --enable-heuristic teredo_udp -T fields \
		-e frame.number -e ip.checksum.status -e udp.checksum.status \
		-e tcp.checksum.status -e icmpv6.checksum.status -e udp.checksum \
		-e _ws.malformed -e ipv6.plen -e tcp.checksum -E separator=';' 2>/dev/null |
	awk -F ';' '
		$8 != "" { teredo++ }
		$9 ~ /0xffff/ { $4 = 1 }
		($2 "," $3 "," $4 "," $5) ~ /(^|,)0/ { print "wrong checksum: " $0; bad++ }
		$6 ~ /0x0000/ { print "no checksum: " $0; bad++ }
		$7 != "" { print "malformed: " $0; bad++ }
		END {
			print teredo + 0, "packets of Teredo,", bad + 0, "bad"
			exit bad || teredo < 500
		}'
}

# On other ports, tshark would take packets for the protocol registered there.
for name in clia clib host; do
	on $name sysctl -q net.ipv4.ip_local_port_range="61000 61400"
done

check "server and relay" eval "start_server ours && start_relay ours"
for nat in off on; do
	[[ $nat = off ]] || own_nat clia 10.1.0.3/24
	check "own NAT $nat: clients" eval "start_client clia ours && start_client clib ours &&
		reaches clia \$(client_address clib) && reaches clia $host"
	for offload in on off; do
		file=$tmp/$nat-$offload.pcap
		check "own NAT $nat, offloads $offload: traffic" \
			eval "offloads clia $offload && recorded $file flows"
		check "own NAT $nat, offloads $offload: all checksums are right (F-38)" audit "$file"
		say "${output##*$'\n'}"
	done
	stop clia clib
done
