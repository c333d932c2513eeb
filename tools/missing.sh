#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# missing.sh WHAT [KDIR]: check that everything is present to build the module, the tools,
# or the tests' helpers (selftests), or for DKMS (dkms).  If not, print a line for each
# missing thing, with the package that provides it on this system; exit status 1.  KDIR is
# the build folder of the kernel to build for; CC, PKG_CONFIG and CPPFLAGS are as for
# make; OS_RELEASE is the file that identifies the system (/etc/os-release).
#
# all: module and tools.  folder: only check that this folder can be built in.
# missing.sh install FOLDER...: check that files can be installed there.

what=$1 kdir=${2:-}
shift
: "${CC:=cc}" "${PKG_CONFIG:=pkg-config}"
release=$(uname -r) status=0
: "${OS_RELEASE:=/etc/os-release}"

say()
{
	echo "teredo: $*" >&2
	status=1
}

# The family of distributions, which have the same package names
family=''
for id in $(sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' "$OS_RELEASE" 2>/dev/null | tr -d \"\'); do
	case $id in
	debian | ubuntu) family=debian ;;
	fedora | rhel | centos) family=fedora ;;
	arch | archarm) family=arch ;;
	opensuse* | suse | sles) family=suse ;;
	alpine) family=alpine ;;
	*) continue ;;
	esac
	break
done

# Print the package with the headers of the running kernel, or, if that is from another
# distribution (in a container), of this distribution's usual kernel.
kernel_package()
{
	flavour=${release##*-}
	case $family in
	debian)
		# Debian and Ubuntu have a package for each kernel; the generic one
		# exists for each architecture.
		case $(uname -v) in
		*Debian* | *Ubuntu*) echo "linux-headers-$release" ;;
		*) echo linux-headers-generic ;;
		esac ;;
	fedora)
		case $release in
		*.fc[0-9]* | *.el[0-9]*) echo "kernel-devel-$release" ;;
		*) echo kernel-devel ;;
		esac ;;
	arch)
		case $release in
		*-lts | *-zen | *-hardened) echo "linux-$flavour-headers" ;;
		*) echo linux-headers ;;
		esac ;;
	suse)
		case $release in
		*-[a-z]*) echo "kernel-$flavour-devel" ;;
		*) echo kernel-default-devel ;;
		esac ;;
	alpine)
		case $flavour in
		lts | virt | rpi | edge | stable) echo "linux-$flavour-dev" ;;
		*) echo linux-lts-dev ;;
		esac ;;
	esac
}

# package THING: print the package that has it
package()
{
	case $family-$1 in
	*-headers) kernel_package ;;
	debian-libc) echo libc6-dev ;;
	debian-libmnl | debian-nettle) echo "$1-dev" ;;
	debian-libnl) echo libnl-genl-3-dev ;;
	fedora-libc | suse-libc) echo glibc-devel ;;
	fedora-libnl | suse-libnl) echo libnl3-devel ;;
	fedora-libmnl | suse-libmnl | fedora-nettle) echo "$1-devel" ;;
	suse-nettle) echo libnettle-devel ;;
	fedora-pkg-config) echo pkgconf-pkg-config ;;
	arch-libc) echo glibc ;;
	alpine-libc) echo musl-dev ;;
	alpine-libmnl | alpine-nettle) echo "$1-dev" ;;
	alpine-libnl) echo libnl3-dev ;;
	arch-pkg-config | alpine-pkg-config) echo pkgconf ;;
	*) echo "$1" ;;
	esac
}

# get THING: print the command that installs it on this system
get()
{
	case $family in
	debian) echo "apt-get install $(package "$1")" ;;
	fedora) echo "dnf install $(package "$1")" ;;
	arch) echo "pacman -S $(package "$1")" ;;
	suse) echo "zypper install $(package "$1")" ;;
	alpine) echo "apk add $(package "$1")" ;;
	*)
		case $1 in
		headers) echo "install the headers that belong to kernel $release" ;;
		libc) echo "install the C library's headers" ;;
		*) echo "install $1, with its headers" ;;
		esac ;;
	esac
}

# header FILE THING [LIBRARY]: check that the compiler finds a header.  Without a compiler,
# look in /usr/include.
header()
{
	if command -v "${CC%% *}" >/dev/null; then
		flags=$($PKG_CONFIG --cflags ${3:+"$3"} 2>/dev/null)
		# shellcheck disable=SC2086 # lists
		echo "#include <$1>" | $CC ${CPPFLAGS:-} $flags -E - >/dev/null 2>&1 && return
	else
		[ ! -e "/usr/include/$1" ] || return 0
	fi
	say "no $2 to build with (<$1>): $(get "$2")"
}

# compiler NAME: check that it is installed; report only once if not
said=''
compiler()
{
	command -v "${1%% *}" >/dev/null && return
	[ "$said" ] || say "no compiler ($1): $(get gcc)"
	said=1
}

# The kernel's build system writes into the folder of the sources.
folder()
{
	case $PWD in
	*[[:space:]:]*)
		say "the kernel's build system takes no folder with a space or a colon in" \
			"its path: move '$PWD'" ;;
	esac
	[ -w . ] || say "nothing can be written in $PWD: build in a copy"
}

# The module requires Linux 6.1.
new_enough()
{
	code=$(sed -n 's/.*LINUX_VERSION_CODE //p' "$kdir/include/generated/uapi/linux/version.h" \
		2>/dev/null)
	[ "${code:-393472}" -ge 393472 ] || say "KDIR: $kdir is for a kernel older than Linux 6.1"
}

headers()
{
	or="or name another kernel's build folder as KDIR=FOLDER"
	if [ ! -d "$kdir" ]; then
		case $kdir in
		"/lib/modules/$release/build") say "no kernel headers ($kdir): $(get headers), $or" ;;
		*) say "KDIR: there is no folder $kdir; for the kernel that runs: $(get headers)" ;;
		esac
	elif [ ! -f "$kdir/Makefile" ]; then
		say "KDIR: $kdir is no kernel's build folder, for it has no Makefile;" \
			"for the kernel that runs: $(get headers)"
	elif [ ! -f "$kdir/include/generated/utsrelease.h" ]; then
		say "KDIR: $kdir is not configured: say 'make modules_prepare' there," \
			"or for the kernel that runs: $(get headers)"
	else
		new_enough
	fi
}

# Debian's headers name the compiler that they require, and depend on it.
kernel_compiler()
{
	[ ! "${LLVM:-}" ] || return 0
	if [ "$CC" = cc ]; then
		wanted=$(sed -n 's/^CC *=.*)\(gcc-[0-9]*\)$/\1/p' "$kdir/.kernelvariables" 2>/dev/null)
		compiler "${CROSS_COMPILE:-}${wanted:-gcc}"
	else
		compiler "$CC"
	fi
}

# A missing folder would be created in its closest existing parent.
writable()
{
	for to; do
		at=$to
		while [ ! -e "$at" ] && [ "$at" != "${at%/*}" ]; do
			at=${at%/*}
		done
		[ -w "${at:-/}" ] && continue
		say "nothing can be written in ${at:-/}: install as root," \
			"or all of it below another folder (DESTDIR=FOLDER)"
		return
	done
}

module()
{
	folder
	headers
	kernel_compiler
}

tools()
{
	compiler "$CC"
	header stdio.h libc
	header libmnl/libmnl.h libmnl libmnl
	header nettle/hmac.h nettle nettle
}

case $what in
folder)
	folder ;;
module)
	module ;;
tools)
	tools ;;
all)
	module
	tools ;;
selftests)
	compiler "$CC"
	command -v "${PKG_CONFIG%% *}" >/dev/null || say "no $PKG_CONFIG: $(get pkg-config)"
	header stdio.h libc
	header netlink/genl/ctrl.h libnl libnl-genl-3.0 ;;
install)
	writable "$@" ;;
dkms)
	headers
	command -v dkms >/dev/null || say "no dkms: $(get dkms)" ;;
*)
	echo "missing: what is '$what'?" >&2
	exit 2 ;;
esac
exit $status
