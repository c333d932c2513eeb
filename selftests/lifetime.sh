#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Links come and go, namespaces die, the module is unloaded: with plain iproute2, idle and
# under traffic.  Leaks are found when the module is unloaded, in the kernel's log, and by
# namespaces that never die.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lib/lab.sh"

need iperf3 jq ping python3
need_teredo
ledger_begin
lab_up restricted restricted || skip_all "no laboratory"
plan 20

diagnose()
{
	lab_state
}

links()
{
	nip "$1" -o link show type teredo | wc -l
}

add_many()
{
	local i

	for ((i = 0; i < 100; i++)); do
		echo "link add many$i type teredo"
		((i % 2)) || echo "link set many$i up"
	done | nip clia -batch - && [[ $(links clia) = 100 ]]
}

del_many()
{
	local i

	for ((i = 0; i < 100; i++)); do
		echo "link del many$i"
	done | nip clia -batch - && [[ $(links clia) = 0 ]]
}

churn()
{
	local i

	for ((i = 0; i < 200; i++)); do
		echo "link add churn type teredo"
		echo "link set churn up"
		echo "link set churn down"
		echo "link set churn up"
		echo "link del churn"
	done | nip clia -batch - && [[ $(links clia) = 0 ]]
}

# unload: unload the module, which requires that all its objects are gone
unload()
{
	timeout 300 rmmod teredo
}

load()
{
	"$selftests/vm/load.sh"
}

# dying NAME: create a namespace with links, and delete it.  If a reference is stuck, the
# kernel logs that, and the runner reads the log.
dying()
{
	local name=$1

	ns_add "$name" &&
	nip "$name" -batch - <<-END &&
	link set lo up
	link add one type teredo
	link add two type teredo
	link set one up
	END
	ns_del "$name"
}

# A link in another namespace than its socket
apart()
{
	ns_add under over &&
	nip under link set lo up &&
	nip under link add moved type teredo &&
	nip under link set moved netns "${ns[over]}" &&
	nip over link set moved up
}

check "a link of plain iproute2 is there, and down" \
	bash -c "ip -n ${ns[clia]} link add teredo0 type teredo &&
		ip -n ${ns[clia]} -d -j link show teredo0 |
		jq -e '.[0].linkinfo.info_kind == \"teredo\" and
			(.[0].flags | index(\"UP\") | not)'"
check_fails "a second one of that name is refused" nip clia link add teredo0 type teredo
check "rename, and delete" eval "nip clia link set teredo0 name t1 &&
	nip clia link del t1 && [[ \$(links clia) = 0 ]]"
check "100 links" add_many
check "and none" del_many
check "200 times add, up, down, up, delete" churn

# Peers that are added as fast as the link removes them must not keep it from going down,
# which would block all users of RTNL.
falls()
{
	local i

	nip clia link add falls type teredo && nip clia link set falls up || return
	: >"$tmp/adds"
	spawn clia "$selftests/cast/adds.py" "${ns[clia]}" falls >"$tmp/adds" 2>&1
	wait_for 60 grep -q ready "$tmp/adds" || { cat "$tmp/adds"; return 1; }
	for i in {1..20}; do
		timeout 60 ip -n "${ns[clia]}" link set falls down || break
		nip clia link set falls up
	done
	kill "$spawned"
	wait "$spawned"
	nip clia link del falls
	cat "$tmp/adds"
	((i == 20)) && grep -q '^[1-9][0-9]* refused' "$tmp/adds"
}
if time_travels; then
	skip "a link goes down while peers are added" "takes two CPUs at once"
else
	check "a link goes down while peers are added" falls
fi

many_die()
{
	local i

	for i in 1 2 3 4 5; do
		dying "dies$i" || return
	done
}
check "namespaces die with links inside" many_die
check "a link moved away from its socket's namespace (SEC-42)" apart
check "its socket's namespace dies" ns_del under
check "and then its own" ns_del over
check "the other way round" eval "apart && ns_del over && ns_del under"

check "unload with links, of which some are up" eval "add_many && unload"
check "every object that was made was freed" ledger
check "load again: the links are gone" eval "load && [[ \$(links clia) = 0 ]]"

check "all four roles at work" eval "everyone && traffic"
# A reader that stops in the middle of a list of peers, because nobody reads its pipe.
midway()
{
	"$selftests/bench/bench-peers" fill "${ns[clib]}" teredo0 0 20000 &&
	python3 - "${ns[clib]}" <<-'END' || return
	import array, fcntl, subprocess, sys, termios, time
	tool = subprocess.Popen(("teredo-tool", "-n", sys.argv[1], "show", "peers", "teredo0"),
	                        stdout=subprocess.PIPE)
	filled, end = array.array("i", [0]), time.time() + 120
	while filled[0] < 60000 and time.time() < end:
	    time.sleep(0.1)    # between two tries
	    fcntl.ioctl(tool.stdout, termios.FIONREAD, filled)
	print(filled[0], "octets wait")
	subprocess.run(("ip", "-n", sys.argv[1], "link", "del", "teredo0"), check=True)
	got = len(tool.stdout.readlines())
	print(got, "of 20000 peers")
	sys.exit(not 100 < got < 20000)
	END
	hush && stop clib && start_client clib ours && traffic
}
check "a link is deleted while its peers are listed" midway
check "unload under traffic" unload
hush
stop srv rly clia clib
load
check "and all of it again" eval "everyone && traffic"

# At the end, namespaces die under traffic, with all that is inside.
all_die()
{
	ns_del clia && ns_del srv && ns_del rly && ns_del natb && ns_del clib &&
	wait_for 20 unload
}
check "namespaces die under traffic, and the module unloads" all_die
