#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0
#
# /init of the machine's initramfs: mount the host's root folder and hand over
# to guest.sh.  run.sh says what the machine is.

bb=/bin/busybox

lost()
{
	echo "vm: $*"
	echo o >/proc/sysrq-trigger
	$bb sleep 10
}

$bb mount -t proc proc /proc
$bb mount -t sysfs sysfs /sys
$bb mount -t devtmpfs devtmpfs /dev

read -r cmdline </proc/cmdline
case " $cmdline " in
*" vm_probe "*)
	echo vm-probe-ok
	echo b >/proc/sysrq-trigger
	;;
esac

while read -r module; do
	$bb insmod "/modules/$module" || echo "vm: insmod $module failed"
done </modules/order

# shared TAG FOLDER OPTIONS
shared()
{
	$bb mkdir -p "$2" 2>/dev/null
	$bb mount -t 9p -o "$3,trans=virtio,version=9p2000.L,msize=524288" \
		"$1" "$2" || lost "cannot mount $1"
}

for word in $cmdline; do
	case $word in
	vm_repo=*) repo=${word#vm_repo=} ;;
	esac
done

# Nothing on the host changes under a read-only share, so keep what was read.
shared root /root ro,cache=loose
for dir in tmp run var; do
	$bb mount -t tmpfs tmpfs "/root/$dir"
done
$bb mkdir -p /root/run/lock /root/run/vm /root/var/tmp /root/var/log /root/var/lib
$bb chmod 1777 /root/tmp /root/run/lock /root/var/tmp
$bb ln -s /run /root/var/run
shared repo "/root$repo" ro,cache=loose
shared results /root/run/vm rw,cache=none

for dir in dev proc sys; do
	$bb mount --move "/$dir" "/root/$dir"
done
exec $bb switch_root /root "$repo/selftests/vm/guest.sh"
