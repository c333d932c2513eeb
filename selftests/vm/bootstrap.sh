#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# bootstrap.sh SUITE ROOT [OPTION...]: make a root folder of this Debian release, with
# these options of mmdebstrap.  Packages come from where this system gets its own,
# and in the same way.

set -u
export LC_ALL=C
vm_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd -P)
suite=$1 root=$2
shift 2

# targets FORMAT FILTER...: of what this system has from Debian
targets()
{
	apt-get indextargets --format "$1" 'Created-By: Packages' 'Origin: Debian' "${@:2}" \
		2>/dev/null
}

# sources: as this system has them if it is of that release, else from the same place;
# if that is nowhere, mmdebstrap knows
sources()
{
	[[ $(targets x) ]] || "$vm_dir/../check/apt.sh"
	targets "deb \$(REPO_URI) \$(RELEASE) \$(COMPONENT)" |
		grep -E " $suite(-updates|-security)? main\$" | sort -u >"$root.list"
	if grep -q " $suite main\$" "$root.list"; then
		from=$root.list
	else
		from=$(targets "\$(REPO_URI)" 'Component: main' | grep -v security | head -n 1)
	fi
}

mkdir -p "$root" || exit 1
trap 'rm -f "$root.apt" "$root.list"' EXIT
apt-config dump Acquire | grep -iE 'proxy|check-|verify|retries|timeout' >"$root.apt"
sources
# Whatever it mounts in there is gone with it, also if it is killed: who removes the folder
# removes nothing else.
unshare --mount mmdebstrap --mode=root --aptopt="$root.apt" --dpkgopt=force-unsafe-io "$@" \
	"$suite" "$root" ${from:+"$from"}
