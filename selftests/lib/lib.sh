# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# What every test needs: results in KTAP, clean-up at the end, waiting for a state, and
# network namespaces.  A test is
#
#	. "$(dirname "$0")/lib/lib.sh"
#	need nft jq			# programs
#	plan 2				# how many results will follow
#	ns_add left right
#	check "left has a loopback" nip left link show lo
#	check_fails "there is no such link" nip left link show nosuch
#
# and its exit status (0 all passed, 1 some failed, 4 skipped) is set here.  Never sleep and
# hope: wait_for says what is waited for.

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
	# With a choice of sections, the results are counted while they come.
	((${#sections[@]})) || printf '1..%d\n' "$1"
}

# A test may have sections.  If it is called with names of some (sections=("$@")), it gives
# only their results, and those outside of sections.  Everything that is not a result is
# done in any case.
sections=() in_section=''

# section NAME: begin a section
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
		# Later failures usually follow from the first one.
		((ktap_failed > 1)) || show_state
	} | sed 's/^/#   /'
}

# A test may define diagnose() to print its state when it fails.
show_state()
{
	[[ $(type -t diagnose) != function ]] || diagnose 2>&1
}

# skip DESCRIPTION REASON: a result that this kernel or host cannot give
skip()
{
	! left_out || return 0
	printf 'ok %d - %s # SKIP %s\n' $((++ktap_done)) "$1" "$2"
}

# skip_all REASON: skip the whole test.  With TEREDO_STRICT, which make check sets, a test
# that cannot run has failed.
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

# capture COMMAND...: run it in this shell, with its output in $output
output=
capture()
{
	local status

	"$@" >"$tmp/output" 2>&1
	status=$?
	output=$(<"$tmp/output")
	return $status
}

# check DESCRIPTION COMMAND...: one result; "not ok", with the command's output, if it fails
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

# check_fails DESCRIPTION COMMAND...: one result; "ok" if the command fails
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

# check_says DESCRIPTION TEXT COMMAND...: one result; "ok" if the command fails and its
# output contains TEXT
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

# check_ktap DESCRIPTION COMMAND...: one result of a program that prints KTAP, after the
# program's own results, indented
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

# results_from COMMAND...: the results of this test are those of a program that prints KTAP
results_from()
{
	local status

	"$@"
	status=$?
	# If it failed, show the state.
	((status == 0)) || show_state | sed 's/^/#   /'
	trap - EXIT
	undo
	exit $status
}

#
# Clean-up
#

deferred=()

# defer COMMAND...: run it at the end of the test, in reverse order
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
	# Background processes would keep the output open.
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

# need PROGRAM...: skip the test if one is not installed
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

# for_others: from now on, use a copy of the tool that users without privileges can run.
# The folder of the repository may be closed to all but its owner.
for_others()
{
	mkdir "$tmp/others" && install "$repo/tools/teredo-tool" "$tmp/others" &&
	chmod 755 "$tmp" "$tmp/others" && PATH=$tmp/others:$PATH
}

# need_modules NAME...: load modules, unless they are built in; skip the test if that fails
need_modules()
{
	modprobe -a "$@" 2>/dev/null || skip_all "modules are missing: $*"
}

# need_teredo: the same for our own module
need_teredo()
{
	need_root
	"$selftests/vm/load.sh" >"$tmp/load" 2>&1 || skip_all "$(<"$tmp/load")"
}

# ledger_begin: mark the log before the test unloads the module
ledger_begin()
{
	ledger="ledger $$ $RANDOM"
	echo "$ledger" >/dev/kmsg
}

# ledger [all]: since the mark, the module was unloaded, and freed every object that it had
# made (kernel/base/ledger.c); all: at least one of each kind was made
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

# wait_for SECONDS COMMAND...: wait until the command succeeds.  It runs ten times a second,
# less often after a while.  The command must not succeed before the event that is waited
# for.
#
# SECONDS is for an idle machine; a busy one may take three times as long.  If programs
# start so slowly that the command itself takes long, it still runs at least ten times.
# Where the clock stands still while anything runs, no machine is busy, and a test may call
# on_time, so that delays are failures.
wait_for()
{
	local deadline=$((SECONDS + busy * $1)) soon=$((SECONDS + 5)) tries=0 nap

	shift
	until "$@" &>/dev/null; do
		((++tries < 10 || SECONDS < deadline)) || return 1
		nap=0.1
		((tries > 3)) || nap=0.02
		((SECONDS < soon)) || nap=0.5
		pause $nap    # between two tries
	done
}

busy=3
on_time()
{
	! time_travels || busy=1
}

# stays SECONDS COMMAND...: the command succeeds all the time; if not, its output is shown
stays()
{
	local end=$((SECONDS + $1))

	shift
	while "$@"; do
		((SECONDS < end)) || return 0
		pause 0.5    # between two tries
	done
	return 1
}

# steady COMMAND...: run it until its output was the same three times in a row (the last
# packet has been counted), and print that
steady()
{
	local before='' now same=0

	while ((same < 2)); do
		now=$("$@") || return
		[[ $now = "$before" ]] && ((++same)) || same=0
		before=$now
		pause 0.1    # between two tries
	done
	printf '%s\n' "$now"
}

# one_cpu: on emulated CPUs, use only one until the end of the test, which must run alone.
# For tests that make the kernel modify its code: QEMU before 8.2 may translate code for one
# CPU while another CPU modifies it, and keep a breakpoint that was there only for a moment.
# The kernel crashes on that.
one_cpu()
{
	local cpu

	[[ ${VM_ACCEL:-} = tcg ]] || return 0
	for cpu in /sys/devices/system/cpu/cpu[1-9]*/online; do
		[[ -e $cpu ]] || continue    # there is only one CPU
		echo 0 >"$cpu" && defer eval "echo 1 >$cpu" || return
	done
}

# overflowed: print how many packets the kernel's own queues had no room for, of all
# traffic.  Such losses are not caused by the tunnel.
overflowed()
{
	local count sum=0

	while read -r _ count _; do
		((sum += 16#$count))
	done </proc/net/softnet_stat
	echo $sum
}

# unless_full COMMAND...: run it; once more if it failed while the kernel's own queues had
# no room
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

# There, a flow at full speed would never end.  So iperf3 gets these options for flows that
# end by the clock, and endless pings this interval (option -i).
# shellcheck disable=SC2034 # for the tests
pace=() often=0.01
# shellcheck disable=SC2034
! time_travels || pace=(-b 20M) often=0.1

# gone PID...: these processes have ended
gone()
{
	local pid

	for pid; do
		[[ ! -e /proc/$pid ]] || return 1
	done
}

# runs PID PROGRAM: the process executes that program now
runs()
{
	[[ /proc/$1/exe -ef $(type -P "$2") ]]
}

# catches PID SIGNAL: the process has a handler for it, or blocks it to read it later
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

# interrupt PID: send SIGINT once it has a handler, and wait for its end.  Before, it would
# ignore the signal, like all background processes of a script.
interrupt()
{
	wait_for 20 catches "$1" INT
	kill -INT "$1"
	wait "$1"
}

#
# Network namespaces
#

# Short names and real names.  The real names contain our process number, so that tests may
# run side by side, and on a machine with namespaces of its own.
declare -A ns

# ns_add NAME...: create namespaces, until the end of the test
ns_add()
{
	local name

	for name; do
		ns[$name]=teredo$$-$name
		ip netns add "${ns[$name]}" || return
		defer ns_del "$name"
	done
}

# ns_del NAME: delete one, and kill all processes in it
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

# on NAME COMMAND...: run it in the namespace.  By nsenter, since ip netns exec mounts a
# /sys each time.
on()
{
	local name=$1

	shift
	nsenter --net="/run/netns/${ns[$name]}" -- "$@"
}

# inside PID NAME: the process is in the namespace
inside()
{
	# Follow the links: only their targets are the same.
	[[ /proc/$1/ns/net -ef /run/netns/${ns[$2]} ]]
}

# started PID NAME: the process runs its program in the namespace, or has ended
started()
{
	gone "$1" || { inside "$1" "$2" && ! runs "$1" nsenter; }
}

# spawn NAME COMMAND...: run it in the namespace, in the background, as process $spawned.
# (`on ... &` would give the number of a shell around it.)  On return, the program has been
# started in the namespace, but may not have done anything yet.
# shellcheck disable=SC2034 # for the tests
spawn()
{
	local name=$1

	shift
	nsenter --net="/run/netns/${ns[$name]}" -- "$@" &
	spawned=$!
	wait_for 20 started "$spawned" "$name"
}

# nip NAME ARGUMENTS...: run ip in the namespace
nip()
{
	local name=$1

	shift
	ip -n "${ns[$name]}" "$@"
}

# tool NAME ARGUMENTS...: run teredo-tool in the namespace
tool()
{
	local name=$1

	shift
	teredo-tool -n "${ns[$name]}" "$@"
}
