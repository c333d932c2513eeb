# shellcheck shell=bash
# SPDX-License-Identifier: GPL-2.0
#
# How far a list of tests is, for those who run one: a line whenever a test begins, and
# one a minute.
#
#	progress_begin FOLDER TOTAL
#	progress NUMBER TEST		this one begins
#	progress_end
#
# A test has ended when there is FOLDER/NUMBER.count, with how many of its results passed,
# failed and were skipped.

progress_dir='' progress_total=0 progress_beat=''

# They are told in one piece, from whichever process.
progress_line()
{
	local file test since minutes good bad running='' begun=0 passed=0 failed=0

	for file in "$progress_dir"/*.begun; do
		((++begun))
		if [[ -s ${file%.begun}.count ]]; then
			read -r good bad _ <"${file%.begun}.count"
			((passed += good, failed += bad))
			continue
		fi
		read -r test since <"$file"
		((minutes = (SECONDS - since) / 60))
		((minutes)) && test+=" for $minutes min"
		running+=", $test"
	done
	echo "# running: ${running#, }; $((progress_total - begun)) of $progress_total tests" \
		"to begin; so far $passed passed, $failed failed"
}

# Where there is but one test, it is all there is to be seen.
progress_begin()
{
	progress_dir=$1 progress_total=$2
	((progress_total > 1)) || return 0
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
