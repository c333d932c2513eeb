#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fresh.sh: a machine as a new user has it, to see what one that has everything hides: a
# minimal Debian 12 with make, git and certificates, and a fresh clone in there.
#
#	fresh.sh new ROOT			make such a root folder
#	fresh.sh copy ROOT COPY			another one like it, with a clone of now
#	fresh.sh run ROOT [NAME=VALUE...] COMMAND	in the clone there, as root; the
#						command is for its shell
#	fresh.sh commands SECTION		README.md's, of this section, as they
#						stand there, one a line
#
# Nothing of it is mounted once a command is done: rm -rf removes a root folder.

set -u
selftests=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
repo=${selftests%/*}
clone=/root/teredo

# clone_to ROOT: what is committed; of a repository without git's folder, all of it
clone_to()
{
	# Whoever it belongs to
	local git=(git -c "safe.directory=$repo" -c safe.directory="$repo/.git")

	if command -v git >/dev/null && "${git[@]}" -C "$repo" rev-parse HEAD &>/dev/null; then
		mkdir "$1$clone" &&
			"${git[@]}" -C "$repo" archive HEAD | tar -C "$1$clone" -x &&
			git -C "$1$clone" -c init.defaultBranch=main init -q &&
			git -C "$1$clone" add -A
	else
		mkdir "$1$clone" && tar -C "$repo" -c . | tar -C "$1$clone" -x --no-same-owner
	fi
}

case ${1:-} in
new)
	# Whoever types the commands says yes.
	"$selftests/vm/bootstrap.sh" bookworm "$2" --variant=minbase \
		--include=make,git,ca-certificates --aptopt='APT::Get::Assume-Yes "true"' &&
		clone_to "$2" ;;
copy)
	cp -a --reflink=auto "$2" "$3" && rm -rf "${3:?}$clone" && clone_to "$3" ;;
run)
	exec "$selftests/vm/inside.sh" "$2" "$clone" "${@:3:$#-3}" bash -c "${!#}" ;;
commands)
	awk -v section="## $2" '
		/^## / { found = $0 == section; next }
		found && sub(/^    /, "")' "$repo/README.md" ;;
*)
	sed -n '/^#\t/s/^#\t//p' "$0" >&2
	exit 2 ;;
esac
