#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# systemd.sh COMMAND: make the machine's root one that can be written to, a system
# with nothing enabled, run the command there, and become its systemd.  guest.sh,
# process 1, ends in this, and is a unit there.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
read -ra prepare <<<"$1"

# What asks for hardware that the machine does not have, for a user, or for a file that
# depends on how old the root is; and what the machine would wait for for nothing.
mapfile -t unneeded <<-END
	console-getty.service
	getty-static.service
	getty.target
	ldconfig.service
	systemd-binfmt.service
	systemd-firstboot.service
	systemd-hwdb-update.service
	systemd-journal-catalog-update.service
	systemd-remount-fs.service
	systemd-sysusers.service
	systemd-tmpfiles-clean.timer
	systemd-udev-trigger.service
	systemd-update-done.service
	systemd-udev-settle.service
END

# writable_root FOLDER: there, what of it is written is in memory
writable_root()
{
	local dir

	modprobe overlay
	mkdir -p /tmp/vm/{upper,work} "$1"
	mount -t overlay overlay "$1" -o lowerdir=/,upperdir=/tmp/vm/upper,workdir=/tmp/vm/work ||
		return
	mount -t tmpfs tmpfs "$1/tmp" -o mode=1777
	mkdir -p "$1$repo"
	for dir in "$repo" /dev /proc /sys /run; do
		mount -n --move "$dir" "$1$dir" || return
	done
}

nothing_enabled()
{
	local unit

	rm -rf "$1"/etc/{systemd/system,rc?.d,teredo,fstab,resolv.conf}
	mkdir -p "$1"/etc/systemd/system/multi-user.target.wants
	touch "$1"/etc/{fstab,resolv.conf}
	for unit in "${unneeded[@]}"; do
		ln -s /dev/null "$1/etc/systemd/system/$unit"
	done
	# Else this would be the first boot, at which there is more to do.
	[[ -s $1/etc/machine-id ]] || echo 0123456789abcdef0123456789abcdef >"$1/etc/machine-id"
}

command_unit()
{
	cat >"$1/etc/systemd/system/vm-command.service" <<-END
	[Service]
	Type=exec
	ExecStart=$repo/selftests/vm/guest.sh
	TasksMax=infinity
	OOMPolicy=continue
	END
	ln -s ../vm-command.service "$1/etc/systemd/system/multi-user.target.wants/"
}

lost()
{
	echo "vm: $*"
	echo o >&"$sysrq"
	sleep 60
}

exec {sysrq}>/proc/sysrq-trigger
root=/tmp/vm/root
{ writable_root $root && nothing_enabled $root && command_unit $root; } ||
	lost "no root that can be written to"
{ cd $root && mkdir -p tmp/old && pivot_root . tmp/old && cd /; } || lost "no way into the new root"
umount -l /tmp/old
"${prepare[@]}" || lost "failed: ${prepare[*]}"
exec /lib/systemd/systemd --unit=multi-user.target --log-target=kmsg </dev/null &>/dev/null
