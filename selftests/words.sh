#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The words of teredo-tool are the same in its usage, its manual page, its completion, the
# plugin of ip, and the netlink specification.

. "$(dirname "$0")/lib/lib.sh"

need ip jq
need_teredo
ns_add here || skip_all "no namespace"
plan 28

manual=$repo/Documentation/man/teredo-tool.8
completion=$repo/tools/completion/teredo-tool
spec=$repo/Documentation/netlink/specs/teredo.yaml
export IP_LIB_DIR=$repo/tools

# Print a section of the usage: subcommands, or keywords of OPTIONS.
commands()
{
	teredo-tool help | sed -n '/^Usage/,/^OPTIONS/s/^  \([a-z]\+\).*/\1/p' | sort -u
}

keywords()
{
	teredo-tool help | sed -n '/^OPTIONS/,/^Flags/s/^  \([a-z0-9-]\+\) .*/\1/p'
}

# all_in FILE WORD...: the file contains each as a whole word
all_in()
{
	local file=$1 word status=0

	shift
	for word; do
		sed 's/\\-/-/g' "$file" | grep -wF -e "$word" >/dev/null ||
			{ echo "$file: no $word"; status=1; }
	done
	return $status
}

dated()
{
	local page

	for page in "$repo"/Documentation/man/*.[1-9]; do
		grep -qE '^[.]TH [A-Z.-]+ [1-9] "20[0-9]{2}-[01][0-9]-[0-3][0-9]" ' "$page" ||
			{ echo "$page"; return 1; }
	done
}
check "manual pages have a date" dated

mapfile -t commands < <(commands)
mapfile -t keywords < <(keywords)
check "there are commands and options" eval \
	"((${#commands[@]} >= 10 && ${#keywords[@]} == 20))"
check "the manual page has all commands" all_in "$manual" "${commands[@]}"
check "and all options" all_in "$manual" "${keywords[@]}"
subcommands()
{
	teredo-tool help | sed -n '/^Usage/,/^OPTIONS/s/^  [a-z]\+ \([a-z]\+\) .*/\1/p' | sort -u
}
mapfile -t subcommands < <(subcommands)
check "all sub-commands, too" eval "((${#subcommands[@]} >= 8)) &&
	all_in '$manual' ${subcommands[*]} && all_in '$completion' ${subcommands[*]}"

# completes EXPECTED WORD...: the last word is completed to that
completes()
{
	local expected=$1

	shift
	(
		# shellcheck source=/dev/null
		. "$completion"
		# shellcheck disable=SC2034
		COMP_WORDS=(teredo-tool "$@") COMP_CWORD=$#
		_teredo_tool
		[[ " ${COMPREPLY[*]} " = *" $expected "* ]] ||
			{ echo "${COMPREPLY[*]}"; exit 1; }
	)
}

# The file may contain a word with another meaning, so run the completion.
all_completed()
{
	local word

	for word in "${commands[@]}"; do
		completes "$word" "$word" || { echo "no $word"; return 1; }
	done
	for word in "${keywords[@]}"; do
		completes "$word" add x "$word" || { echo "no option $word"; return 1; }
	done
}

check "completion has all commands and all options" all_completed
check "and nothing that is none" eval "! completes nosuch add x nosuch"
check "completes a command" completes monitor mo
check "completes an option" completes refresh add x mode client ref
check "completes a mode" completes host-relay add x mode h
check "completes a command behind flags" completes monitor --json -n x mo
check "completes a flag of its command" completes --learn-refresh -j run x --l
check "completes what help is for" completes replace help secret re
tool here add words0 mode relay
check "completes a device" completes words0 -n "${ns[here]}" show w

for name in my-tun a@b "\$(x>&2)"; do
	tool here add "$name" mode relay
done
check "completes a device with a dash" completes my-tun -n "${ns[here]}" show my
check "completes one with an @, which is a word of its own" completes b -n "${ns[here]}" down a @
check "what is in a name is not run" completes "\\\$\(x\>\&2\)" -n "${ns[here]}" show "\$"

# The plugin
ip link help teredo >"$tmp/help" 2>&1
check "ip link help teredo" all_in "$tmp/help" "${keywords[@]}"
check "ip link add takes options" nip here link add words1 type teredo \
	mode server local 203.0.113.1 server2 203.0.113.5 ttl 9 relaying on
check "and the tool sees them" eval "
	tool here -j show words1 | jq -e '.[0] | .mode == \"server\" and
		.local == \"203.0.113.1\" and .server2 == \"203.0.113.5\" and
		.ttl == 9 and .relaying'"
check "ip -d link show prints them" eval "
	nip here -d link show words1 | grep -F 'teredo mode server server2 203.0.113.5 local 203.0.113.1 '"
check "as JSON, too" eval "
	nip here -d -j link show words1 | jq -e '.[0].linkinfo.info_data |
		.ttl == 9 and .relaying == true and .local == \"203.0.113.1\"'"
check "ip link set changes them" eval "
	nip here link set words1 type teredo ttl 10 &&
	tool here -j show words1 | jq -e '.[0].ttl == 10'"
check_says "and bad ones are refused" "is not a number" \
	nip here link add words2 type teredo ttl 300

# What operators have to know
tells()
{
	tr '\n' ' ' <"$repo/Documentation/teredo.rst" | grep -E "$1" >/dev/null
}
check "the guide tells of attackers on the path, and of IPsec (SEC-06)" \
	tells 'between a client and its server.*IPsec'
check "and what a network does about Teredo (SEC-24)" \
	tells 'filters UDP port 3544 at its border.*server and a relay of its own'
check "and that one router means no loops (SEC-53)" tells 'one router .* go round'

# Counters
counters()
{
	sed -n '/enum-name: teredo-stats$/,/enum-name: teredo-dev-attr$/s/^ *name: \(.*-.*\)/\1/p' "$spec"
}
check "show stats has the counters of the specification" eval "
	diff <(counters | sort) <(tool here -j show stats words0 |
		jq -r '.[0] | keys[] | select(. != \"ifname\")' | sort)"
