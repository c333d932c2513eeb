#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# mutants.sh [NAME...]: do the tests find the faults that are planted for them?  Each
# patch in mutants/ is one; its header says in a line or two what is wrong, and
#
#	Found-by: TEST[: TEXT]	this test has to fail: a result that has TEXT in its
#				description, or any.  Of several such lines, one suffices;
#				those of the same test stand together.  TEST may be
#				followed by sections of it, where it has them
#				For lint, TEXT is of a check's, and only those checks run
#	Machine: host		tools/test-*, lint, or tests that need no module
#		debug		the debug kernel, one of its own for each fault
#		vm		the virtual machine, the same for all of them, one
#				after the other: what needs several CPUs, or a clock
#		boot		check-boot.sh; only when it is asked for by name
#
# A copy of the tree gets one fault after the other, and what has changed is built.
# Results are "ok" for a fault that was found, "not ok" for one that survived, or that
# does not apply or build any more.  The last line is "N passed, N failed, N skipped";
# exit status 0 only if none failed.
#
# mutants.sh NUMBER: so many of them, others each day; none that needs a virtual machine
#	or lint
# mutants.sh -p [NAME...|NUMBER]: only which packages those need (packages.sh)
# mutants.sh -c: only whether all of them apply, and have what a header needs
# mutants.sh -t FILE: in the machine, with the tests of FILE; what is said is for the
#	script outside
#
# VM_TIMEOUT= is the limit for each machine, in seconds.

set -u
export LC_ALL=C

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)
patches=$repo/selftests/mutants
out=$repo/selftests/output/mutants
tree=$out/tree
# Called by make, but not a part of its jobs.
unset MAKEFLAGS MAKELEVEL MFLAGS

# field NAME KEY: what the header has for it, a line each
field()
{
	sed -n "/^---/q; s/^$2: //p" "$patches/$1.patch"
}

#
# In the machine
#

# run_test FOLDER TEST TEXTS: the first result that failed and has one of the texts, into
# $found.  Nothing is polled: each program that is started takes User Mode Linux long.
run_test()
{
	local limit line pid said now command=("./${2%% *}.sh")

	found=''
	[[ $2 != tools/* ]] || command=("../$2")
	# shellcheck disable=SC2206 # words
	[[ $2 != *' '* ]] || command+=(${2#* })
	[[ $2 != lint ]] || command=(check/lint.sh "${3%%|*}")
	cd "$1/selftests" || return
	limit=$(sed -n 's/^timeout=//p' settings)
	# What it has left behind may hold the pipe open.
	exec {said}< <(TEREDO_STRICT=1 exec setsid bash -c '"$@" 2>&1; echo "= ended"' bash \
		"${command[@]}" </dev/null)
	pid=$!
	while IFS= read -r -t "$limit" line <&$said && [[ $line != "= ended" ]]; do
		printf '    %s\n' "$line"
		! failed "$line" "$3" || break
	done
	# The rest of the test is of no interest.
	kill -TERM -- -$pid
	for ((now = 0; now < 30; now++)); do
		pgrep -g $pid >/dev/null || break
		sleep 1    # looked at again so often
	done
	kill -KILL -- -$pid
	wait $pid
	exec {said}<&-
	[[ $found ]]
} 2>/dev/null

# failed LINE TEXTS: whether it is a result that failed, and has one of the texts
failed()
{
	local text texts

	[[ $1 =~ ^\ *not\ ok\  && $1 != *"never came to this one"* ]] || return
	IFS='|' read -ra texts <<<"${2:-|}"
	for text in "${texts[@]}"; do
		[[ $1 = *"$text"* ]] || continue
		found=${1#*not ok }
		found=${found#* - }
		return 0
	done
	return 1
}

# clean: nothing is left of a test; the next one loads its own module
clean()
{
	local name pids

	for name in $(ip netns list | cut -d' ' -f1); do
		pids=$(ip netns pids "$name")
		# shellcheck disable=SC2086 # a list
		[[ ! $pids ]] || kill -9 $pids
		ip netns del "$name"
	done 2>/dev/null
	[[ ! -d /sys/module/teredo ]] || timeout 120 rmmod teredo
}

in_machine()
{
	local name folder test text start=$SECONDS last='' done='' found

	while IFS=$'\t' read -r name folder test text; do
		[[ $name != "$done" ]] || continue
		[[ $name = "$last" ]] || start=$SECONDS
		last=$name
		echo "# mutants: $name, $test"
		if run_test "$folder" "$test" "$text"; then
			printf '= %s\tfound\t%d\tby %s: %s\n' "$name" $((SECONDS - start)) "$test" "$found"
			done=$name
		else
			printf '= %s\tsurvived\t%d\t%s\n' "$name" $((SECONDS - start)) "$test"
		fi
		# The host is not ours to clean.
		[[ ! ${VM_RESULTS:-} ]] || uml || clean || switch_off
	done <"$1"
	! uml || switch_off
}

uml()
{
	grep -q vm_uml= /proc/cmdline
}

# switch_off: at once, whatever a fault keeps from ending
switch_off()
{
	sleep 2    # what was said is on its way
	echo 0 >"$VM_RESULTS/status"
	# as guest.sh has it
	if uml; then
		echo o >/proc/sysrq-trigger
	else
		echo b >/proc/sysrq-trigger
	fi
	sleep 60    # the end
}

#
# Outside
#

# Files that somebody has written, of a folder.  The folder need be no repository.
own_files()
{
	git --git-dir="$git" --work-tree="$1" ls-files --others --exclude-standard
}

# copy FILE: into the tree, if it is another one there, so that make knows what is new
copy()
{
	cmp -s "$repo/$1" "$tree/$1" ||
		{ mkdir -p "$tree/$(dirname "$1")" && cp --remove-destination "$repo/$1" "$tree/$1"; }
}

same_tree()
{
	local file

	mkdir -p "$tree" || return
	cd "$repo" || return
	own_files "$repo" | sort >"$out/files"
	while IFS= read -r file; do
		[[ ! -f $file ]] || copy "$file" || return
	done <"$out/files"
	own_files "$tree" | sort | comm -13 "$out/files" - | (cd "$tree" && xargs -r -d '\n' rm)
}

# plant NAME FOLDER [OPTION...]
plant()
{
	(cd "$2" && git --git-dir="$git" --work-tree="$2" apply "${@:3}" "$patches/$1.patch")
}

# touched NAME: the files
touched()
{
	(cd "$tree" && git --git-dir="$git" --work-tree="$tree" apply --numstat "$patches/$1.patch") |
		cut -f3
}

# sound NAME: it applies, and has what a header needs
sound()
{
	local test status=0

	plant "$1" "$repo" --check || status=1
	[[ $(field "$1" Machine) =~ ^(host|debug|vm|boot)$ ]] || { echo "$1: Machine"; status=1; }
	[[ $(field "$1" Found-by) ]] || { echo "$1: Found-by"; status=1; }
	while IFS= read -r test; do
		test=${test%%: *} test=${test%% *}
		[[ $test = tools/test-* || $test = @(lint|boot) || -x $repo/selftests/$test.sh ]] ||
			{ echo "$1: there is no test $test"; status=1; }
	done < <(field "$1" Found-by)
	return $status
}

# result NUMBER ok|not ok NAME TEXT
result()
{
	echo "$2 $1 - $3: $4"
	echo "$2" >"$out/$3.result"
}

# stage NAME: what runs of the tree, in a folder of its own
stage()
{
	rm -rf "${out:?}/$1"
	mkdir -p "$out/$1" &&
	tar -C "$tree" --exclude='*.o' --exclude='*.cmd' --exclude='*.d' -c . | tar -C "$out/$1" -x &&
	tests "$1" "$out/$1" >"$out/$1/selftests/list"
}

# tests NAME FOLDER: a line each, for the machine
tests()
{
	local line test last='' text=''

	while IFS= read -r line; do
		test=${line%%: *}
		if [[ $test != "$last" ]]; then
			[[ ! $last ]] || printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$last" "$text"
			text=''
		fi
		[[ $line != *': '* ]] || text+=${text:+|}${line#*: }
		last=$test
	done < <(field "$1" Found-by)
	printf '%s\t%s\t%s\t%s\n' "$1" "$2" "$last" "$text"
}

# build MACHINE NAME
build()
{
	local files

	files=$(touched "$2")
	if ! grep -qE '^(kernel|include|tools|Kbuild)' <<<"$files"; then
		files=''
	fi
	case $1 in
	host) [[ ! $files ]] || "$tree/selftests/check/build.sh" check tools ;;
	debug)
		"$tree/selftests/check/build.sh" check-debug tools &&
		debug=$("$tree/selftests/vm/debug-kernel.sh") &&
		rm -rf "$out/$2.kernel" && mkdir "$out/$2.kernel" &&
		ln -s "$(realpath "$debug/linux")" "$out/$2.kernel/linux" &&
		cp -a "$debug/install" "$out/$2.kernel" &&
		ln -s "$out/$2.kernel"/install/lib/modules/* "$out/$2.kernel/modules" ;;
	vm | boot) KDIR=/lib/modules/$kver/build "$tree/selftests/check/build.sh" check ;;
	esac
}

# prepare MACHINE NUMBER NAME: plant, build, take out again
prepare()
{
	local status=0 start=$SECONDS

	rm -f "$out/$3."{result,log}
	if ! plant "$3" "$tree" >"$out/$3.log" 2>&1; then
		cat "$out/$3.log"
		result "$2" "not ok" "$3" "does not apply"
		return 1
	fi
	build "$1" "$3" >"$out/$3.log" 2>&1 && stage "$3" || status=1
	# The repository may have gone on since it was copied.
	plant "$3" "$tree" -R || status=1
	built[$3]=$((SECONDS - start))
	((status == 0)) && return
	tail -n 20 "$out/$3.log" | sed 's/^/# /'
	result "$2" "not ok" "$3" "does not build"
	return 1
}

# judge NUMBER NAME LOG [SECONDS]: what the machine has said of it, and how long that took,
# if it cannot know
judge()
{
	local verdict='' seconds text took

	IFS=$'\t' read -r verdict seconds text < <(sed -n "s/^= $2\t//p" "$3" | tail -n 1)
	took="(built in ${built[$2]} s, ran ${4:-$seconds} s)"
	case $verdict in
	found) result "$1" ok "$2" "found $text $took" ;;
	survived) sed "s/^/# /" "$3" | tail -n "${TEREDO_MUTANT_LINES:-60}"
		  result "$1" "not ok" "$2" "survived $text $took" ;;
	*) # What the kernel does not survive is seen by whoever looks.
	   if grep -q 'Kernel panic - not syncing: BUG!' "$3"; then
		   result "$1" ok "$2" "found by the kernel, which was lost $took"
		   return
	   fi
	   tail -n 20 "$3" | sed 's/^/# /'
	   result "$1" "not ok" "$2" "the machine was lost $took" ;;
	esac
}

# debug_one NUMBER NAME CPU: in a machine of its own, whose clock is not ours.  Such a
# kernel and its programs take turns.
debug_one()
{
	local boot='' test folder=$out/$2 start=$SECONDS

	while IFS=$'\t' read -r _ _ test _; do
		boot+=" $(sed -n 's/^# Boots with: //p' "$folder/selftests/${test%% *}.sh")"
	done <"$folder/selftests/list"
	cd "$folder" &&
	VM_APPEND="${VM_APPEND:-}$boot" taskset -c "$3" selftests/vm/run.sh -d "$folder.kernel" \
		-t "${VM_TIMEOUT:-1800}" selftests/check/mutants.sh -t selftests/list >"$folder.log" 2>&1
	judge "$1" "$2" "$folder.log" $((SECONDS - start))
	rm -rf "$folder" "$folder.kernel"
}

cpus()
{
	local range

	for range in $(sed -n 's/^Cpus_allowed_list:[[:space:]]*//p' /proc/self/status | tr , ' '); do
		seq "${range%-*}" "${range#*-}"
	done
}

run_debug()
{
	local name ended free busy number

	mapfile -t free < <(cpus)
	declare -A busy
	for name; do
		((number = ${numbers[$name]}))
		prepare debug "$number" "$name" || continue
		if ((${#free[@]} == 0)); then
			wait -n -p ended
			free=("${busy[$ended]}")
		fi
		debug_one "$number" "$name" "${free[0]}" &
		busy[$!]=${free[0]}
		free=("${free[@]:1}")
	done
	wait
}

run_host()
{
	local name

	for name; do
		prepare host "${numbers[$name]}" "$name" || continue
		"$out/$name/selftests/check/mutants.sh" -t "$out/$name/selftests/list" >"$out/$name.log" 2>&1
		judge "${numbers[$name]}" "$name" "$out/$name.log"
		rm -rf "${out:?}/$name"
	done
}

# All in one machine.  One may keep it from going on; then those after it have another one.
run_vm()
{
	local name list=() left

	for name; do
		! prepare vm "${numbers[$name]}" "$name" || list+=("$name")
	done
	while ((${#list[@]})); do
		for name in "${list[@]}"; do
			cat "$out/$name/selftests/list"
		done >"$out/list"
		cd "$repo" || return
		VM_TIMEOUT=${VM_TIMEOUT:-14400} selftests/vm/run.sh -k "$kver" \
			selftests/check/mutants.sh -t "$out/list" 2>&1 | tee "$out/vm.log" | grep '^# mutants'
		left=()
		for name in "${list[@]}"; do
			# The first one had its chance.
			if [[ $name != "${list[0]}" ]] && ! grep -q "^# mutants: $name," "$out/vm.log"; then
				left+=("$name")
				continue
			fi
			sed -n "/^# mutants: $name,/,/^= $name\t/p" "$out/vm.log" >"$out/$name.log"
			judge "${numbers[$name]}" "$name" "$out/$name.log"
			rm -rf "${out:?}/$name"
		done
		list=("${left[@]}")
	done
}

run_boot()
{
	local name test text number line start found

	for name; do
		number=${numbers[$name]}
		prepare boot "$number" "$name" || continue
		IFS=$'\t' read -r _ _ test text <"$out/$name/selftests/list"
		start=$SECONDS found=''
		"$out/$name/selftests/check/check-boot.sh" "${text%%: *}" >"$out/$name.log" 2>&1
		while IFS= read -r line; do
			! failed "$line" "${text#*: }" || break
		done <"$out/$name.log"
		printf '= %s\t%s\t%d\tby %s: %s\n' "$name" "$([[ $found ]] && echo found || echo survived)" \
			$((SECONDS - start)) "$test" "${found:-${text%%: *}}" >>"$out/$name.log"
		judge "$number" "$name" "$out/$name.log"
		rm -rf "${out:?}/$name"
	done
}

# of MACHINE: those of the run that need it
of()
{
	local name

	for name in "${names[@]}"; do
		[[ $(field "$name" Machine) != "$1" ]] || echo "$name"
	done
}

all_names()
{
	local patch

	for patch in "$patches"/*.patch; do
		patch=${patch##*/}
		echo "${patch%.patch}"
	done
}

# linted NAME: it is lint that finds it
linted()
{
	[[ $(field "$1" Found-by) = lint* ]]
}

# choose [NAME...|NUMBER]: into $names
choose()
{
	local name today first

	names=("$@")
	if ((!$#)) || [[ $# = 1 && $1 =~ ^[1-9][0-9]*$ ]]; then
		names=()
		for name in $(all_names); do
			case $(field "$name" Machine)$(linted "$name" && echo +lint) in
			boot) ;;
			vm | *+lint) (($#)) || names+=("$name") ;;
			*) names+=("$name") ;;
			esac
		done
		if (($# && ${1:-0} < ${#names[@]})); then
			today=$(($(date +%s) / 86400))
			((first = today * $1 % ${#names[@]}))
			names=("${names[@]:first}" "${names[@]:0:first}")
			names=("${names[@]:0:$1}")
		fi
	fi
	for name in "${names[@]}"; do
		[[ -e $patches/$name.patch ]] || { echo "mutants: there is no $name" >&2; exit 2; }
	done
}

if [[ ${1:-} = -t ]]; then
	in_machine "$2"
	exit
fi

if [[ ${1:-} = -p ]]; then
	choose "${@:2}"
	echo check mutants
	[[ ! $(of debug) ]] || echo check-debug
	[[ ! $(of vm)$(of boot) ]] || echo machine
	[[ ! $(of boot) ]] || echo check-boot
	for name in "${names[@]}"; do
		! linted "$name" || { echo lint; break; }
	done
	exit
fi

mkdir -p "$out" || exit 1
if [[ ${1:-} = -c ]]; then
	git=$(mktemp -d) || exit 1
	trap 'rm -rf "$git"' EXIT
	git --git-dir="$git" init -q || exit 1
	status=0
	for name in $(all_names); do
		sound "$name" || status=1
	done
	exit $status
fi

# One at a time
exec {lock}>"$out/lock"
flock $lock
git=$out/git
git --git-dir="$git" init -q || exit 1
choose "$@"
declare -A numbers built
for i in "${!names[@]}"; do
	numbers[${names[i]}]=$((i + 1))
done

echo "# building"
same_tree || exit 1
kver=''
if [[ $(of vm)$(of boot) ]]; then
	kver=$("$repo/selftests/vm/run.sh" -K) || exit 1
fi
echo "TAP version 13"
echo "1..${#names[@]}"
mapfile -t list < <(of host)
run_host "${list[@]}"
mapfile -t list < <(of debug)
run_debug "${list[@]}"
mapfile -t list < <(of vm)
run_vm "${list[@]}"
mapfile -t list < <(of boot)
run_boot "${list[@]}"

passed=0 failed=0
for name in "${names[@]}"; do
	if [[ $(cat "$out/$name.result" 2>/dev/null) = ok ]]; then
		((++passed))
	else
		((++failed))
	fi
done
echo "$passed passed, $failed failed, 0 skipped"
((failed == 0))
