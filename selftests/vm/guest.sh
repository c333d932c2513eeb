#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Process 1 of the machine: run the command that run.sh left in the results
# folder, leave its exit status and the kernel's log there, and switch off.  Or make
# the root one that systemd can boot, and have that call this once more (systemd.sh).

export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/tmp TERM=${TERM:-linux} LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
load='' terminal='' stty_size='' systemd='' command=()
# shellcheck source=/dev/null
. /run/vm/command

basics()
{
	mkdir -p /dev/pts /dev/shm
	mount -t devpts devpts /dev/pts -o mode=620,ptmxmode=666
	mount -t tmpfs tmpfs /dev/shm
	mount -t debugfs debugfs /sys/kernel/debug 2>/dev/null
	mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null
	ln -sf /proc/self/fd /dev/fd
	ln -sf /proc/self/fd/0 /dev/stdin
	ln -sf /proc/self/fd/1 /dev/stdout
	ln -sf /proc/self/fd/2 /dev/stderr
	ip link set lo up
}
(($$ != 1)) || basics

# What run.sh takes for standard output, and how to switch off without waiting:
# with -no-reboot, rebooting ends QEMU faster than switching off does.
tty=/dev/ttyS1 off=b
if grep -q ' vm_uml=' /proc/cmdline; then
	tty=/dev/tty1 off=o
fi
stty -F $tty 115200 -opost -echo

# keep_code: what the first of all pings and of all NATs switches on, and the last one
# off, stays on.  To switch it patches code on every packet's way by way of breakpoints,
# and QEMU before 8.2 may translate for one CPU what another one is just writing.
keep_code()
{
	ping -q -i 100000 127.0.0.1 &
	tc qdisc add dev lo clsact
	nft -f - <<-END
	table inet keep_code {
		$(for hook in prerouting input forward output postrouting; do
			echo "chain $hook { type filter hook $hook priority 0; }"
		done)
	}
	END
}
[[ $VM_ACCEL != tcg ]] || (($$ != 1)) || keep_code &>/dev/null
[[ ! $systemd ]] || (($$ != 1)) || exec "$repo/selftests/vm/systemd.sh" "$systemd" >$tty 2>&1

# klog.sh judges what comes after this line.
echo "vm: start" >/dev/kmsg
: >/run/vm/started
# For watchdog.sh.  Where instructions are the clock, it would cost some, and User
# Mode Linux has none.
if [[ $VM_ACCEL != icount && $VM_ACCEL != uml ]]; then
	while echo >/run/vm/alive && sleep 5; do :; done &
fi

status=0
if [[ $load ]]; then
	"$repo/selftests/vm/load.sh" >$tty 2>&1 || status=$?
fi

if ((status)); then
	:
elif ((${#command[@]})); then
	# Programs see a terminal only where there is one outside.
	if [[ $terminal ]]; then
		"${command[@]}" </dev/null >$tty 2>&1
		status=$?
	else
		"${command[@]}" </dev/null 2>&1 | cat >$tty
		status=${PIPESTATUS[0]}
	fi
else
	stty -F $tty sane
	[[ $stty_size ]] && stty -F $tty rows "${stty_size% *}" cols "${stty_size#* }"
	# shellcheck disable=SC2094 # a terminal
	PS1='guest# ' setsid -c bash --norc -i <$tty >$tty 2>&1
	status=$?
fi

# The module has to go, whatever the tests have left behind: leaked objects
# show when its caches are destroyed.
if [[ -d /sys/module/teredo ]] && ! timeout 300 rmmod teredo; then
	echo "teredo: WARNING: module does not unload" >/dev/kmsg
fi >$tty 2>&1

# What of the module has run, if it was built to count (debug-kernel.sh -c)
counts=/sys/kernel/debug/gcov
if [[ -d $counts ]]; then
	find $counts -name '*.gcda' | while read -r file; do
		mkdir -p "/run/vm/gcov/$(dirname "${file##*/source/}")"
		cat "$file" >"/run/vm/gcov/${file##*/source/}"
	done
fi

dmesg >/run/vm/dmesg
echo "$status" >/run/vm/status
echo $off >/proc/sysrq-trigger
sleep 60
