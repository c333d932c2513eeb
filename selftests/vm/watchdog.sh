#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# watchdog.sh RESULTS MONITOR PID: end a machine that stands still, so that it costs
# minutes and not the whole limit, and have it say where it stands.  The guest
# writes to RESULTS/alive every few seconds (guest.sh).  After three minutes without
# that, its CPUs get an NMI, which makes its kernel print their stacks, and those of all tasks, and panic; what
# they execute is asked for from outside, too, since a kernel that does not take an
# NMI says nothing.  RESULTS/frozen tells that this has happened.

set -u
out=$1 monitor=$2 pid=$3

# ask COMMAND...: of QEMU's monitor
ask()
{
	python3 - "$monitor" "$@" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_UNIX)
	s.connect(sys.argv[1])
	s.settimeout(2)
	for command in sys.argv[2:]:
	    s.sendall(command.encode() + b"\n")
	    try:
	        while True:
	            sys.stdout.buffer.write(s.recv(65536))
	    except OSError:
	        pass
	END
}

# Turns are counted, not seconds: the host may have stood still itself.
turns=0 last=''
while sleep 5 && kill -0 "$pid" 2>/dev/null; do
	[[ -e $out/alive ]] || continue
	now=$(stat -c %y "$out/alive")
	[[ $now = "$last" ]] || turns=0
	last=$now
	((++turns > 36)) || continue
	{
		echo "the guest has not been alive for three minutes"
		ask "info status" "info registers -a" nmi | grep -E 'status|CPU#|RIP|RSP|CR2'
	} >"$out/frozen" 2>&1
	sleep 20
	pkill -KILL -P "$pid"	# QEMU is a child of timeout
done
