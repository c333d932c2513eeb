#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What somebody meets whose machine does not have everything, or is busy installing: what
# is missing is said, with its package; each check builds only what it takes; and
# another program's locks are waited for.  `make lint` runs this, since it is about
# the machine that builds.  fresh.sh and .ci/run show the rest, in minimal root folders.

. "$(dirname "$0")/../lib/lib.sh"

need make python3 dpkg-deb apt-get git
cd "$repo" || exit 1
plan 57

#
# What is missing
#

copy="$tmp/copy"
mkdir "$copy"
tar -c --exclude-vcs --exclude=output --exclude='*.o' . | tar -C "$copy" -x

# headers_of SYSTEM LIKE RELEASE VERSION: what it says there, under a kernel of that
# release, of which there is nothing
headers_of()
{
	mkdir -p "$tmp/bin"
	printf 'ID="%s"\nID_LIKE="%s"\n' "$1" "${2/-/}" >"$tmp/os-release"
	# shellcheck disable=SC2016 # for that shell
	printf '#!/bin/sh\ncase $1 in -r) echo %q ;; -v) echo %q ;; esac\n' "$3" "$4" >"$tmp/bin/uname"
	chmod 755 "$tmp/bin/uname"
	PATH=$tmp/bin:$PATH OS_RELEASE=$tmp/os-release CC=true \
		tools/missing.sh module "/lib/modules/$3/build"
}

while read -r id like kernel version command; do
	check_says "no headers: $id, $kernel" ": $command, or name" headers_of "$id" "$like" "$kernel" "$version"
done <<-END
	debian - 9.1.0-56-amd64 Debian apt-get install linux-headers-9.1.0-56-amd64
	debian - 9.1.0-56-cloud-arm64 Debian apt-get install linux-headers-9.1.0-56-cloud-arm64
	debian - 9.18.44-other - apt-get install linux-headers-generic
	ubuntu debian 9.8.0-45-generic Ubuntu apt-get install linux-headers-9.8.0-45-generic
	linuxmint ubuntu 9.8.0 - apt-get install linux-headers-generic
	fedora - 9.8.5-301.fc99.x86_64 - dnf install kernel-devel-9.8.5-301.fc99.x86_64
	rocky rhel 9.18.44 - dnf install kernel-devel
	arch - 9.9.7-arch1-1 - pacman -S linux-headers
	arch - 9.6.36-1-lts - pacman -S linux-lts-headers
	opensuse-leap suse 9.4.0-150600.21-default - zypper install kernel-default-devel
	opensuse-leap suse 9.18.44 - zypper install kernel-default-devel
	alpine - 9.6.31-0-virt - apk add linux-virt-dev
	alpine - 9.18.44-other - apk add linux-lts-dev
	other - 9.1.0 - install the headers that belong to kernel 9.1.0
END
check "one line, without a second reason" eval "
	((\$(headers_of debian - 9.1.0-56-amd64 Debian 2>&1 | wc -l) == 1))"

in_copy()
{
	env -u MAKEFLAGS -u MAKELEVEL -u KDIR make -C "$copy" "$@"
}

mkdir "$tmp/empty" "$tmp/unprepared"
: >"$tmp/unprepared/Makefile"
for target in module all install dkms-install; do
	check_says "make $target: KDIR is no folder" "teredo: KDIR: there is no folder /nosuch" \
		in_copy $target KDIR=/nosuch DESTDIR="$tmp/nowhere"
done
check_says "KDIR is any folder" "no kernel's build folder" in_copy module KDIR="$tmp/empty"
check_says "KDIR is not configured" "modules_prepare" in_copy module KDIR="$tmp/unprepared"
mkdir -p "$tmp/unprepared/include/generated/uapi/linux"
: >"$tmp/unprepared/include/generated/utsrelease.h"
echo "#define LINUX_VERSION_CODE 332032" >"$tmp/unprepared/include/generated/uapi/linux/version.h"
check_says "KDIR is too old" "older than Linux 6.1" in_copy module KDIR="$tmp/unprepared"

# A compiler that lacks one header
cat >"$tmp/cc" <<-'END'
	#!/bin/bash
	[[ $* != *-E* ]] || ! grep -q "$LACKS" || exit 1
	exec cc "$@"
END
chmod 755 "$tmp/cc"
for library in libmnl nettle; do
	LACKS=$library check_says "no $library" "no $library to build with" \
		env LACKS=$library make -C "$copy/tools" CC="$tmp/cc" PKG_CONFIG=false
done
check_says "no libnl" "no libnl to build with" \
	env LACKS=netlink make -C "$copy/selftests" CC="$tmp/cc" -B lib/netlink
check_says "no compiler" "no compiler (nosuch-cc)" make -C "$copy/tools" CC=nosuch-cc
check "no pkg-config is no matter" make -C "$copy/tools" PKG_CONFIG=nosuch -j "$(nproc)" test-codec

#
# Somebody else than root, and sudo
#

# as_user COMMAND...: as a user to whom the copy belongs, in a home that others may not enter
as_user()
{
	setpriv --reuid 12345 --regid 12345 --clear-groups env -u MAKEFLAGS -u MAKELEVEL -u KDIR \
		HOME="$tmp/home" make -C "$tmp/home/copy" "$@"
}

one_reason()
{
	as_user "$1" >"$tmp/out" 2>"$tmp/err" && return
	cat "$tmp/out" "$tmp/err"
	(($(grep -cv '^make' "$tmp/err") == 1)) && grep -E "$2" "$tmp/err" && return 1
	return 0
}

if ((EUID)); then
	for result in {1..9}; do
		skip "users and sudo, $result" "not root"
	done
else
	mkdir "$tmp/home"
	cp -r "$copy" "$tmp/home/copy"
	chown -R 12345:12345 "$tmp/home"
	chmod 711 "$tmp"
	chmod 700 "$tmp/home"
	for target in install install-module install-tools install-man dkms-source dkms-install; do
		check_fails "make $target, not as root: one line tells what it takes" \
			one_reason $target "^teredo: nothing can be written in .*: install as root"
	done
	check_fails "make check-matrix, not as root: one line" \
		one_reason check-matrix "^packages: only root can"
	check "below a folder of one's own it needs no root" as_user install-man DESTDIR="$tmp/home/own"
	check "make by sudo: all that is built is the user's" eval "
		env -u MAKEFLAGS -u MAKELEVEL make -C '$tmp/home/copy' -j $(nproc) install-tools \
			DESTDIR='$tmp/nowhere' >/dev/null && test -e '$tmp/home/copy/tools/teredo-tool' &&
		! find '$tmp/home/copy' -user 0 | grep . && ! find '$tmp/nowhere' -not -user 0 | grep ."
fi

touch "$copy/kernel/peer/x.o" "$copy/kernel/peer/.x.o.cmd" "$copy/teredo.ko" "$copy/teredo.mod.c" \
	"$copy/Module.symvers" "$copy/modules.order" "$copy/selftests/bench/bench-load"
check "make clean asks no kernel" in_copy clean KDIR=/nosuch
left()
{
	find "$copy" -name '*.o' -o -name '*.cmd' -o -name '*.ko' -o -name '*.mod.c' \
		-o -name Module.symvers -o -name bench-load | grep .
}
check_fails "and leaves nothing" left
mkdir "$tmp/a folder"
cp -r "$copy/." "$tmp/a folder"
check_says "a path with a space" "takes no folder with a space" make -C "$tmp/a folder" module
check_says "also before packages are installed" "takes no folder with a space" \
	"$tmp/a folder/selftests/check/packages.sh" demo

#
# What each check builds
#

# names SCRIPT...: helpers that these call
names()
{
	local helper

	for helper in $(make -s -C selftests print-helpers); do
		! grep -qE "((selftests|\.)/$helper|helper ${helper#bench/bench-})\>" "$@" || echo "$helper"
	done
}

# built_for CHECK SCRIPT...: it builds all helpers that they call, and no others
built_for()
{
	diff <(make -s -C selftests "list-helpers-$1" | tr ' ' '\n' | grep . | sort) \
		<(names "${@:2}" | sort)
}

cd selftests || exit 1
read -ra tests < <(make -s list)
read -ra debug < <(make -s list-debug)
cd .. || exit 1
tests=("${tests[@]/#/selftests/}") debug=("${debug[@]/#/selftests/}")
libraries=(selftests/lib/lib.sh selftests/lib/lab.sh)
check "make demo: helpers" built_for demo selftests/demo.sh "${libraries[@]}"
check "make check" built_for check "${tests[@]}" "${libraries[@]}"
check "make check-debug" built_for check-debug "${tests[@]}" "${debug[@]}" "${libraries[@]}" \
	selftests/check/check-debug.sh
check "make bench" built_for bench selftests/bench/bench-guest.sh selftests/bench/bench.sh "${libraries[@]}"

#
# How far it is
#

for test in one two; do
	printf '%s\n' '#!/bin/sh' 'echo 1..1' 'echo ok 1' >"$copy/selftests/$test.sh"
	chmod 755 "$copy/selftests/$test.sh"
done
check "make check says which tests run, and how many are left" eval "
	$copy/selftests/check/run.sh -j 1 one two 2>&1 | grep '^# running: one; 1 of 2 tests to begin'"
check "two at a time, too" eval "
	$copy/selftests/check/run.sh -j 2 one two 2>&1 | grep '^# running: .*two; 0 of 2 tests to begin'"

#
# Locks: apt and dpkg at work on a root folder of their own, with a source of one package
#

apt_root=$tmp/apt
mkdir -p "$apt_root"/{etc/apt/apt.conf.d,etc/apt/preferences.d,usr/bin,repo} \
	"$apt_root"/var/lib/{dpkg/info,dpkg/updates,dpkg/triggers,apt/lists/partial} \
	"$apt_root"/var/{log/apt,cache/apt/archives/partial} "$tmp/package/DEBIAN"
: >"$apt_root/var/lib/dpkg/status"
export APT_CONFIG=$tmp/apt.conf
cat >"$APT_CONFIG" <<-END
	Dir "$apt_root/";
	Dir::State::status "$apt_root/var/lib/dpkg/status";
	Dir::Bin::dpkg "/usr/bin/dpkg";
	DPkg::Options { "--root=$apt_root"; "--force-not-root"; "--force-bad-path"; };
	APT::Sandbox::User "root";
END
echo "deb [trusted=yes] file:$apt_root/repo ./" >"$apt_root/etc/apt/sources.list"
for number in 1 2 3 4; do
	printf '%s\n' "Package: thing$number" "Version: 1" "Architecture: all" \
		"Maintainer: nobody <nobody@invalid>" "Description: thing" >"$tmp/package/DEBIAN/control"
	dpkg-deb -b "$tmp/package" "$apt_root/repo/thing$number.deb" >/dev/null
	cat "$tmp/package/DEBIAN/control"
	echo "Filename: ./thing$number.deb"
	echo "Size: $(stat -c %s "$apt_root/repo/thing$number.deb")"
	echo "SHA256: $(sha256sum "$apt_root/repo/thing$number.deb" | cut -d' ' -f1)"
	echo
done >"$apt_root/repo/Packages"

# hold FILE: as another program does that installs, until it is killed
hold()
{
	python3 -c '
import fcntl, signal, sys
file = open(sys.argv[1], "a")
fcntl.lockf(file, fcntl.LOCK_EX)
open(sys.argv[2], "w")
signal.pause()' "$apt_root/var/$1" "$tmp/held" &
	holder=$!
	wait_for 20 test -e "$tmp/held"
}

release()
{
	kill "$holder"
	wait "$holder" 2>/dev/null
	rm "$tmp/held"
}

# waits FILE PACKAGE: with this lock taken, installing waits, says so once, and goes on
waits()
{
	local pid status

	hold "$1" || return
	selftests/check/apt.sh "$2" >"$tmp/log" 2>&1 &
	pid=$!
	wait_for 60 grep -q "waiting for" "$tmp/log"
	pause 2    # a second attempt fails as the first one did
	release
	wait $pid
	status=$?
	cat "$tmp/log"
	((status == 0 && $(grep -c "waiting for" "$tmp/log") == 1)) &&
		grep -A 2 "^Package: $2$" "$apt_root/var/lib/dpkg/status" | grep "install ok"
}

if ((EUID)); then
	for lock in "the lists'" "dpkg's" "dpkg's own" "the archives'" limited unreachable; do
		skip "$lock lock" "not root"
	done
else
	check "the lists' lock is waited for" waits lib/apt/lists/lock thing1
	check "dpkg's lock" waits lib/dpkg/lock-frontend thing2
	check "that of dpkg without apt" waits lib/dpkg/lock thing3
	check "the archives' lock" waits cache/apt/archives/lock thing4
	hold lib/dpkg/lock-frontend
	check_says "not for ever, and it is said who has it" "packages: python3, process" eval "
		APT_PATIENCE=1 selftests/check/apt.sh thing1 2>&1; false"
	release
	echo "deb [trusted=yes] http://127.0.0.1:9/ ./" >"$apt_root/etc/apt/sources.list"
	rm -f "$apt_root"/var/lib/apt/lists/*Packages*
	check_says "without a network, it is said what could not be installed" \
		"cannot install nosuch" selftests/check/apt.sh nosuch
fi
unset APT_CONFIG
callers()
{
	grep -lE '^[^#"]*apt-get +(-[a-zA-Z-]+ +)*(install|update|"\$@")' .ci/run selftests/*.sh \
		selftests/*/*.sh | grep -v newcomer.sh
}
check "nobody else calls apt-get" eval "callers; [[ \$(callers) = selftests/check/apt.sh ]]"

#
# What README says
#

for section in "Try it" Install; do
	check "README has commands: $section" eval "selftests/check/fresh.sh commands '$section' | grep make"
	check "and .ci/run runs them" grep "^readme \"$section\"" .ci/run
done
