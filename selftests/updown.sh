#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Whole tunnels, up and down, without a service manager: what `up` waits for, what it leaves
# behind when it succeeds and when it fails, and valid names.

# shellcheck source=selftests/lib/lab.sh
. "$(dirname "$0")/lib/lab.sh"

need jq ping unshare
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 54
conf_up

diagnose()
{
	lab_state
	ip netns pids "${ns[clia]}" | xargs -r ps -f
	ls -l /run/teredo
	tail -n 20 "$tmp"/said* 2>/dev/null
}

start_server ours || skip_all "no server"

# does VERB NAME [SECONDS]: run it, within that time, with output to $tmp/said
does()
{
	timeout -k 5 "${3:-60}" nsenter --net="/run/netns/${ns[clia]}" -- \
		"${etc[@]}" teredo-tool "$1" "$2" >"$tmp/said" 2>&1 </dev/null
	status=$?
	cat "$tmp/said"
	return $status
}

# ends STATUS TEXT VERB NAME [SECONDS]: it exits with that status and text
ends()
{
	does "${@:3}"
	(($? == $1)) && grep -F -e "$2" "$tmp/said"
}

# workers: print the processes in the background
workers()
{
	local pid

	for pid in $(ip netns pids "${ns[clia]}"); do
		[[ $(readlink "/proc/$pid/exe") != */teredo-tool ]] || echo "$pid"
	done
}

nothing()
{
	workers
	[[ ! $(workers) ]] && ! nip clia link show "${1:-tun1}"
}

#
# A client
#

with_conf tun1 "server $server"
check "up: qualified when it returns, and says so" eval "
	ends 0 'qualified: address 2001:0' up tun1 && nip clia -6 route show default | grep tun1 &&
	nip clia -6 addr show dev tun1 scope global | grep 2001:0"
check "up: there is one process in the background" eval "workers; [[ \$(workers | wc -l) = 1 ]]"
pid=$(workers)
check "it has a session of its own" eval "ps -o sid= -p $pid; (( \$(ps -o sid= -p $pid) == $pid ))"
check "it keeps no folder busy" [ "$(readlink "/proc/$pid/cwd")" = / ]
check "nothing of the caller's is open" eval "
	ls -l /proc/$pid/fd; [[ \$(readlink /proc/$pid/fd/{0,1,2} | sort -u) = /dev/null ]] &&
	! readlink /proc/$pid/fd/* | grep -v -e /dev/null -e socket: -e anon_inode: -e /run/teredo/ -e pipe:"
index=$(nip clia -j link show tun1 | jq '.[0].ifindex')
check "up of what is up is refused" ends 1 "up already" up tun1
check "and changes nothing" eval "
	nip clia -j link show tun1 | jq -e '.[0].ifindex == $index' && [[ \$(workers) = $pid ]]"
check "down: taken away" does down tun1
check "with all there was, when it returns" nothing
check "down of what is not there" ends 1 "no such tunnel" down tun1

# The caller's output, input and folder are not kept
check "up | cat comes to its end" eval "
	timeout 60 nsenter --net=/run/netns/${ns[clia]} ${etc[*]} teredo-tool up tun1 | cat"
check "and it works" eval "tool clia -j show tun1 | jq -e '.[0].state == \"qualified\"'"
does down tun1
check "a command's output can be taken" eval "
	words=\$(timeout 60 nsenter --net=/run/netns/${ns[clia]} ${etc[*]} teredo-tool up tun1 2>&1)
	grep qualified <<<\"\$words\""
does down tun1
check "without any descriptor" eval "
	nsenter --net=/run/netns/${ns[clia]} ${etc[*]} teredo-tool up tun1 <&- >&- 2>&- &&
	tool clia -j show tun1 | jq -e '.[0].state == \"qualified\"'"
check "down: by way of -n" "${etc[@]}" teredo-tool -n "${ns[clia]}" down tun1
check "nothing is left" nothing
check "up: by way of -n" "${etc[@]}" teredo-tool -n "${ns[clia]}" up tun1
check "its controller is there" eval "
	tool clia -j show tun1 | jq -e '.[0].controller and .[0].state == \"qualified\"'"

# The controller is killed: only the name of the tunnel is known then.
kill -9 "$(workers)"
check "release takes back what a killed one has left" eval "
	wait_for 5 eval 'tool clia -j show tun1 | jq -e \".[0].controller == false\"' &&
	tool clia release tun1 && ! nip clia -6 addr show dev tun1 scope global | grep 2001:0 &&
	! nip clia -6 route show default | grep tun1"
does down tun1
check "nothing is left" nothing

# Two at once
for i in 1 2; do
	on clia "${etc[@]}" teredo-tool up tun1 >"$tmp/said$i" 2>&1 &
	pids[i]=$!
done
codes=
for i in 1 2; do
	wait "${pids[i]}"
	codes+=" $?"
done
check "two at once: one does it, the other one says so" eval "
	[[ '$codes' = ' 0 1' || '$codes' = ' 1 0' ]] && cat $tmp/said[12] | grep 'up already'"
check "and there is one of all" eval "[[ \$(workers | wc -l) = 1 ]]"
for i in 1 2; do
	on clia "${etc[@]}" teredo-tool down tun1 >"$tmp/said$i" 2>&1 &
	pids[i]=$!
done
wait "${pids[@]}"
check "down, twice at once" nothing

#
# A client that does not qualify
#

nip srv link set teredo0 down
stopwatch=$SECONDS
check "a dead server: exit 3, and why" ends 3 "no reply from server $server" up tun1
check "in a time that people wait" eval "echo $((SECONDS - stopwatch)); (($((SECONDS - stopwatch)) <= 45))"
check "the controller goes on" eval "[[ \$(workers | wc -l) = 1 ]]"
nip srv link set teredo0 up
check "and the server is back: qualified" wait_for 60 eval "
	tool clia -j show tun1 | jq -e '.[0].state == \"qualified\"'"
check "down, as ever" does down tun1
nip srv link set teredo0 down
spawn clia "${etc[@]}" teredo-tool up tun1 >"$tmp/said" 2>&1
wait_for 10 eval "[[ \$(workers | wc -l) = 2 ]]"
interrupt "$spawned"
check "interrupted while it waits: it fails" [ $? = 1 ]
check "and takes all of it back" nothing
spawn clia "${etc[@]}" teredo-tool up tun1 >"$tmp/said1" 2>&1
wait_for 10 eval "[[ \$(workers | wc -l) = 2 ]]"
check "down while up waits" does down tun1
wait "$spawned"
check "up says so" eval "[[ $? = 1 ]] && cat $tmp/said1 &&
	grep -e 'the link was removed' -e 'the controller has ended' $tmp/said1"
check "nothing is left" nothing
nip srv link set teredo0 up

with_conf tun1 "refresh 30"
check "a controller that fails at once: exit 1, with its words" ends 1 "no server" up tun1
check "nothing is left" nothing
with_conf tun1 "server $server" "until 2001-01-01"
check "a service that has ended" ends 1 "last day was" up tun1
check "a file that is not there" ends 1 "/etc/teredo/nosuch.conf: No such file" up nosuch
with_conf tun1 "server $server" "colour blue"
check "a file that is wrong: its line" ends 1 "/etc/teredo/tun1.conf:2:" up tun1
check "nothing is left" nothing

#
# Relays and servers
#

with_conf rel1 "mode relay" "port 4000"
spawn clia python3 -c '
import signal, socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.bind(("", 4000))
print(flush=True)
signal.pause()' >"$tmp/bound"
holder=$spawned
wait_for 10 test -s "$tmp/bound"
check "a port in use" ends 1 "" up rel1
check "half a link is none" nothing rel1
kill "$holder"
wait "$holder" 2>/dev/null
check "when it is free, it works" does up rel1
check "with its route" eval "nip clia -6 route show 2001::/32 | grep rel1"
does down rel1

# Killed half way, in the second reading of the secrets, when the link exists
with_conf srv1 "mode server" "local 203.0.113.9" "server2 203.0.113.10"
nip clia addr add 203.0.113.9/32 dev lo
nip clia addr add 203.0.113.10/32 dev lo
mkfifo "$tmp/fifo"
cat >"$tmp/half" <<-END
#!/bin/sh
ln -s "$tmp/fifo" /etc/teredo/srv1.secrets && exec teredo-tool up srv1
END
chmod +x "$tmp/half"
spawn clia "${etc[@]}" "$tmp/half" >"$tmp/said" 2>&1
echo "# none" >"$tmp/fifo"
wait_for 10 nip clia link show srv1 up
kill -9 "$spawned"
wait "$spawned" 2>/dev/null
check "killed half way, it leaves a link" nip clia link show srv1
check "which is not in the way of the next" does up srv1
check "and it is whole" eval "tool clia -j show srv1 | jq -e '.[0].state == \"active\"'"
does down srv1
check "nothing is left" nothing srv1

nip clia link add tun1 type dummy
with_conf tun1 "server $server"
check "somebody else's link is in the way" ends 1 "did not create" up tun1
check "and is not ours to take" ends 1 "not a link of type teredo" down tun1
check "it stays" nip clia link show tun1
nip clia link del tun1

#
# Names
#

names_work()
{
	local name

	for name in my-tun my.tun a@b 0tun a23456789012345 a+b 'a\b' 'a\x2d' "\$x" 'a"b' tün; do
		echo "$name"
		with_conf "$name" "mode relay"
		does up "$name" || return
		nip clia link show "$name" || return
		does down "$name" || return
		nothing "$name" || return
	done
}
check "names that a link can have" names_work
names_do_not()
{
	local name

	for name in 'tun%d' 'a%b' 'a b' a/b a:b . .. '' a234567890123456; do
		does up "$name"
		(($? == 2)) || return
		grep 'cannot be the name of a device' "$tmp/said" || return
	done
}
check "names that it cannot have are refused" names_do_not
with_conf my-tun "server $server"
check "a client with a dash" ends 0 qualified up my-tun
check "down" does down my-tun
