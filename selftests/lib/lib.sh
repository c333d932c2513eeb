# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What every test needs: results in KTAP, things undone at the end, waiting for
# a state, and network namespaces.  A test is
#
#	. "$(dirname "$0")/lib.sh"
#	need nft jq			# programs
#	plan 2				# how many results will follow
#	ns_add left right
#	check "left has a loopback" nip left link show lo
#	check_fails "there is no such link" nip left link show nosuch
#
# and its exit status (0 all passed, 1 some failed, 4 skipped) is settled here.
# Never sleep for luck: wait_for says what is waited for.

set -u
export LC_ALL=C PYTHONDONTWRITEBYTECODE=1

selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
# shellcheck disable=SC2034 # for the tests
repo=${selftests%/*}
# For what is in cast/
export PYTHONPATH=$selftests/lib
PATH=$repo/tools:$PATH:/usr/sbin:/sbin

#
# Results
#

ktap_planned=0 ktap_done=0 ktap_failed=0

say()
{
	printf '# %s\n' "$*"
}

plan()
{
	ktap_planned=$1
	printf 'TAP version 13\n'
	# Those of some sections are counted.
	((${#sections[@]})) || printf '1..%d\n' "$1"
}

# A test may have sections.  Called with names of some (sections=("$@")), it has only their
# results, and those that belong to none; what is not a result happens in any case.
sections=() in_section=''

# section NAME: the results from here on are of this one
section()
{
	in_section=$1
}

left_out()
{
	((${#sections[@]})) && [[ $in_section && " ${sections[*]} " != *" $in_section "* ]]
}

pass()
{
	printf 'ok %d - %s\n' $((++ktap_done)) "$1"
}

# fail DESCRIPTION [OUTPUT]
fail()
{
	printf 'not ok %d - %s\n' $((++ktap_done)) "$1"
	((++ktap_failed))
	{
		[[ -z ${2:-} ]] || printf '%s\n' "$2"
		# Later failures mostly follow from the first.
		((ktap_failed > 1)) || show_state
	} | sed 's/^/#   /'
}

# A test may define diagnose() to show the state in which it failed.
show_state()
{
	[[ $(type -t diagnose) != function ]] || diagnose 2>&1
}

# skip DESCRIPTION REASON: one result that this kernel or host cannot give
skip()
{
	! left_out || return 0
	printf 'ok %d - %s # SKIP %s\n' $((++ktap_done)) "$1" "$2"
}

# skip_all REASON: the whole test.  With TEREDO_STRICT, as make check has it,
# what cannot run has failed.
skip_all()
{
	if [[ ${TEREDO_STRICT:-} ]]; then
		plan 1
		fail "cannot run: $1"
		exit 1
	fi
	printf 'TAP version 13\n1..0 # SKIP %s\n' "$1"
	trap - EXIT
	undo
	exit 4
}

# capture COMMAND...: run it in this shell, its output in $output
output=
capture()
{
	local status

	"$@" >"$tmp/output" 2>&1
	status=$?
	output=$(<"$tmp/output")
	return $status
}

# check DESCRIPTION COMMAND...: one result, "not ok" with the command's output
# if it fails
check()
{
	local description=$1

	! left_out || return 0
	shift
	if capture "$@"; then
		pass "$description"
	else
		fail "$description" "status $? of: $*"$'\n'"$output"
	fi
}

# check_fails DESCRIPTION COMMAND...: one result, "ok" if the command fails
check_fails()
{
	local description=$1

	! left_out || return 0
	shift
	if capture "$@"; then
		fail "$description" "succeeded: $*"$'\n'"$output"
	else
		pass "$description"
	fi
}

# check_says DESCRIPTION TEXT COMMAND...: one result, "ok" if the command fails
# and its output holds TEXT
check_says()
{
	local description=$1 text=$2

	! left_out || return 0
	shift 2
	if capture "$@"; then
		fail "$description" "succeeded: $*"$'\n'"$output"
	elif [[ $output != *"$text"* ]]; then
		fail "$description" "'$text' expected from: $*"$'\n'"$output"
	else
		pass "$description"
	fi
}

# check_ktap DESCRIPTION COMMAND...: one result of a program that writes KTAP, whose
# own results come before it, indented
check_ktap()
{
	local description=$1 status

	! left_out || return 0
	shift
	"$@" 2>&1 | sed 's/^/    /'
	status=${PIPESTATUS[0]}
	if ((status == 0)); then
		pass "$description"
	else
		fail "$description" "status $status of: $*"
	fi
}

# results_from COMMAND...: a program that writes KTAP gives all the results
results_from()
{
	local status

	"$@"
	status=$?
	# On failure, the state that goes with it.
	((status == 0)) || show_state | sed 's/^/#   /'
	trap - EXIT
	undo
	exit $status
}

#
# Undoing
#

deferred=()

# defer COMMAND...: at the end of the test, last come first served
defer()
{
	deferred+=("$(printf '%q ' "$@")")
}

undo()
{
	local i

	for ((i = ${#deferred[@]} - 1; i >= 0; i--)); do
		eval "${deferred[i]}"
	done >/dev/null 2>&1
	deferred=()
}

finish()
{
	local status=$?

	if ((${#sections[@]} && ktap_planned && status == 0)); then
		ktap_planned=$ktap_done
		echo "1..$ktap_done"
	fi
	while ((ktap_done < ktap_planned)); do
		fail "never came to this one (exit status $status)"
	done
	if ((ktap_planned == 0)); then
		plan 1
		fail "no plan (exit status $status)"
	elif ((ktap_done > ktap_planned)); then
		say "$ktap_done results, but a plan for $ktap_planned"
		ktap_failed=1
	fi
	undo
	# Whoever still ran in the background would keep the output open.
	# shellcheck disable=SC2046 # a list
	kill -9 $(jobs -p) 2>/dev/null
	exit $((ktap_failed > 0))
}

tmp=$(mktemp -d "${TMPDIR:-/tmp}/teredo-test.XXXXXX") || exit 1
trap finish EXIT
trap 'exit 1' INT TERM
defer rm -rf "$tmp"

#
# Requirements
#

# need PROGRAM...
need()
{
	local program

	for program; do
		type -P "$program" >/dev/null || skip_all "$program is not installed"
	done
}

need_root()
{
	((EUID == 0)) || skip_all "not root"
}

# for_others: from now on, the tool is where those without privileges may run it, too.  The
# folder of the repository may be one that only its owner enters.
for_others()
{
	mkdir "$tmp/others" && install "$repo/tools/teredo-tool" "$tmp/others" &&
	chmod 755 "$tmp" "$tmp/others" && PATH=$tmp/others:$PATH
}

# need_modules NAME...: modules, or what is built in; loads them
need_modules()
{
	modprobe -a "$@" 2>/dev/null || skip_all "modules are missing: $*"
}

# need_teredo: our own module
need_teredo()
{
	need_root
	"$selftests/vm/load.sh" >"$tmp/load" 2>&1 || skip_all "$(<"$tmp/load")"
}

# ledger_begin: the module will be unloaded by this test
ledger_begin()
{
	ledger="ledger $$ $RANDOM"
	echo "$ledger" >/dev/kmsg
}

# ledger [all]: since then it was, and freed every object that it had made (kernel/base/ledger.c);
# all: of each kind there was something
ledger()
{
	dmesg | sed -n "/$ledger\$/,\$s/.*teredo: \(WARNING: \)\?ledger: //p" | awk -v all="${1:-}" '
		{ print; kind = $0; sub(/^[0-9]* /, "", kind); sub(/,.*/, "", kind)
		  made[kind] += $1; any = 1 }
		!/all freed$/ { bad = 1 }
		END { for (kind in made) if (all && !made[kind]) { print "none: " kind; bad = 1 }
		      exit bad || !any }'
}

#
# Waiting
#

# shellcheck source=selftests/lib/pause.sh
. "$(dirname "${BASH_SOURCE[0]}")/pause.sh"

# wait_for SECONDS COMMAND...: until the command succeeds, which is asked ten times a
# second, and after a while less often: what takes long is not that urgent.  The command
# must not be true before what is waited for has happened.
#
# SECONDS is what a machine takes that has nothing else to do.  A busy one may take
# three times as long; and where the command itself takes its time, since programs hardly
# start, it is asked ten times at least.  Where the clock stands still while anything runs,
# no machine is busy, and what is late is wrong: to a test that says on_time.
wait_for()
{
	local deadline=$((SECONDS + busy * $1)) soon=$((SECONDS + 5)) tries=0 nap

	shift
	until "$@" &>/dev/null; do
		((++tries < 10 || SECONDS < deadline)) || return 1
		nap=0.1
		((tries > 3)) || nap=0.02
		((SECONDS < soon)) || nap=0.5
		pause $nap    # asked again so often
	done
}

busy=3
on_time()
{
	! time_travels || busy=1
}

# stays SECONDS COMMAND...: it succeeds, and goes on to do so for that long; with what it
# said when it did not
stays()
{
	local end=$((SECONDS + $1))

	shift
	while "$@"; do
		((SECONDS < end)) || return 0
		pause 0.5    # asked again so often
	done
	return 1
}

# steady COMMAND...: print what it prints, once it has printed the same three times in a
# row: the last packet has been counted
steady()
{
	local before='' now same=0

	while ((same < 2)); do
		now=$("$@") || return
		[[ $now = "$before" ]] && ((++same)) || same=0
		before=$now
		pause 0.1    # asked again so often
	done
	printf '%s\n' "$now"
}

# one_cpu: where CPUs are emulated, only one of them until the end of the test, which
# runs alone.  It is for whoever has the kernel change its code: QEMU before 8.2
# translates for one CPU what another one is just writing, and may keep a breakpoint
# that was there for a moment only, on which the kernel falls.
one_cpu()
{
	local cpu

	[[ ${VM_ACCEL:-} = tcg ]] || return 0
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[[ -e $cpu ]] || continue    # there is only one
		echo 0 >"$cpu" && defer eval "echo 1 >$cpu" || return
	done
}

# overflowed: how many packets the kernel's own queues had no room for, whoever's they
# were: what is lost there is no tunnel's doing
overflowed()
{
	local count sum=0

	while read -r _ count _; do
		((sum += 16#$count))
	done </proc/net/softnet_stat
	echo $sum
}

# unless_full COMMAND...: nothing is lost; tried again if it was the kernel's own queues
# that had no room
unless_full()
{
	local overflow

	overflow=$(overflowed)
	"$@" && return
	((overflow = $(overflowed) - overflow))
	echo "queues overflowed $overflow times"
	((overflow > 0)) && "$@"
}

# time_travels: the clock of this machine stands still while anything runs (make
# check-debug)
time_travels()
{
	grep -q time-travel /proc/cmdline
}

# There, a flow as fast as can be never comes to its end: iperf3's flows that end by
# the clock have these options; and what goes on all the time does so more seldom, as
# ping's option -i.
# shellcheck disable=SC2034 # for the tests
pace=() often=0.01
# shellcheck disable=SC2034
! time_travels || pace=(-b 20M) often=0.1

# gone PID...: no such process any more
gone()
{
	local pid

	for pid; do
		[[ ! -e /proc/$pid ]] || return 1
	done
}

# runs PID PROGRAM: it has become that
runs()
{
	[[ /proc/$1/exe -ef $(type -P "$2") ]]
}

# catches PID SIGNAL: it has a handler for it, or keeps it to be read
catches()
{
	local name mask number

	number=$(kill -l "$2")
	while read -r name mask; do
		[[ $name != SigBlk: && $name != SigCgt: ]] ||
			((!(16#$mask >> (number - 1) & 1))) || return 0
	done <"/proc/$1/status"
	return 1
} 2>/dev/null

# interrupt PID: with SIGINT, for which it has a handler, and wait for its end.  Before
# that it does not hear it at all: what a script has in the background ignores it.
interrupt()
{
	wait_for 20 catches "$1" INT
	kill -INT "$1"
	wait "$1"
}

#
# Network namespaces
#

# From short to real names; real ones are our own, so that tests may run side
# by side and on a machine with namespaces of its own.
declare -A ns

# ns_add NAME...
ns_add()
{
	local name

	for name; do
		ns[$name]=teredo$$-$name
		ip netns add "${ns[$name]}" || return
		defer ns_del "$name"
	done
}

# ns_del NAME: with all that runs in it
ns_del()
{
	local pids

	[[ ${ns[$1]:-} ]] || return 0
	pids=$(ip netns pids "${ns[$1]}")
	# shellcheck disable=SC2086 # a list
	[[ -z $pids ]] || kill -9 $pids
	ip netns del "${ns[$1]}"
	unset "ns[$1]"
}

# on NAME COMMAND...: run it in the namespace.  nsenter, since ip netns exec
# mounts a /sys each time.
on()
{
	local name=$1

	shift
	nsenter --net="/run/netns/${ns[$name]}" -- "$@"
}

# inside PID NAME: that process is in the namespace
inside()
{
	# Files and links have to be followed: only what they lead to is the same.
	[[ /proc/$1/ns/net -ef /run/netns/${ns[$2]} ]]
}

# started PID NAME: it is there as what it is to be, or has been
started()
{
	gone "$1" || { inside "$1" "$2" && ! runs "$1" nsenter; }
}

# spawn NAME COMMAND...: run it in the namespace, in the background; $spawned is
# its process.  (`on ... &` would give that of a shell around it.)  It runs when this
# returns, so that it is found there; what it does then is its own affair.
# shellcheck disable=SC2034 # for the tests
spawn()
{
	local name=$1

	shift
	nsenter --net="/run/netns/${ns[$name]}" -- "$@" &
	spawned=$!
	wait_for 20 started "$spawned" "$name"
}

# nip NAME ARGUMENTS...: ip in the namespace
nip()
{
	local name=$1

	shift
	ip -n "${ns[$name]}" "$@"
}

# tool NAME ARGUMENTS...: teredo-tool in the namespace
tool()
{
	local name=$1

	shift
	teredo-tool -n "${ns[$name]}" "$@"
}
