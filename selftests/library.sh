#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The waiting functions of lib.sh: each condition is false before the event and true after
# it, however slow the machine.

. "$(dirname "$0")/lib/lib.sh"

need ip nsenter unshare python3
need_root
ns_add here || skip_all "no namespaces"
plan 9

# A slow condition is tried ten times, even if the time is over after the first try.
asked=0
slow()
{
	pause 0.3    # the delay
	((++asked >= 8))
}
check "a slow condition is asked ten times" wait_for 0 slow
never()
{
	((++asked))
	return 1
}
asked=0
check_fails "one that never becomes true ends" wait_for 0 never
check "after ten times" [ "$asked" = 10 ]

# late NAME COMMAND: write a program that executes the command after a second
late()
{
	printf '%s\n' '#!/bin/bash' 'read -t 1 <> <(:)' "exec $2" >"$tmp/$1"
	chmod +x "$tmp/$1"
}

slow_start()
{
	# A process that executes nsenter only after a while
	nsenter()
	{
		pause 1    # the delay
		exec "$(type -P nsenter)" "$@"
	}
	spawn here sleep 1000
	unset -f nsenter
	runs "$spawned" sleep && inside "$spawned" here &&
	[[ $(ip netns pids "${ns[here]}") = "$spawned" ]]
}
check "what is spawned runs, in its namespace" slow_start
spawn here unshare -n sleep 1000
check "a namespace of its own is another one" eval "
	wait_for 20 runs $spawned sleep && ! inside $spawned here"

# Without a handler, a background process ignores the signal.
late deaf "python3 -c 'import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
while True: time.sleep(0.1)    # so often it looks'"
spawn here "$tmp/deaf"
check_fails "a handler that is not there yet" catches "$spawned" INT
interrupted()
{
	local status late

	{ pause 60; kill -KILL "$spawned"; } &    # in case it has ignored the signal
	late=$!
	interrupt "$spawned"
	status=$?
	kill $late
	((status == 7))
}
check "an interrupt waits for it" interrupted

# A counter that grows for a while
counter()
{
	local n

	n=$(<"$tmp/counter")
	((n >= 5)) || echo $((n + 1)) >"$tmp/counter"
	echo "$n"
}
echo 0 >"$tmp/counter"
check "what still grows is not read" eval "[[ \$(steady counter) = 5 ]]"
falls()
{
	((${EPOCHREALTIME/./} < end))
}
end=$((${EPOCHREALTIME/./} + 1000000))
check_fails "what does not stay does not" stays 3 falls
