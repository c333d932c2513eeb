#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# debug-kernel.sh [-c]: build the debug kernel, a User Mode Linux of Debian's
# linux-source-6.1 with the configuration of debug.config, and our module for
# it (-c: counting what of it runs); print the folder with
#	linux		the kernel, a program
#	modules/	what its /lib/modules/RELEASE is to be, teredo.ko included
#	source/		what that was built from
# run.sh -d FOLDER boots it.
#
# The kernel is kept in TEREDO_CACHE (by default ~/.cache/teredo), 500 MB with what
# it takes to build modules, until its source, its configuration or the compiler
# changes.

set -u
export LC_ALL=C

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$vm_dir/../.." && pwd -P)
cache=${TEREDO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/teredo}
tarball=/usr/src/linux-source-6.1.tar.xz
config=$vm_dir/debug.config
# Called by make, but not a part of its jobs.
unset MAKEFLAGS MAKELEVEL

die()
{
	echo "debug-kernel: $*" >&2
	exit 1
}

# quiet COMMAND...: what it says only matters if it fails
quiet()
{
	"$@" >"$folder/log" 2>&1 && return
	tail -n 40 "$folder/log" >&2
	die "failed: $*"
}

# Nothing is built from these folders; only their Kconfig is read.
unneeded=(Documentation samples sound tools/{perf,testing} arch/[achilmnoprs]\* arch/xtensa
	drivers/{gpu,iio,infiniband,isdn,media,scsi,staging,usb,video}
	drivers/net/{ethernet,wireless,can,phy,dsa} fs/{xfs,btrfs,ext4,f2fs,ocfs2,nfs,ceph})

extract()
{
	local dir exclude=()

	for dir in "${unneeded[@]}"; do
		exclude+=(--exclude="linux-source-6.1/$dir/*."{[chS],rst,dts,dtsi,json})
	done
	mkdir -p "$folder/source"
	quiet tar -x -I 'xz -T0' -f "$tarball" -C "$folder/source" --strip-components=1 \
		--wildcards "${exclude[@]}"
	# User Mode Linux counts what disables preemption just as well, even though
	# it cannot be preempted.
	sed -i '/^config DEBUG_ATOMIC_SLEEP/,/^config /{/depends on !ARCH_NO_PREEMPT/d}' \
		"$folder/source/lib/Kconfig.debug"
	# Each allocation keeps its stack, for which User Mode Linux looks at every word
	# of that, only to leave out what frames do not lead to: half of all the time.
	# Go from frame to frame, then.
	sed -i -e '/^void dump_trace(/i static void save_addr(void *data, unsigned long address, int reliable);' \
		-e '/while (((long) sp & (THREAD_SIZE-1)) != 0) {/r /dev/stdin' \
		"$folder/source/arch/um/kernel/stacktrace.c" <<-'END'
		if (ops->address == save_addr) {
			if (bp + sizeof(long) < (unsigned long)sp ||
			    ((bp + sizeof(long)) ^ (unsigned long)sp) >= THREAD_SIZE)
				break;
			sp = (unsigned long *)(bp + sizeof(long));
		}
	END
	grep -q '^if (ops->address' "$folder/source/arch/um/kernel/stacktrace.c" ||
		die "stacktrace.c is not as it was"
	quiet patch -s -p1 -d "$folder/source" -i "$vm_dir/amx.patch"
}

configure()
{
	local missing

	mkdir -p "$folder/build"
	quiet make -s -C "$folder/source" ARCH=um O="$folder/build" \
		KCONFIG_ALLCONFIG="$config" allnoconfig
	# What has lost a dependency is dropped silently.
	missing=$(grep '^CONFIG' "$config" | grep -vxFf "$folder/build/.config") &&
		die "not possible in this kernel: $missing"
}

compile()
{
	quiet make -s -C "$folder/build" ARCH=um -j "$(nproc)" linux modules
	strip -g -o "$folder/linux" "$folder/build/linux"
}

kernel()
{
	local start=$SECONDS

	rm -rf "$folder"
	mkdir -p "$folder"
	extract
	configure
	compile
	echo $((SECONDS - start)) >"$folder/time"
	echo "# debug kernel built in $((SECONDS - start)) s" >&2
	# Those that nobody has used for long
	find "$cache" -maxdepth 1 -name 'debug-*' -mtime +14 -exec rm -rf {} +
}

# The module is built from a copy: in the tree there may be one for another kernel.
# Each tree has a folder of its own.
module()
{
	local copy=$mine/source install=(modules_install INSTALL_MOD_PATH="$mine/install") file

	# Dates do not tell: what was changed and changed back is older than what it was.
	while IFS= read -r -d '' file; do
		mkdir -p "$copy/${file%/*}"
		cmp -s "$repo/$file" "$copy/$file" || cp "$repo/$file" "$copy/$file"
	done < <(cd "$repo" && find ./Kbuild ./VERSION ./include \
		./kernel -type f \( -path './[KVi]*' -o -name '*.[ch]' \) ! -name '*.mod.c' -print0)
	# What has gone from the tree, or to another folder, is not to be found here either.
	while IFS= read -r -d '' file; do
		[[ -e $repo/$file ]] || rm "$copy/$file"
	done < <(cd "$copy" && find ./kernel -type f -name '*.[ch]' -print0)
	quiet make -s -C "$folder/build" ARCH=um M="$copy" "$watch" TEREDO_DEBUG=y \
		-j "$(nproc)" modules
	rm -rf "$mine/install"
	quiet make -s -C "$folder/build" ARCH=um "${install[@]}"
	quiet make -s -C "$folder/build" ARCH=um M="$copy" "${install[@]}"
	ln -sfn ../linux "$mine/linux"
	ln -sfn "$mine"/install/lib/modules/* "$mine/modules"
}

# UBSAN's checks are branches, too, which are not to be counted.
watch=UBSAN_SANITIZE=y
[[ ${1:-} != -c ]] || watch=GCOV_PROFILE=y
[[ -r $tarball ]] || die "no $tarball: install linux-source-6.1"
key=$({ stat -c '%s' "$tarball"; dpkg-query -W linux-source-6.1; gcc --version; grep '^CONFIG' "$config"
	cat "$vm_dir/amx.patch"
	declare -p unneeded; declare -f extract configure compile; } 2>/dev/null | sha256sum | cut -c 1-12)
folder=$cache/debug-$key
mkdir -p "$cache" || die "cannot make $cache"
exec {lock}>"$folder.lock"
flock $lock
[[ -e $folder/time ]] || kernel
touch "$folder"
mine=$folder/$(sha256sum <<<"$repo $watch" | cut -c 1-12)
module
echo "$mine"
