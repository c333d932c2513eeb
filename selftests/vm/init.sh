#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: GPL-2.0
#
# The first program of the machine, in the initramfs of QEMU or on the root
# folder of User Mode Linux: mount what is shared with the host, hide what is
# not, and hand over to guest.sh.  run.sh says what the machine is.

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

uml='' root=/root
read -r cmdline </proc/cmdline
for word in $cmdline; do
	case $word in
	vm_probe)
		echo vm-probe-ok
		echo b >/proc/sysrq-trigger
		;;
	vm_repo=*) repo=${word#*=} ;;
	vm_results=*) results=${word#*=} ;;
	vm_uml=*) uml=${word#*=} root='' ;;
	esac
done

# shared TAG FOLDER OPTIONS: what the host calls by that tag, at a folder below
# the root.  User Mode Linux has no tags, but sees the host's folders.
shared()
{
	$bb mkdir -p "$root$2" 2>/dev/null
	if [ "$uml" ]; then
		case $1 in
		repo) from=$repo ;;
		results) from=$results ;;
		modules) from=$uml/modules ;;
		esac
		$bb mount -t hostfs -o "${3%%,*},$from" none "$2"
	else
		$bb mount -t 9p -o "$3,trans=virtio,version=9p2000.L,msize=524288" \
			"$1" "$root$2"
	fi || lost "cannot mount $1"
}

# Nothing on the host changes under a read-only share, so keep what was read.
if [ ! "$uml" ]; then
	while read -r module; do
		$bb insmod "/modules/$module" || echo "vm: insmod $module failed"
	done </modules/order
	shared root '' ro,cache=loose
fi
for dir in tmp run var; do
	$bb mount -t tmpfs tmpfs "$root/$dir"
done
$bb mkdir -p "$root/run/lock" "$root/run/vm" "$root/var/tmp" "$root/var/log" "$root/var/lib"
$bb chmod 1777 "$root/tmp" "$root/run/lock" "$root/var/tmp"
$bb ln -s /run "$root/var/run"
shared repo "$repo" ro,cache=loose
shared results /run/vm rw,cache=none
if [ "$uml" ]; then
	# That kernel's own folder in place of the host's
	$bb mount -t tmpfs tmpfs /lib/modules
	shared modules "/lib/modules/$($bb uname -r)" ro
	exec "$repo/selftests/vm/guest.sh"
fi

for dir in dev proc sys; do
	$bb mount --move "/$dir" "/root/$dir"
done
exec $bb switch_root /root "$repo/selftests/vm/guest.sh"
