# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# How far a list of tests is, for those who run one: a line whenever a test begins, and
# one a minute.
#
#	progress_begin FOLDER TOTAL TOOK
#	progress NUMBER TEST		this one begins
#	progress_end
#	progress_took TOOK		what comes in are the results; note how long each took
#
# A test has ended when there is FOLDER/NUMBER.count, with how many of its results passed,
# failed and were skipped.  TOOK is a file with a test and its seconds in a line, which
# need not be there: how long each took last time.

progress_dir='' progress_total=0 progress_beat=''
declare -A progress_last

# They are told in one piece, from whichever process.
progress_line()
{
	local file test since minutes last good bad running='' begun=0 passed=0 failed=0

	for file in "$progress_dir"/*.begun; do
		((++begun))
		if [[ -s ${file%.begun}.count ]]; then
			read -r good bad _ <"${file%.begun}.count"
			((passed += good, failed += bad))
			continue
		fi
		read -r test since <"$file"
		((minutes = (SECONDS - since) / 60))
		running+=", $test"
		((minutes)) && running+=" for $minutes min"
		((last = ${progress_last[$test]:-0} / 60))
		((last)) && running+=" ($last min last time)"
	done
	echo "# running: ${running#, }; $((progress_total - begun)) of $progress_total tests" \
		"to begin; so far $passed passed, $failed failed"
}

# Where there is but one test, it is all there is to be seen.
progress_begin()
{
	local test seconds

	progress_dir=$1 progress_total=$2
	((progress_total > 1)) || return 0
	while read -r test seconds; do
		progress_last[$test]=$seconds
	done 2>/dev/null <"$3"
	# Nobody waits for this one, and it leaves no sleep behind.
	exec {progress_idle}<> <(:)
	while kill -0 $$; do
		read -rt 60 -u "$progress_idle" || progress_line
	done 2>/dev/null &
	progress_beat=$!
	disown
}

progress()
{
	((progress_total > 1)) || return 0
	echo "${2%.sh} $SECONDS" >"$progress_dir/$1.begun"
	progress_line
}

progress_end()
{
	[[ ! $progress_beat ]] || kill "$progress_beat"
	progress_beat=''
}

progress_took()
{
	local new

	# Two at once would each forget what the other has seen; the file is whole, still.
	mkdir -p "${1%/*}" && new=$(mktemp "$1.XXXXXX") || return 0
	touch "$1"
	sed -n 's/^ok [0-9]* - selftests: \([a-z0-9-]*\)\(\.sh\)\? (\([0-9]*\) s)$/\1 \3/p' |
		awk '{ took[$1] = $2 } END { for (test in took) print test, took[test] }' "$1" - >"$new"
	mv "$new" "$1"
}
