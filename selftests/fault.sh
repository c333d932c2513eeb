#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory runs out.  Of everything that is done to the module, from loading to unloading,
# each single allocation that the kernel makes for it fails once, one after another
# (fault.c).  Each time the request either succeeds all the same, or reports an error and
# has changed nothing; and repeated at once, it succeeds.  The debug build of the module
# lets registrations and per-CPU memory fail, too (kernel/selftest/fault.h).  Then
# allocations fail at random in the packet paths, under traffic.  Leaks are found by
# kmemleak, when namespaces die, and when the module is unloaded.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lib/lab.sh"

need ping jq
need_teredo
failslab=/sys/kernel/debug/failslab
[[ -w /proc/self/fail-nth && -d $failslab ]] || skip_all "no fault injection in this kernel"
lab_up restricted restricted || skip_all "no laboratory"
ledger_begin
plan 33

diagnose()
{
	lab_state
}

# Allocations that may sleep fail, too; no log message for each
echo N >$failslab/ignore-gfp-wait
echo 0 >$failslab/verbose
echo 0 >$failslab/probability

# faulty N COMMAND...: run it with its N-th allocation failing; $tmp/fault says whether
# there was one (fault.c)
faulty()
{
	local n=$1

	shift
	: >"$tmp/fault"
	FAULT_NTH=$n FAULT_REPORT=$tmp/fault LD_PRELOAD=$selftests/lib/fault.so "$@"
}

# each BEFORE UNCHANGED AFTER COMMAND...: run the command until each of its allocations has
# failed once.  BEFORE prepares it; UNCHANGED must be true after it failed, so that it can
# be repeated at once; AFTER must be true after it succeeded.  Starting programs takes most
# of the time, so they are few.
each()
{
	local before=$1 unchanged=$2 after=$3 n=0 failed=0 status=0

	shift 3
	while :; do
		cat "$tmp/each" >>"$tmp/said" 2>/dev/null
		((status)) || eval "$before" ||
			{ echo "before the fault in allocation $n"; return 1; }
		faulty $((++n)) "$@" >"$tmp/each" 2>&1
		status=$?
		if ((status == 0)); then
			eval "$after" || { echo "done, but not so, at allocation $n"; return 1; }
		else
			((++failed))
			[[ -s $tmp/each ]] || { echo "silent at allocation $n"; return 1; }
			# Perhaps only the answer had no memory.
			if grep -q 'No buffer space\|does not answer' "$tmp/each" &&
			   eval "$after"; then
				status=0
			elif ! eval "$unchanged"; then
				cat "$tmp/each"
				echo "left behind at allocation $n"
				return 1
			fi
		fi
		[[ $(<"$tmp/fault") = 0 ]] || break
		((n < 3000)) || { echo "no end"; return 1; }
	done
	echo "$((n - 1)) allocations, $failed of them needed"
	((status == 0)) || { cat "$tmp/each"; return 1; }
}

# each_of DESCRIPTION BEFORE UNCHANGED AFTER COMMAND...: the same as one result
each_of()
{
	local what=$1

	shift
	check "$what" each "$@"
	say "${output##*$'\n'}"
}

# recorded FILE COMMAND...: record the command's last netlink request
recorded()
{
	FAULT_RECORD=$tmp/$1 LD_PRELOAD=$selftests/lib/fault.so "${@:2}" >/dev/null
}

# each_request DESCRIPTION NAME DO UNDO [GROUP]: repeat the requests recorded in these two
# files, in the namespace, with all faults; listeners of the group get its events
# (fault-each.c)
each_request()
{
	local group=()

	[[ ! ${5:-} ]] || group=($((16#$(genl ctrl get name teredo |
		sed -n "s/.*ID-0x\([0-9a-f]*\)  *name: $5.*/\1/p"))))
	check "$1" "$selftests/lib/fault-each" "/run/netns/${ns[$2]}" "$tmp/$3" "$tmp/$4" "${group[@]}"
	say "${output##*$'\n'}"
}

#
# The module
#

module=$(modinfo -n teredo 2>/dev/null)
loaded()
{
	[[ -d /sys/module/teredo ]]
}
unload()
{
	! loaded || timeout 300 rmmod teredo
}
unload
check "load and unload the module" "$selftests/lib/fault-each" -m "$module" teredo
say "$output"
"$selftests/vm/load.sh"

#
# Links
#

a=(ip -n "${ns[clia]}")
ta=(teredo-tool -n "${ns[clia]}")
exists()
{
	nip clia link show teredo0
}
is()
{
	tool clia -j show teredo0 | jq -e ".[0] | $1"
}
# printed FILTER: a jq condition about the command's output
printed()
{
	jq -e "$1" <"$tmp/each"
}
up()
{
	nip clia link set teredo0 up
}
down()
{
	nip clia link set teredo0 down
}
export IP_LIB_DIR=$repo/tools
recorded add "${a[@]}" link add index 77 name teredo0 type teredo
recorded del "${a[@]}" link del teredo0
each_request "add a link" clia add del
recorded add "${a[@]}" link add index 77 name teredo0 type teredo \
	mode client server $server port 4711
recorded del "${a[@]}" link del teredo0
each_request "add and configure one" clia add del
role[clia]=ours
tool clia add teredo0 mode client server $server
recorded fast "${ta[@]}" set teredo0 refresh 20
recorded slow "${ta[@]}" set teredo0 refresh 30
each_request "configure it, and listeners are told, or that something is lost" clia fast slow state
each_of "configure it, and it tells" 'tool clia set teredo0 refresh 30' \
	'is ".refresh == 30"' 'is ".refresh == 20"' "${ta[@]}" set teredo0 refresh 20
recorded look "${ta[@]}" set teredo0 discovery on
recorded ignore "${ta[@]}" set teredo0 discovery off
each_request "have it look for neighbours" clia look ignore
recorded up "${a[@]}" link set teredo0 up
recorded down "${a[@]}" link set teredo0 down
each_request "set it up" clia up down
check "and it was" eval "up && is '.state == \"starting\"'"
each_request "look for neighbours at once" clia look ignore
check "and it does not any more" is ".discovery == false"
each_request "stop looking for them" clia ignore look
each_request "set it down, looking" clia down up
up
each_of "show it" up : 'printed ".[0].mode == \"client\""' "${ta[@]}" -j show teredo0

#
# A server, with two sockets, and its secrets
#

ts=(teredo-tool -n "${ns[srv]}")
(umask 077 && head -c 16 /dev/urandom | base64 >"$tmp/key")
tool srv add teredo0 mode server local $server server2 $server2
recorded up ip -n "${ns[srv]}" link set teredo0 up
recorded down ip -n "${ns[srv]}" link set teredo0 down
each_request "set a server up" srv up down
recorded add "${ts[@]}" secret add teredo0 somebody "$tmp/key"
recorded replace "${ts[@]}" secret replace teredo0 somebody "$tmp/key"
each_request "replace a secret" srv replace replace
each_of "list secrets" : : "grep somebody $tmp/each" "${ts[@]}" secret list teredo0
each_of "replace a secret, and it tells" : : : "${ts[@]}" secret replace teredo0 somebody "$tmp/key"
recorded del "${ts[@]}" secret del teredo0 somebody
each_request "add a secret" srv add del
tool srv secret add teredo0 somebody "$tmp/key"
each_request "delete a secret" srv del add
nip srv link del teredo0

#
# Peers set by the administrator
#

peer=2001:0:cb00:7101:0:efff:39cc:9bee
add_peer()
{
	tool clia peer add teredo0 $peer at 198.51.100.17:4096
}
flush()
{
	tool clia peer flush teredo0
}
recorded add "${ta[@]}" peer add teredo0 $peer at 198.51.100.17:4096
each_of "show peers" : : 'printed "length == 1"' "${ta[@]}" -j show peers teredo0
recorded del "${ta[@]}" peer del teredo0 $peer
each_request "add a peer" clia add del
add_peer
each_request "delete a peer" clia del add
recorded flush "${ta[@]}" peer flush teredo0
add_peer
each_request "flush peers" clia flush add

#
# Qualification, and the first packet
#

start_server ours && start_relay ours && start_client clib ours || exit 1
b=$(client_address clib)
requalify()
{
	down && up
}
each_of "qualify" requalify '! is ".state == \"qualified\""' 'is ".state == \"qualified\""' \
	"${ta[@]}" run teredo0 --once
check "and reach another client" reaches clia "$b"
each_of "the first packet to a client" flush flush : on clia ping -n -c 1 -W 3 "$b"
each_of "the first packet to a native host" flush flush : on clia ping -n -c 1 -W 3 "$host"
created()
{
	exists || { tool clia add teredo0 server $server && up; }
}
each_of "delete the link" created exists '! exists' "${a[@]}" link del teredo0

#
# Packets, while every tenth allocation for them fails
#

start_client clia ours || exit 1
noise()
{
	local flows=() pass

	spawn clia ping -n -q -i 0.02 -c 600 -W 1 "$b" >/dev/null 2>&1
	flows+=("$spawned")
	spawn clib ping -n -q -i 0.02 -c 600 -W 1 "$host" >/dev/null 2>&1
	flows+=("$spawned")
	spawn host ping -n -q -i 0.02 -c 600 -W 1 "$b" >/dev/null 2>&1
	flows+=("$spawned")
	# Only allocations that must not sleep, so that processes are spared.
	echo Y >$failslab/ignore-gfp-wait
	echo -1 >$failslab/times
	echo 10 >$failslab/probability
	for ((pass = 0; pass < 12; pass++)); do
		tool clia peer flush teredo0
		tool clib peer flush teredo0
		pause 1    # for packets to be affected
	done
	echo 0 >$failslab/probability
	wait "${flows[@]}"
	return 0
}
check "noise where packets are handled" noise
# counted COUNTER...: one of these has counted, on any of the four
counted()
{
	local name counter sum=0

	for name in clia clib srv rly; do
		for counter; do
			((sum += $(tool "$name" -j show stats | jq ".[0].\"$counter\"")))
		done
	done
	echo "$*: $sum"
	((sum > 0))
}
check "packets that there was no memory for are counted" counted tx-no-memory rx-no-memory
say "$output"
all_well()
{
	reaches clia "$b" && reaches clib "$(client_address clia)" &&
	reaches clia "$host" && reaches host "$b"
}
check "and all is well afterwards" wait_for 60 all_well
stop clia clib srv rly
check "unload" unload
check "every object that was made was freed" ledger
