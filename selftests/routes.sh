#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Routes of outgoing datagrams are remembered (kernel/data/route.c).  Whatever changes about
# them, or about what the stack lets in, takes effect with the next packet: each case begins
# with a path in use.
#
# Runs alone and on one CPU: a kprobe counts calls of the whole kernel, and adding one
# changes code.

. "$(dirname "$0")/lib/lab.sh"

need ping nft jq iperf3
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
{ start_server ours && start_client clia ours && start_client clib ours; } ||
	skip_all "no qualification"
a=$(client_address clia) b=$(client_address clib)
plan 15

diagnose()
{
	lab_state
	nip clia rule
	nip clia route get 198.51.100.17
	on clia nft list ruleset
}

# warm: the path is open, and in everybody's memory
warm()
{
	reaches clia "$b" && on clia ping -n -q -c 3 -i 0.1 -W 2 "$b"
}

# silent: nothing comes back from now on
silent()
{
	! on clia ping -n -q -c 3 -i 0.1 -W 1 "$b"
}

# changes COMMAND...: it ends an open path at once
changes()
{
	warm && "$@" && silent
}

# reverts COMMAND...: it brings it back
reverts()
{
	"$@" && wait_for 20 on clia ping -n -q -c 1 -W 1 "$b"
}

#
# Does it remember?
#

tracing=/sys/kernel/tracing

# counted FUNCTION COMMAND...: how often the kernel came by it meanwhile
counted()
{
	local function=$1 before

	shift
	# Another namespace may have another mount.
	before=$(awk -v e="teredo_$function" '$1 == e { print $2 }' $tracing/kprobe_profile)
	"$@" >/dev/null || return
	awk -v e="teredo_$function" -v before="$before" \
		'$1 == e { print $2 - before }' $tracing/kprobe_profile
}

flood()
{
	on clia ping -n -q -c 200 -i 0.005 -W 2 "$b"
}

probe_on()
{
	one_cpu || return
	mount -t tracefs tracefs $tracing 2>/dev/null
	echo 'p:kprobes/teredo_ip_route_output_flow ip_route_output_flow' >>$tracing/kprobe_events &&
	echo 1 >$tracing/events/kprobes/enable
}

probe_off()
{
	echo 0 >$tracing/events/kprobes/enable
	echo '-:kprobes/teredo_ip_route_output_flow' >>$tracing/kprobe_events
}

# Both ways, and both ends: 800 datagrams
few()
{
	local n

	n=$(counted "$1" flood) || return
	echo "$1: $n"
	((n < 80))
}

if probe_on; then
	defer probe_off
	check "a flow" warm
	check "no routes are looked up for what leaves" few ip_route_output_flow
else
	skip "a flow" "no kprobes"
	skip "no routes are looked up for what leaves" "no kprobes"
fi

#
# In
#

# Rules come before the table of local addresses only where that is not the first.
nip clia rule add pref 100 lookup local && nip clia rule del pref 0
check "a rule against the source ends it" \
	changes nip clia rule add pref 50 from 198.51.100.17 iif eth0 blackhole
check "and its end brings it back" reverts nip clia rule del pref 50
firewall()
{
	on clia nft "add table ip t; add chain ip t in { type filter hook input priority 0; };
		add rule ip t in ip saddr 198.51.100.17 counter drop"
}
check "the firewall's input chain sees all" changes firewall
check "and counts them" eval "(( \$(on clia nft -j list chain ip t in |
	jq '.nftables[2].rule.expr[1].counter.packets') >= 3 ))"
check "until it is gone" reverts on clia nft delete table ip t
marks()
{
	nip clia rule add pref 50 fwmark 7 blackhole &&
	on clia nft "add table ip t; add chain ip t pre { type filter hook prerouting priority mangle; };
		add rule ip t pre ip saddr 198.51.100.17 meta mark set 7"
}
check "a mark that is set before routing counts" changes marks
check "until it is gone" reverts on clia nft delete table ip t
# The way back to the source leads elsewhere, so it must be forged.  Of sysctls
# nobody tells, so that may take a second.
strict()
{
	warm && on clia sysctl -qw net.ipv4.conf.eth0.rp_filter=1 &&
	nip clia link add dummy0 type dummy && nip clia link set dummy0 up &&
	nip clia route add 198.51.100.17 dev dummy0 && wait_for 10 implausible
}

implausible()
{
	on clib ping -n -q -c 1 -W 1 "$a"
	# shellcheck disable=SC2016 # awk's
	on clia awk '/^TcpExt:/ && !names { names = 1; for (i = 2; i <= NF; i++) at[$i] = i; next }
		/^TcpExt:/ { n = $at["IPReversePathFilter"] }
		END { print n; exit n < 1 }' /proc/net/netstat
}
check "a source that has become implausible ends it" strict
check "until it is plausible" reverts nip clia link del dummy0

#
# Out
#

check "an unreachable route ends it" changes nip clia route add unreachable 198.51.100.17
check "and its end brings it back" reverts nip clia route del unreachable 198.51.100.17
check "a link that goes and comes" eval "warm && nip clia link set eth0 down && silent &&
	nip clia link set eth0 up && nip clia route replace default via 10.1.0.1 &&
	wait_for 30 on clia ping -n -q -c 1 -W 1 $b"
check "devices go while they are remembered" eval "warm && nip clia link del eth0 && silent"
