#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Other functions of the stack on a packet's path: GRO, which merges received datagrams; XDP
# and tc-BPF on a link and on the device below; a flow table through which a relay's packets
# take a shortcut. With all of them, what arrives is what was sent, octet for octet.
#
# Runs alone: attaching programs modifies code, on one CPU.

. "$(dirname "$0")/lib/lab.sh"

need tcpdump iperf3 ethtool jq tc python3
need_teredo
need_modules sch_netem
lab_up restricted restricted || skip_all "no laboratory"
plan 16

diagnose()
{
	lab_state
}

check "all four roles at work" everyone
a=$(client_address clia)
b=$(client_address clib)
check "paths are open" eval "reaches clia $b && reaches clia $host && reaches host $b"

#
# GRO: B and the relay receive segments from A and the host, as from a wire.  A veth merges
# what it gets from a sender without TSO.
#

segments()
{
	local name

	for name in clia host; do
		on $name ethtool -K eth0 tso off gso off >/dev/null || return
	done
	for name in clib rly; do
		on $name ethtool -K eth0 gro on >/dev/null || return
	done
	on natb ethtool -K lan tso off >/dev/null && on inet ethtool -K rly tso off >/dev/null
}

# merges NAME INTERFACE FROM: datagrams of a stream are merged there
merges()
{
	longest "$1" "$2" in $((2 * 1280)) stream "$3" clib "$b" 5M
}

check "segments from a wire" segments
check "are merged, as datagrams" merges clib eth0 clia
check "and are handed to the stack as one packet" merges clib teredo0 clia
check "and so is what a relay forwards" merges rly eth0 host
check "what is merged is what was sent" everywhere

# Both to B, at the same time
both()
{
	local other

	between host clib "$b" 4720 &
	other=$!
	between clia clib "$b" && wait $other
}
check "peers' flows are kept apart" both

# in_bursts DEVICE COMMAND...: run it while inet sends through that device in bursts
in_bursts()
{
	local status

	on inet tc qdisc add dev "$1" root netem delay 1ms slot 100ms 100ms limit 10000 || return
	"${@:2}"
	status=$?
	on inet tc qdisc del dev "$1" root
	return $status
}

mapped()
{
	tool "$1" -j show teredo0 | jq -r '.[0].mapped | "\(.address):\(.port)"'
}
check "datagrams with trailers among them come in by themselves, without (F-39, F-47)" \
	in_bursts natb "$selftests/cast/stack.py" mixed "${ns[inet]}" "${ns[clib]}" "$a" "$b" \
	"$(mapped clia)" "$(mapped clib)"
check "segments are merged for a socket that has an address, as well" \
	in_bursts rly "$selftests/cast/stack.py" segments "${ns[inet]}" "${ns[host]}" "$a" $host \
	"$(mapped clia)" $relay:3545

# TCP would hide losses.
none_lost()
{
	local name

	for name in clia clib rly; do
		on $name nstat -asz UdpInErrors | grep -E 'UdpInErrors +0 ' || return
	done
}
check "and no socket has refused any of it" none_lost

#
# Flow table
#

# slow: print how many packets the relay has forwarded without the flow table
slow()
{
	on rly nft -j list counter inet short slow | jq '.nftables[] | .counter? | select(.).packets'
}

# overflows: print how many datagrams B's sockets, and how many packets the veths, had no
# room for.  A veth that merges has a ring of 256 packets; the other end counts what does
# not fit.
overflows()
{
	local name

	{
		on clib nstat -asz Udp6RcvbufErrors | awk '/^Udp6/ { print $2 }'
		for name in host inet rly natb; do
			nip $name -s -j link show type veth | jq '.[].stats64.tx.dropped'
		done
	} | jq -s add
}

short_way()
{
	local before packets lost sent full overflow

	on rly nft -f - <<-'END' || return
	table inet short {
		flowtable f {
			hook ingress priority 0
			devices = { eth0, teredo0 }
		}
		counter slow { }
		chain forward {
			type filter hook forward priority 0
			meta l4proto { tcp, udp } flow add @f
			counter name slow
		}
	}
	END
	between host clib "$b" && between clib host $host || return
	before=$(slow) full=$(overflows) overflow=$(overflowed)
	stream host clib "$b" 2M -u -b 5M -l 1000 || return
	packets=$(($(slow) - before))
	full=$(($(overflows) - full + $(overflowed) - overflow))
	echo "$packets packets went the long way"
	read -r lost sent < <(sed -n 's|.* \([0-9]*\)/\([0-9]*\) (.*receiver$|\1 \2|p' "$tmp/iperf3")
	# On a busy machine, receivers may be too late for some.
	echo "$sent sent, $lost lost, $full of them for want of room"
	((packets < 200 && sent >= 2000 && lost <= full)) && return
	cat "$tmp/iperf3"
	return 1
}

if modprobe -a nf_flow_table nf_flow_table_inet nft_flow_offload 2>/dev/null; then
	check "a relay's flow table takes packets to and from the tunnel" short_way
	on rly nft delete table inet short
else
	skip "a relay's flow table takes packets to and from the tunnel" "no flow tables"
fi

#
# BPF
#

bpf=$tmp/bpf
# program KIND ACTION: load a program, and set $prog
program()
{
	prog=$bpf/$1-$2
	[[ -e $prog ]] || "$selftests/cast/stack.py" load "$1" "$2" "$prog"
}

# xdp NAME INTERFACE MODE ACTION|off: attach a program, or detach it
xdp()
{
	local prog

	[[ $4 != off ]] || { nip "$1" link set dev "$2" "$3" off; return; }
	program xdp "$4" && nip "$1" -force link set dev "$2" "$3" pinned "$prog"
}

# tc_bpf NAME INTERFACE ACTION|off: the same in both directions of tc
tc_bpf()
{
	local prog hook

	on "$1" tc qdisc del dev "$2" clsact 2>/dev/null
	[[ $3 != off ]] || return 0
	program tc "$3" && on "$1" tc qdisc add dev "$2" clsact || return
	for hook in ingress egress; do
		on "$1" tc filter add dev "$2" $hook bpf da pinned "$prog" || return
	done
}

# passes HOW..., drops HOW...: attach with that action; traffic passes, or is dropped
passes()
{
	"$@" pass && everywhere
}

drops()
{
	"$@" drop && reaches clia "$host" || return
	! on clia ping -n -q -c 2 -W 1 "$b"
}

# of HOW...: both, and afterwards the traffic is as before
of()
{
	local status

	passes "$@" && drops "$@"
	status=$?
	"$@" off && reaches clia "$b" && return $status
}

# Attaching modifies code that packets are running through.
one_cpu
if mkdir "$bpf" && mount -t bpf bpf "$bpf" 2>/dev/null && program xdp pass 2>/dev/null; then
	check "XDP on a link" of xdp clib teredo0 xdpgeneric
	check "XDP on the device below" of xdp clib eth0 xdpdrv
	check "tc-BPF on a link" of tc_bpf clib teredo0
	check "tc-BPF on the device below" of tc_bpf clib eth0
else
	for where in "XDP on a link" "XDP on the device below" "tc-BPF on a link" \
			"tc-BPF on the device below"; do
		skip "$where" "no BPF"
	done
fi
umount "$bpf" 2>/dev/null
