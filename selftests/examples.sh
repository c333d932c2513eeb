#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# The examples in README, guide and manual pages work exactly as printed.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need python3 jq ping unshare sysctl
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 24
conf_up

diagnose()
{
	lab_state
	tail -n 20 "$tmp"/said
}

# name service for teredo.example.org, in the namespaces of clients
printf '%s\n' "nameserver 127.0.0.1" "options timeout:1 attempts:1" >"$tmp/resolv.conf"
echo $server >"$tmp/names"
spawn clia python3 "$selftests/lib/dns.py" "$tmp/names" 2>"$tmp/dns.log"

# What was built is not installed: load the module from where the tests have it.
mkdir "$tmp"/{examples,bin,sbin,cwd}
cat >"$tmp/bin/modprobe" <<-END
#!/bin/sh
[ "\$*" = teredo ] && exec "$selftests/vm/load.sh"
exec /sbin/modprobe "\$@"
END
chmod +x "$tmp/bin/modprobe"
PATH=$tmp/bin:$PATH

doc=$repo/Documentation
"$selftests/cast/examples.py" "$tmp/examples" "$repo/README.md" "$doc/teredo.rst" \
	"$doc/man/teredo-tool.8" "$doc/man/teredo.conf.5" >"$tmp/list" || skip_all "no examples"

declare -A where used
while IFS=$'\t' read -r number reason place; do
	where[$number]=$place
	if [[ $reason != - ]]; then
		say "$place is not run: $reason"
		used[$number]=1
	fi
done <"$tmp/list"

# the FILE TEXT: set $example to the one in that document that contains the text
the()
{
	local number

	example=$tmp/nothing
	for number in "${!where[@]}"; do
		[[ ${where[$number]} = $1:* ]] || continue
		grep -qF -e "$2" "$tmp/examples/$number" || continue
		example=$tmp/examples/$number
		used[$number]=1
		return
	done
}

# run NAME [COMMAND...]: run the example there to its end, through a command if given
run()
{
	(cd "$tmp/cwd" && on "$1" timeout 60 "${@:2}" bash -e "$example")
}

# stays NAME [COMMAND...]: start an example that does not end by itself
stays()
{
	spawn "$1" "${@:2}" bash -e "$example" >"$tmp/said" 2>&1
	daemon[$1]=$spawned role[$1]=ours
}

# end NAME: end that, and delete its link
end()
{
	local pid

	for pid in $(ip netns pids "${ns[$1]}"); do
		[[ $(readlink "/proc/$pid/exe") != */teredo-tool ]] || kill "$pid"
	done
	wait "${daemon[$1]:-}" 2>/dev/null
	nip "$1" link del teredo0 2>/dev/null
	unset "daemon[$1]"
}

# loads NAME [COMMAND...]: load the example, a file for nft, run the command, and remove the
# table
loads()
{
	local table

	table=$(sed -n 's/^table \(.*\) {/\1/p' "$example")
	# shellcheck disable=SC2086 # family and name
	on "$1" nft -f "$example" && "${@:2}" && on "$1" nft delete table $table
}

#
# README.md
#

the README.md "mode server"
check "README: a server" eval "run srv && tool srv -j show teredo0 | jq -e '.[0].state == \"active\"'"
the README.md "mode client"
stays clia
check "README: a client" wait_for 60 qualified clia
the README.md "mode relay"
check "README: a relay" eval "run rly && reaches clia $host"

#
# The guide
#

the teredo.rst "table ip6 teredo"
check "guide: a relay for a site" loads rly reaches clia $host
the teredo.rst "table ip teredo"
check "guide: a closed relay" loads rly reaches clia $host
the teredo.rst "ip dscp set"
on rly nft "add table inet filter; add chain inet filter output { type filter hook output priority 0; }"
check "guide: no DSCPs outside" eval "run rly && on rly nft list ruleset | grep 'dscp set cs0'"
on rly nft delete table inet filter
the teredo.rst "via fe80::1"
nip rly -6 route del 2001::/32 dev teredo0
check "guide: a relay for many" eval "run rly && reaches clia $host"

start_client clib ours
b=$(client_address clib)
events=/sys/kernel/tracing/events/teredo
if [[ -e $events/enable ]]; then
	the teredo.rst "trace_pipe"
	stays host
	wait_for 10 grep -q 1 $events/teredo_xmit/enable
	check "guide: tracing" eval "reaches host $b && wait_for 10 grep -F '>198.51.100.17:' $tmp/said"
	kill "${daemon[host]}"
	pkill -P "${daemon[host]}"
	unset "daemon[host]" "role[host]"
	echo 0 >$events/teredo_xmit/enable
	echo 0 >$events/teredo_xmit/filter
	fields()
	{
		grep -o '[a-z]*=' | tr -d '\n'
	}
	line=$(grep -h -F '... teredo_xmit: ' "$tmp"/examples/* | fields)
	check "guide: what is traced looks so" eval "
		echo '$line'; [[ \$(grep -m 1 teredo_xmit: $tmp/said | fields) = '$line' && '$line' ]]"
	the teredo.rst "bpftrace"
	filter=$(sed -n "s/.*-f '\(.*\)'/\1/p" "$example")
	check "guide: what is dropped: its filter, and its fields" eval "
		[[ \$(grep -o \"'outer_[^']*'\" $example | sort -u | wc -l) = 1 ]] &&
		echo '$filter' >$events/teredo_drop/filter && echo 0 >$events/teredo_drop/filter &&
		grep 'field:.* rx;' $events/teredo_drop/format && grep 'field:.* reason;' $events/teredo_drop/format"
else
	for what in tracing "what is traced looks so" "what is dropped: its filter, and its fields"; do
		skip "guide: $what" "this kernel has no tracepoints"
	done
	the teredo.rst "trace_pipe"
	the teredo.rst "bpftrace"
fi
stop clib

the teredo.rst "discovery on"
check "guide: neighbours" eval "run clia && tool clia show teredo0 | grep -i 'discovery'"

# The hook is installed where the guide says.
the teredo.rst "on-teredo"
cat >"$tmp/sbin/on-teredo" <<-'END'
#!/bin/sh
echo "$IFACE:$IFINDEX:$STATE:$OLD_STATE:$ADDRESS:$OLD_ADDRESS:$MTU:$OLD_MTU"
END
chmod +x "$tmp/sbin/on-teredo"
watch clia || skip_all "nothing to watch with"
controller=${daemon[clia]}
stays clia unshare -m sh -c "mount --bind $tmp/sbin /usr/local/sbin && exec \"\$@\"" sh
daemon[clia]=$controller
address=$(client_address clia)
hooked()
{
	nip clia link set teredo0 mtu 1380
	nip clia link set teredo0 mtu 1280
	grep "^teredo0:[0-9]*:qualified:qualified:$address:$address:1380:1280\$" "$tmp/said"
}
check "guide: a hook" wait_for 20 hooked
tool clia peer add teredo0 2001:0:cb00:7101:0:1:3fff:fdf0 at 192.0.2.15:1
tool clia peer del teredo0 2001:0:cb00:7101:0:1:3fff:fdf0
nip clia link set teredo0 mtu 1381
check "guide: a hook, not for peers" eval "
	monitored 'peer 2001:0:cb00:7101:0:1:3fff:fdf0 removed' && wait_for 10 grep :1381:1280 $tmp/said &&
	cat $tmp/said && ! grep -vE ':(1380:1280|1280:1380|1381:1280)\$' $tmp/said"
nip clia link set teredo0 mtu 1280

the teredo.rst "secret add"
check "guide: a secret" eval "run srv && [[ -s $tmp/cwd/alice.key ]]"
the teredo.rst "set teredo0 id alice"
install -m 600 "$tmp/cwd/alice.key" "$tmp/etc/teredo0.key"
end clia
tool clia add teredo0 server $server
stays clia "${etc[@]}"
check "guide: a client with a secret" wait_for 60 qualified clia
tool srv set teredo0 secure off
end clia

the teredo.rst "netns box"
stays clia unshare -m sh -c 'mount -t tmpfs tmpfs /run/netns && ip netns add box && exec "$@"' sh
check "guide: a link in another namespace" wait_for 60 grep 'qualified: address' "$tmp/said"
pkill -9 -P "$spawned"
wait "$spawned" 2>/dev/null
unset "daemon[clia]"

#
# Others of README.md
#

end rly
the README.md "host-relay"
start_client clia ours
check "README: a host-specific relay" eval "run rly && reaches rly $(client_address clia)"
end rly
end clia

#
# Manual pages
#

the teredo-tool.8 "server teredo.example.org"
stays clia "${etc[@]}"
check "manual: a client" wait_for 60 qualified clia
end clia
the teredo-tool.8 "probe"
check "manual: a probe" run clia "${etc[@]}"
the teredo-tool.8 "mode relay"
check "manual: a relay" eval "run rly && nip rly -6 route show 2001::/32 | grep teredo0"
end rly
nip rly addr add 192.0.2.2/28 dev eth0
the teredo-tool.8 "mode server"
check "manual: a server" eval "run rly && tool rly -j show teredo0 | jq -e '.[0].state == \"active\"'"
end rly
the teredo.conf.5 "/etc/teredo/teredo0.conf"
cp "$example" "$tmp/etc/teredo0.conf"
check "manual: a client's file" eval "
	on clia ${etc[*]} teredo-tool up teredo0 && qualified clia && on clia ${etc[*]} teredo-tool down teredo0"
the teredo.conf.5 "/etc/teredo/teredo1.conf"
cp "$example" "$tmp/etc/teredo1.conf"
check "manual: a file for a server" eval "
	on rly ${etc[*]} teredo-tool up teredo1 && tool rly -j show teredo1 |
		jq -e '.[0] | .state == \"active\" and .relaying and .server2 == \"192.0.2.2\"' &&
	on rly ${etc[*]} teredo-tool down teredo1"

unused()
{
	local number status=1

	for number in "${!where[@]}"; do
		[[ ! ${used[$number]:-} ]] || continue
		echo "${where[$number]}:"
		cat "$tmp/examples/$number"
		status=0
	done
	return $status
}
check_fails "there is no other example" unused
