#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# lint.sh [TEXT]: the static checks behind `make lint`, or those whose description has
# TEXT; one result each:
#	sparse and gcc at W=1 and coccinelle with the kernel's rules on the module,
#	gcc, clang-tidy and clang's analyzer on the tools, checkpatch --strict on all C
#	sources, what RCU's readers may see and what is freed at once (grace.py), shellcheck
#	on all scripts, waits in tests, bash -n on the completion, generated
#	netlink code against its specification, conformance.rst against the tests that
#	it names, the module's words against tests that quote them, whether planted faults
#	(mutants.sh) apply, what somebody meets whose machine does not have everything
#	(newcomer.sh), and some seconds of the fuzzers of what compiles for userspace.
# A warning is a failure.  KDIR is the kernel to build against.

. "$(dirname "$0")/../lib/lib.sh"

cd "$repo" || exit 1
need make gcc sparse perl shellcheck git spatch clang clang-tidy
KDIR=${KDIR:-$(printf '%s\n' /lib/modules/*/build | sort -rV | head -n 1)}
[[ -d $KDIR ]] || skip_all "no kernel headers"

# Whoever the repository belongs to, and if it is one; else all is there that was packed.
sources()
{
	git -c safe.directory="$repo" ls-files --cached --others --exclude-standard . | grep . ||
		find . -type f ! -path '*/.*' ! -name '*.mod.c' -printf '%P\n'
}

# Tracked or about to be; generated and ignored files are not.
mapfile -t files < <(sources 2>/dev/null |
	while read -r file; do [[ -f $file && $file != */corpus/* ]] && echo "$file"; done)

matching()
{
	printf '%s\n' "${files[@]}" | grep -E "$1"
}

# module: from a copy, since everything has to be compiled
module()
{
	local copy=$tmp/module

	mkdir "$copy" && cp -r Kbuild VERSION kernel include "$copy" || return
	find "$copy" -name '*.o' -delete
	make -C "$KDIR" M="$copy" W=1 C=2 CF=-D__CHECK_ENDIAN__ -j "$(nproc)" modules \
		>"$tmp/module.log" 2>&1 || { cat "$tmp/module.log"; return 1; }
	! grep -iE '(warning|error):' "$tmp/module.log"
}

tools()
{
	local copy=$tmp/tree

	mkdir "$copy" && cp -r VERSION kernel include tools "$copy" || return
	[[ ! -d Documentation ]] || cp -r Documentation "$copy"
	make -C "$copy/tools" clean >/dev/null
	make -C "$copy/tools" -j "$(nproc)" >"$tmp/tools.log" 2>&1 ||
		{ cat "$tmp/tools.log"; return 1; }
	! grep -iE '(warning|error):' "$tmp/tools.log"
}

# checkpatch and the rules of coccinelle come with no package of their own.  Kept
# outside of the repository.
find_scripts()
{
	local tarball cache=${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}/teredo-lint

	checkpatch=$cache/scripts/checkpatch.pl rules=$cache/scripts/coccinelle
	[[ ! -s $cache/done || ! -d $rules ]] || return 0
	tarball=$(printf '%s\n' /usr/src/linux-source-*.tar.xz | sort -V | head -n 1)
	[[ -r $tarball ]] || { echo "no kernel source in /usr/src"; return 1; }
	mkdir -p "$cache" &&
	tar -C "$cache" --strip-components=1 -xf "$tarball" --wildcards \
		'*/scripts/checkpatch.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' '*/scripts/coccinelle' &&
	echo "$tarball" >"$cache/done"
}

# checked IGNORED FILE...: all but what is not of checkpatch's business here.  Two
# constants that are compared, as assertions do, have no right order.
checked()
{
	local ignored=$1

	shift
	find_scripts || return
	# It leaves notes behind where it runs, so give it a copy.
	mkdir -p "$tmp/checked" && cp --parents "$@" "$tmp/checked" || return
	(cd "$tmp/checked" && perl "$checkpatch" --no-tree --strict --terse --show-types --no-summary \
		--ignore "${ignored:+$ignored,}CONSTANT_COMPARISON,FILE_PATH_CHANGES,SPDX_LICENSE_TAG" -f "$@")
}

# semantic: the rules that the kernel has for coccinelle, as its make coccicheck asks
# them.  Some are written in OCaml, for which a compiler would have to be there:
# comparisons of pointers to 0, which sparse finds, too, and a table of a driver.
semantic()
{
	local status=0

	find_scripts || return
	find "$rules" -name '*.cocci' ! -name badzero.cocci ! -name check_bq27xxx_data.cocci |
		sort >"$tmp/rules"
	[[ -s $tmp/rules ]] || return
	# shellcheck disable=SC2016 # for the shells that are started
	xargs -a "$tmp/rules" -P "$(nproc)" -I{} bash -c '
		read -ra options < <(sed -n "s|^// Options: ||p" "$1")
		spatch -D report --no-show-diff --very-quiet --cocci-file "$1" "${options[@]}" \
			-I include -I include/uapi --dir kernel 2>"$2.$$" ||
			cat "$2.$$"' spatch {} "$tmp/spatch" >"$tmp/semantic" || status=1
	! grep . "$tmp/semantic" && ((status == 0))
}

# Generated files are their generator's, and trace.h is not plain C.
kernel_checked()
{
	local compat=LINUX_VERSION_CODE status=0
	local pure='^kernel/(codec/|link/modes\.)' headers list

	# An older kernel is imitated by macros, and by tests for its version.
	compat+=,MACRO_ARG_REUSE,MACRO_WITH_FLOW_CONTROL
	headers=$(matching '^kernel/base/compat\.h$') &&
		{ checked "$compat" "$headers" || status=1; }

	# What userspace compiles, too, has to name its types.
	mapfile -t list < <(matching "$pure")
	checked PREFER_KERNEL_TYPES "${list[@]}" || status=1

	mapfile -t list < <(matching '^kernel/.*\.[ch]$' |
		grep -vE -e "$pure" -e '(-gen|/compat|/trace)\.')
	checked "" "${list[@]}" || status=1
	return $status
}

# The kernel's own macros and types are not for programs; nor can a macro that
# names a member do so once.
user_checked()
{
	local list

	mapfile -t list < <(matching '^(tools|selftests)/.*\.[ch]$' | grep -v -e '-gen\.h$')
	((${#list[@]})) || return 0
	checked CAMELCASE,PREFER_KERNEL_TYPES,PREFER_DEFINED_ATTRIBUTE_MACRO,ARRAY_SIZE,MACRO_ARG_REUSE,BIT_MACRO,PREFER_FALLTHROUGH \
		"${list[@]}"
}

# analyzed: clang-tidy, which asks clang's analyzer, too; .clang-tidy says what for
analyzed()
{
	local list flags

	read -ra flags < <(pkg-config --cflags libmnl nettle libnl-genl-3.0)
	mapfile -t list < <(matching '^(tools/.*|selftests/.*|kernel/codec/.*|kernel/link/modes)\.c$')
	printf '%s\n' "${list[@]}" | xargs -P "$(nproc)" -n 1 -I{} clang-tidy --quiet {} -- \
		-std=gnu11 -D_GNU_SOURCE -DVERSION='""' -Iinclude/uapi -Ikernel -Itools \
		"${flags[@]}" 2>/dev/null
}

scripts()
{
	local file list=()

	for file in "${files[@]}"; do
		[[ $file = *.sh || $(head -c 40 "$file" | head -n 1 | tr -d '\0') = '#!'*sh ]] &&
			list+=("$file")
	done
	shellcheck "${list[@]}"
}

# refused REASON PATTERN [BUT]: a line of a test that has it, unless it has the other one
refused()
{
	local reason=$1 pattern=$2 but=${3:-^$} found list

	mapfile -t list < <(matching '^selftests/([a-z]*/)?[^/]*\.(sh|py)$' | grep -v -e '/lint\.sh$' -e '/vm/')
	found=$(grep -nE "$pattern" "${list[@]}" | grep -vE "$but") || return 0
	printf '%s:\n%s\n' "$reason" "$found"
	return 1
}

# waits: those that wait for nothing are known by their looks.  What stands in a comment
# behind a sleep is what it is for; what only hopes that something has happened has none.
waits()
{
	local status=0

	# shellcheck disable=SC2016 # patterns
	refused "a sleep without a reason behind it: wait_for, stays, until() and settled() wait for a condition" \
		'(^|[;&|({ 	])(sleep|pause) +["$0-9]|time\.sleep\(' \
		'(sleep|pause).*(    |	| )# |:[	 ]*#|(spawn|unshare) .* sleep|sh:[0-9]+:.*sleep 1$' || status=1
	refused "a file of a namespace is no link: compare with inside, or -ef" \
		'readlink.*/run/netns' || status=1
	refused "a process is there before it is what it is to be: spawn has waited, runs says what it is" \
		'(wait_for|until).*-[def] .*/proc/' || status=1
	refused "an interrupt that comes before its handler is lost: interrupt waits for that" \
		'kill -(s )?(SIG)?(INT|2)\>' 'lib\.sh:' || status=1
	refused "the server before may still have the port: serve_flow" \
		'iperf3 .*-s\>' '(lab|upheaval|bench-guest)\.sh:' || status=1
	return $status
}

# elsewhere: what holds on this machine need not hold on others
elsewhere()
{
	local status=0 file list

	mapfile -t list < <(matching '^selftests/([a-z]*/)?[^/]*\.sh$' | grep -v '/vm/' | xargs grep -lE '^[^#]*(rmmod|modprobe -r) teredo( |$)')
	for file in "${list[@]}"; do
		[[ $file != */@(machine|bench-guest|ipv6-off|lint|mutants).sh ]] || continue
		grep -q '^# Runs alone' "$file" ||
			{ echo "$file: unloads the module below other tests: # Runs alone"; status=1; }
	done
	mapfile -t list < <(matching '^selftests/([a-z]*/)?[^/]*\.sh$' | grep -v '/vm/' | xargs grep -lE 'setpriv --reuid|unshare -U')
	for file in "${list[@]}"; do
		[[ $file != */newcomer.sh ]] || continue    # it has a folder of its own
		grep -qE '^for_others|privileges' "$file" ||
			{ echo "$file: others may not enter this folder: for_others"; status=1; }
	done
	# A minimal system has neither.
	refused "a name of a protocol is in /etc/protocols: its number" \
		'ipproto(",)? "?[a-z]|\<proto(",)? "?(udp|tcp|icmp)\>' || status=1
	refused "localhost is in /etc/hosts: a file of the test's own, conf_up" \
		'server localhost' || status=1
	return $status
}

# generated: the generator writes what is committed
generated()
{
	make -s netlink-check
}

has_generator()
{
	make -n netlink-check &>/dev/null
}

# The results, by the function that each is of
results=(check "module: sparse and W=1" module
	check "tools: no warnings" tools
	check "kernel: checkpatch --strict" kernel_checked
	check "kernel: coccinelle" semantic
	check "kernel and tools: no floor knows what is above it" "selftests/check/floors.py -s"
	check "kernel: what readers may see is freed when they are gone" selftests/check/grace.py
	check "tools and selftests: checkpatch --strict" user_checked
	check "tools and selftests: clang-tidy" analyzed
	check "scripts: shellcheck" scripts
	check "tests wait for what can be seen" waits
	check "and need no more than a minimal machine has" elsewhere
	check "conformance.rst names tests that cite its rules" selftests/check/conformance.py
	check "tests name every reason and every text of the module" selftests/check/named.py
	check "planted faults apply" "selftests/check/mutants.sh -c"
	check_ktap "what somebody meets who has not everything" selftests/check/newcomer.sh
	check "netlink code is what the specification generates" generated
	check_ktap "fuzzers" "env FUZZ_TIME=${FUZZ_TIME:-4} tools/fuzz/fuzz.sh")

wanted=()
for ((i = 0; i < ${#results[@]}; i += 3)); do
	[[ ${results[i + 1]} = *"${1:-}"* ]] || continue
	[[ ${results[i + 2]} != generated ]] || has_generator || continue
	wanted+=("$i")
done
plan ${#wanted[@]}
for i in "${wanted[@]}"; do
	read -ra command <<<"${results[i + 2]}"
	"${results[i]}" "${results[i + 1]}" "${command[@]}"
done

echo "$((ktap_done - ktap_failed)) passed, $ktap_failed failed, 0 skipped"
