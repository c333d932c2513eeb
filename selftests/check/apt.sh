#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# apt.sh PACKAGE...: install Debian packages, as root; without any, fetch the lists of what
# there is.  All of the project's calls of apt-get are here.
#
# Another program may be at it: unattended-upgrades is in a new machine's first
# minutes.  It is waited for, APT_PATIENCE seconds (600) at most.  This is not left
# to apt's DPkg::Lock::Timeout, which knows neither the lock of the lists nor that of
# the downloads.

set -u
export LC_ALL=C DEBIAN_FRONTEND=noninteractive

patience=${APT_PATIENCE:-600}
policy=/usr/sbin/policy-rc.d made_policy=''
log=$(mktemp) || exit 1
trap 'rm -f "$log" ${made_policy:+"$policy"}' EXIT
trap 'exit 143' INT TERM

die()
{
	echo "packages: $*" >&2
	exit 1
}

# locked: was it only that another program has a lock?  Who, in $holder.
locked()
{
	holder=$(sed -n 's/.* [Ll]ock .*process \([1-9][0-9]*\) (\(.*\))$/\2, process \1/p
		s/.*locked by another process with pid \([1-9][0-9]*\)$/process \1/p' "$log" |
		head -n 1)
	: "${holder:=another program}"
	grep -qE 'Could not get lock|locked by another process' "$log"
}

# apt ARGUMENTS...: apt-get; what it says is in the log
said=''
apt()
{
	until apt-get -q "$@" </dev/null >"$log" 2>&1; do
		locked || return 1
		((SECONDS < patience)) ||
			die "$holder still has the lock of the package system after $SECONDS s." \
				"Try again when it is done."
		[[ $said ]] ||
			echo "# waiting for $holder, which uses the package system (at most $patience s)"
		said=1
		sleep 1
	done
}

install()
{
	apt install -y --no-install-recommends "$@"
}

((EUID == 0)) || die "as root, install: $*"
# Unless told otherwise, the daemons in these packages would start: tests start their
# own, in namespaces.
if [[ ! -e $policy && -w ${policy%/*} ]]; then
	made_policy=1
	printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
fi

# The lists may be too old, or missing.
(($#)) && install "$@" && exit
apt update
(($#)) || exit
grep '^[EW]:' "$log" >&2
install "$@" && exit
tail -n 20 "$log" >&2
die "cannot install $*"
