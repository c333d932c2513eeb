#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# fuzz.sh [FUZZER...]: build the fuzzers, hand each the inputs that it is known to
# take, and then let it look for new ones.
#
# FUZZ_TIME= is for how many seconds each (60), FUZZ_MERGE=1 takes what was new
# into the corpus, which stays as small as it can be.  What breaks a fuzzer is left
# in tools/fuzz/build; once it is mended, that file belongs into the corpus.

. "$(dirname "$0")/../../selftests/lib/lib.sh"

here=$repo/tools/fuzz build=$repo/tools/fuzz/build
need clang make
seconds=${FUZZ_TIME:-60}
read -ra fuzzers <<<"${*:-$(make -s -C "$here" list)}"
plan $((1 + 2 * ${#fuzzers[@]}))

# All of its log is in the way, but for what it says at the end.
run()
{
	"$build/$1" -artifact_prefix="$build/$1-" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 "${@:2}" >"$tmp/log" 2>&1 && return
	tail -n 40 "$tmp/log"
	return 1
}

replay()
{
	run "$1" -runs=0 "$here/corpus/$1"
}

explore()
{
	local dict=$here/$1.dict

	mkdir -p "$tmp/$1"
	[[ -e $dict ]] && dict=-dict=$dict || dict=''
	run "$1" -max_total_time="$seconds" -max_len=1024 ${dict:+"$dict"} \
		"$tmp/$1" "$here/corpus/$1"
}

merge()
{
	mkdir "$tmp/merged" &&
	run "$1" -set_cover_merge=1 -max_len=1024 "$tmp/merged" "$here/corpus/$1" "$tmp/$1" &&
	rm -r "$here/corpus/$1" && mv "$tmp/merged" "$here/corpus/$1"
}

check "built with sanitizers" make -C "$here" -j "$(nproc)"
for fuzzer in "${fuzzers[@]}"; do
	check "$fuzzer: the corpus" replay "$fuzzer"
	check "$fuzzer: $seconds s" explore "$fuzzer"
	say "$(sed -n 's/stat::number_of_executed_units: *//p' "$tmp/log") inputs"
	[[ ! ${FUZZ_MERGE:-} ]] || merge "$fuzzer"
done
