#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# root.sh [-d | -n] KERNEL: make the root folder of the Debian release that has this
# kernel, with the packages that tests need, and build the repository in there
# with its compiler; print that folder, the kernel's full name, and where the
# built copy of the repository is.  run.sh -r boots it.  A compiler's warning is
# an error.  -d: install the module through that release's DKMS as well.  -n: only
# make the folder, build nothing.
#
# KERNEL is one of
#	6.1		Debian 12
#	6.12		Debian 13
#	7.2		unstable; it moves on, so this is the newest there
#	7.2-rt		the same, PREEMPT_RT
#
# Root folders are kept in TEREDO_CACHE (by default ~/.cache/teredo), 1 to 2 GB
# each.  To have a newer one, remove it; those that nobody used for 14 days go by
# themselves.  Packages come from where this system gets its own.

set -u
export LC_ALL=C

vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
repo=$(cd "$vm_dir/../.." && pwd -P)
cache=${TEREDO_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/teredo}
# Called by make, but not a part of its jobs.
unset MAKEFLAGS MAKELEVEL

die()
{
	echo "root: $*" >&2
	exit 1
}

# quiet COMMAND...: what it says only matters if it fails
quiet()
{
	"$@" >"$log" 2>&1 && return
	tail -n 40 "$log" >&2
	die "failed: $*"
}

# inside COMMAND...: run it in the root folder
inside()
{
	"$vm_dir/inside.sh" "$root" / "$@"
}

# make_root PACKAGE...: neither what nobody reads in there, nor an initramfs
make_root()
{
	local packages=$* start=$SECONDS

	rm -rf "$root"
	INITRD=No quiet "$vm_dir/bootstrap.sh" "$suite" "$root" \
		--variant=apt --include="${packages// /,}" \
		--aptopt='Apt::Install-Recommends "false"' \
		--dpkgopt='path-exclude=/usr/share/doc/*' \
		--dpkgopt='path-exclude=/usr/share/locale/*' \
		--dpkgopt='path-exclude=/usr/share/man/*'
	: >"$root.done"
	echo "# root folder of $suite made in $((SECONDS - start)) s" >&2
	find "$cache" -maxdepth 1 -name 'root-*.done' -mtime +14 | while read -r old; do
		rm -rf "${old%.done}" "${old%.done}".*
	done
}

# build: all of it, whatever was built here for another kernel
build()
{
	local make=(inside env CFLAGS='-O2 -g -Werror' make -C "$tree" -j "$(nproc)"
		    KDIR="/lib/modules/$kver/build")

	rm -rf "${root:?}$tree"
	mkdir -p "$root$tree"
	tar -C "$repo" -c --exclude-vcs . | tar -C "$root$tree" -x ||
		die "cannot copy the repository"
	quiet "${make[@]}" clean
	quiet "${make[@]}" module W=1e
	quiet "${make[@]}" tools
	quiet "${make[@]}" -C "$tree/selftests" helpers-check
}

# Nothing of it stays: another copy of the repository may use this folder.
try_dkms()
{
	quiet inside make -C "$tree" dkms-install KDIR="/lib/modules/$kver/build"
	[[ $(inside modinfo -k "$kver" -F filename teredo) = */updates/dkms/* ]] ||
		die "DKMS has not installed the module"
	quiet inside dkms remove "teredo/$(<"$repo/VERSION")" --all
}

what=''
if [[ ${1:-} = -[dn] ]]; then
	what=$1
	shift
fi
kernel=${1:-} flavour=amd64
case $kernel in
6.1) suite=bookworm ;;
6.12) suite=trixie ;;
7.2) suite=sid ;;
7.2-rt) suite=sid flavour=rt-amd64 ;;
*) die "what is '$kernel'?  There are 6.1, 6.12, 7.2 and 7.2-rt" ;;
esac

mapfile -t packages < <("$repo/selftests/check/packages.sh" -l check)
((${#packages[@]})) || exit 1
packages+=(dkms linux-{image,headers}-amd64)
[[ $suite != sid ]] || packages+=(linux-{image,headers}-rt-amd64)
key=$({ echo "${packages[@]}"; declare -f make_root; } | sha256sum | cut -c 1-8)
root=$cache/root-$suite-$key log=$cache/root-$suite-$key.log
mkdir -p "$cache" || die "cannot make $cache"
exec {lock}>"$root.lock"
flock $lock
[[ -e $root.done ]] || make_root "${packages[@]}"
touch "$root.done"
[[ $what != -n ]] || exit 0

kver=$(cd "$root/lib/modules" && printf '%s\n' *"-$flavour" | sort -rV |
	if [[ $flavour = amd64 ]]; then grep -v rt; else cat; fi | head -n 1)
[[ $kver ]] || die "no kernel in $root"
tree=/srv/teredo-$flavour-$(sha256sum <<<"$repo" | cut -c 1-8)
build
[[ $what != -d ]] || try_dkms
echo "$root $kver $root$tree"
