#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# machine.sh [-f] CHECK COMMAND [ARGUMENTS...]: build what this check takes, and run a
# command where the module can be loaded: here, if the running kernel takes it, else
# in the virtual machine (always there with VM=1), for which the packages are installed
# then.  -f: as fast as can be, without the machine's debugging aids.
#
# KDIR is the kernel to build for; in the machine, that kernel is booted.  KERNEL
# is one of root.sh's kernels, in its own root folder.

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
vm=$repo/selftests/vm
fast=''
if [[ $1 = -f ]]; then
	fast=-f
	shift
fi
check=$1
shift

build()
{
	KDIR=$1 "$repo/selftests/check/build.sh" "$check" || exit 1
}

# native: does the running kernel load the module?  Only trying tells: modules
# may be off, signed ones only, or a container's business of its host.
native()
{
	[[ ! ${VM:-} && $EUID = 0 && -e /proc/modules ]] || return
	[[ -d /lib/modules/$(uname -r)/build ]] || return
	# Somebody's links may be in use; tests unload the module.
	[[ ! -d /sys/module/teredo ]] || return
	build "/lib/modules/$(uname -r)/build"
	"$vm/load.sh" 2>/dev/null
}

echo "# building"
if [[ ${KERNEL:-} ]]; then
	where=$("$vm/root.sh" "$KERNEL") || exit 1
	read -r root kver copy <<<"$where"
	echo "# running in a virtual machine under $kver"
	cd "$copy" || exit 1
	VM_TIMEOUT=${VM_TIMEOUT:-14400} exec selftests/vm/run.sh $fast -r "$root" -k "$kver" "$@"
fi

if native; then
	echo "# running under this kernel, $(uname -r)"
	"$@"
	status=$?
	rmmod teredo
	exit $status
fi

"$repo/selftests/check/packages.sh" machine || exit 1
# A folder given by the user names the kernel, if that can be booted.
if [[ ${KDIR:-} ]]; then
	(cd "$repo" && tools/missing.sh module "$KDIR") || exit 1
fi
: "${KDIR:=/lib/modules/$(uname -r)/build}"
release=$KDIR/include/generated/utsrelease.h
kver=''
[[ ! -r $release ]] ||
	kver=$("$vm/run.sh" -k "$(cut -d'"' -f2 "$release")" -K 2>/dev/null)
[[ $kver ]] || kver=$(rm -f "$repo/teredo.ko" && "$vm/run.sh" -K) || exit 1
build "/lib/modules/$kver/build"
echo "# running in a virtual machine under $kver"
VM_TIMEOUT=${VM_TIMEOUT:-14400} exec "$vm/run.sh" $fast -k "$kver" "$@"
