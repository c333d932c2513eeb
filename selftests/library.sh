#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What tests wait with, from lib.sh: the condition of each is false before the event and true
# after it, however slow the machine.

. "$(dirname "$0")/lib/lib.sh"

need ip nsenter unshare python3
need_root
ns_add here || skip_all "no namespaces"
plan 9

# What is slow to answer is asked ten times, even if the time is over after the first.
asked=0
slow()
{
	pause 0.3    # so slow
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

# late NAME COMMAND: a program that takes a second to become that
late()
{
	printf '%s\n' '#!/bin/bash' 'read -t 1 <> <(:)' "exec $2" >"$tmp/$1"
	chmod +x "$tmp/$1"
}

slow_start()
{
	# A process that takes its time to become nsenter
	nsenter()
	{
		pause 1    # so slow
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

# Until there is a handler, what is in the background ignores the signal.
late deaf "python3 -c 'import signal, sys, time
signal.signal(signal.SIGINT, lambda *_: sys.exit(7))
while True: time.sleep(0.1)    # so often it looks'"
spawn here "$tmp/deaf"
check_fails "a handler that is not there yet" catches "$spawned" INT
interrupted()
{
	local status late

	{ pause 60; kill -KILL "$spawned"; } &    # one that has not heard it goes on for ever
	late=$!
	interrupt "$spawned"
	status=$?
	kill $late
	((status == 7))
}
check "an interrupt waits for it" interrupted

# A counter that goes on for a while
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
