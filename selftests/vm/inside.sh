#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# inside.sh ROOT FOLDER COMMAND [ARGUMENTS...]: run a command in a root folder, in that
# folder there, with /proc, /sys and /dev as a machine has them, and nothing of
# the caller's environment but CI and proxies.
#
# CACHE= names a folder that is /root/.cache/teredo in there, where kernels and root
# folders are kept; without it they go with the root folder.
#
# What is mounted is seen by that command alone, and goes with it.  All of its
# processes end when it ends, or this script: the first process of a namespace takes
# no SIGTERM.

set -u
root=$1 folder=$2
shift 2

environment=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	     HOME=/root LC_ALL=C.UTF-8)
for name in CI TERM {http,https,ftp,no}_proxy {HTTP,HTTPS,FTP,NO}_PROXY; do
	[[ ! ${!name:-} ]] || environment+=("$name=${!name}")
done

# shellcheck disable=SC2016 # for the shell that is started
exec setpriv --pdeathsig KILL \
	unshare --mount --pid --fork --kill-child bash -ec '
		root=$1 folder=$2 cache=$3
		shift 3
		# A mount of its own, so that commands in there can have namespaces of mounts.
		mount --bind "$root" "$root"
		mount -t proc proc "$root/proc"
		mount --rbind /sys "$root/sys"
		mount --rbind /dev "$root/dev"
		if [[ $cache ]]; then
			mkdir -p "$root/root/.cache/teredo"
			mount --bind "$cache" "$root/root/.cache/teredo"
		fi
		exec chroot "$root" env -i --chdir="$folder" "$@"' \
	bash "$root" "$folder" "${CACHE:-}" "${environment[@]}" "$@"
