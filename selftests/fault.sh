#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Memory runs out: of everything that is done to the module, from loading it to
# unloading it, each single allocation that the kernel makes for it fails once,
# one after the other (fault.c).  Each time either it works all the same, or it
# says that it did not and nothing has changed; and right afterwards it works.
# Among them is what the debug build of the module lets fail in the same way
# (kernel/selftest/fault.h): registrations, and per-CPU memory.  Then allocations
# fail at random where packets are handled, under traffic.  What all that leaves
# behind shows by kmemleak, when namespaces die, and when the module unloads.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lab.sh"

need ping jq
need_teredo
failslab=/sys/kernel/debug/failslab
[[ -w /proc/self/fail-nth && -d $failslab ]] || skip_all "no fault injection in this kernel"
lab_up restricted restricted || skip_all "no laboratory"
plan 27

diagnose()
{
	lab_state
}

# Those that may sleep fail, too; and no line in the log for each.
echo N >$failslab/ignore-gfp-wait
echo 0 >$failslab/verbose
echo 0 >$failslab/probability

# faulty N COMMAND...: its N-th allocation fails; $tmp/fault tells if it came
# to that (fault.c)
faulty()
{
	local n=$1

	shift
	: >"$tmp/fault"
	FAULT_NTH=$n FAULT_REPORT=$tmp/fault LD_PRELOAD=$selftests/fault.so "$@"
}

# each BEFORE UNCHANGED AFTER COMMAND...: run the command until none of its
# allocations, from the one after the first $skipped, is left that has not failed
# once.  BEFORE makes what it needs, UNCHANGED has to be true when it has failed, so
# that it can be run again at once, AFTER when it has not.  Starting programs is what
# all this takes its time for, so they are few.
skipped=0
each()
{
	local before=$1 unchanged=$2 after=$3 n=$skipped failed=0 status=0

	shift 3
	while :; do
		((status)) || eval "$before" ||
			{ echo "before the fault in allocation $n"; return 1; }
		faulty $((++n)) "$@" >"$tmp/each" 2>&1
		status=$?
		if ((status == 0)); then
			eval "$after" || { echo "done, but not so, at allocation $n"; return 1; }
		else
			((++failed))
			[[ -s $tmp/each ]] || { echo "silent at allocation $n"; return 1; }
			# It may be the answer for which there was no memory.
			if [[ $(<"$tmp/each") = *'No buffer space'* ]] && eval "$after"; then
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
	echo "$((n - 1 - skipped)) allocations, $failed of them needed"
	((status == 0)) || { cat "$tmp/each"; return 1; }
}

# each_of DESCRIPTION BEFORE UNCHANGED AFTER COMMAND...: that as a result
each_of()
{
	local what=$1

	shift
	check "$what" each "$@"
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
	! loaded || timeout 60 rmmod teredo
}
# First comes all that the kernel makes for any module; most of the last 250 are
# those of ours.
unload
faulty 1000000 insmod "$module"
skipped=$(($(<"$tmp/fault") - 250))
each_of "load the module" unload '! loaded' loaded insmod "$module"
skipped=0
loaded || load.sh

#
# Links
#

a=(ip -n "${ns[clia]}")
ta=(teredo-tool -n "${ns[clia]}")
exists()
{
	nip clia link show teredo0
}
# To delete it takes that it is there.
gone_again()
{
	nip clia link del teredo0
}
is()
{
	tool clia -j show teredo0 | jq -e ".[0] | $1"
}
# printed FILTER: a jq condition about what the command has printed
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
each_of "add a link" : '! gone_again' gone_again "${a[@]}" link add teredo0 type teredo
each_of "add and configure one" : '! gone_again' 'is ".port == 4711" && gone_again' \
	"${ta[@]}" add teredo0 mode client server $server port 4711
role[clia]=ours
tool clia add teredo0 mode client server $server
each_of "configure it" 'tool clia set teredo0 refresh 30' 'is ".refresh == 30"' \
	'is ".refresh == 20"' "${ta[@]}" set teredo0 refresh 20
each_of "have it look for neighbours" 'tool clia set teredo0 discovery off' \
	'is ".discovery == false"' 'is .discovery' "${ta[@]}" set teredo0 discovery on
each_of "set it up" down 'is ".state == \"down\""' 'is ".state == \"starting\""' \
	"${a[@]}" link set teredo0 up
each_of "set it down" up 'is ".state == \"starting\""' 'is ".state == \"down\""' \
	"${a[@]}" link set teredo0 down
each_of "stop looking for neighbours" up 'is .discovery' 'is ".discovery == false"' \
	"${ta[@]}" set teredo0 discovery off
each_of "look for them at once" 'up && tool clia set teredo0 discovery off' \
	'is ".discovery == false"' 'is .discovery' "${ta[@]}" set teredo0 discovery on
each_of "show it" up : 'printed ".[0].mode == \"client\""' "${ta[@]}" -j show teredo0

#
# A server, with two sockets, and its secrets
#

ts=(teredo-tool -n "${ns[srv]}")
server_is()
{
	tool srv -j show teredo0 | jq -e ".[0].state == \"$1\""
}
server_down()
{
	nip srv link set teredo0 down
}
head -c 16 /dev/urandom | base64 >"$tmp/key"
has_secret()
{
	tool srv -j secret list teredo0 | jq -e 'length == 1'
}
no_secret()
{
	tool srv -j secret list teredo0 | jq -e 'length == 0'
}
add_secret()
{
	tool srv secret add teredo0 somebody "$tmp/key"
}
del_secret()
{
	tool srv secret del teredo0 somebody || no_secret
}
tool srv add teredo0 mode server local $server server2 $server2
each_of "set a server up" server_down 'server_is down' 'server_is active' \
	ip -n "${ns[srv]}" link set teredo0 up
each_of "add a secret" del_secret no_secret has_secret \
	"${ts[@]}" secret add teredo0 somebody "$tmp/key"
each_of "replace it" : has_secret has_secret \
	"${ts[@]}" secret add teredo0 somebody "$tmp/key"
each_of "list secrets" : : has_secret "${ts[@]}" secret list teredo0
each_of "delete a secret" add_secret has_secret no_secret \
	"${ts[@]}" secret del teredo0 somebody
nip srv link del teredo0

#
# Peers by hand
#

peer=2001:0:cb00:7101:0:efff:39cc:9bee
has_peer()
{
	tool clia -j show peers teredo0 | jq -e 'length == 1'
}
no_peer()
{
	tool clia -j show peers teredo0 | jq -e 'length == 0'
}
flush()
{
	tool clia peer flush teredo0 && no_peer
}
add_peer()
{
	tool clia peer add teredo0 $peer at 198.51.100.17:4096
}
each_of "add a peer" flush no_peer has_peer "${ta[@]}" peer add teredo0 $peer at 198.51.100.17:4096
each_of "show peers" add_peer : 'printed "length == 1"' "${ta[@]}" -j show peers teredo0
each_of "delete a peer" add_peer has_peer no_peer "${ta[@]}" peer del teredo0 $peer
each_of "flush peers" add_peer has_peer no_peer "${ta[@]}" peer flush teredo0

#
# Qualification, and the first packet
#

start_server ours && start_relay ours && start_client clib ours || exit 1
b=$(client_address clib)
requalify()
{
	down && up && ! client_address clia
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
# Packets, and no memory for every tenth of what they need
#

start_client clia ours || exit 1
noise()
{
	local flows=() pass

	spawn clia ping -n -q -i 0.02 -c 300 -W 1 "$b" >/dev/null 2>&1
	flows+=("$spawned")
	spawn clib ping -n -q -i 0.02 -c 300 -W 1 "$host" >/dev/null 2>&1
	flows+=("$spawned")
	spawn host ping -n -q -i 0.02 -c 300 -W 1 "$b" >/dev/null 2>&1
	flows+=("$spawned")
	# Only those that may not sleep: processes are not to suffer.
	echo Y >$failslab/ignore-gfp-wait
	echo -1 >$failslab/times
	echo 10 >$failslab/probability
	for ((pass = 0; pass < 6; pass++)); do
		tool clia peer flush teredo0
		tool clib peer flush teredo0
		pause 1
	done
	echo 0 >$failslab/probability
	wait "${flows[@]}"
	return 0
}
check "noise where packets are handled" noise
all_well()
{
	reaches clia "$b" && reaches clib "$(client_address clia)" &&
	reaches clia "$host" && reaches host "$b"
}
check "and all is well afterwards" wait_for 60 all_well
stop clia clib srv rly
check "unload" unload
