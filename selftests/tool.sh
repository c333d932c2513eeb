#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# teredo-tool as seen by scripts and users: its output (text and JSON), its exit status (0
# success, 1 failure, 2 usage), and that it reports what went wrong.

. "$(dirname "$0")/lib/lab.sh"

need jq ping
need_teredo
lab_up restricted symmetric || skip_all "no laboratory"
plan 59

diagnose()
{
	lab_state
}

# usage DESCRIPTION ARGUMENTS...: a wrong command line; exit status 2, text on stderr only
usage()
{
	local what=$1 status

	shift
	teredo-tool "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	check "usage: $what" eval "cat $tmp/out $tmp/err; [[ $status = 2 && -s $tmp/err &&
		! -s $tmp/out ]]"
}

# refuses DESCRIPTION TEXT ARGUMENTS...: exit status 1, and stderr contains TEXT
refuses()
{
	local what=$1 text=$2 status

	shift 2
	tool clia "$@" >"$tmp/out" 2>"$tmp/err"
	status=$?
	check "refuses: $what" eval "cat $tmp/out $tmp/err; [[ $status = 1 && ! -s $tmp/out ]] &&
		grep -qiE '$text' $tmp/err"
}

json()
{
	local name=$1 filter=$2

	shift 2
	tool "$name" -j "$@" | tee "$tmp/json" | jq -e "$filter" >/dev/null && return
	cat "$tmp/json"
	return 1
}

check "help goes to standard output" eval "teredo-tool -h 2>/dev/null | grep -i usage"
check "the version is the project's" \
	eval "teredo-tool -V 2>/dev/null | grep -F \"\$(<'$repo/VERSION')\""
usage "nothing"
usage "no such command" frobnicate
usage "no such option" add teredo0 colour blue
usage "no such flag" -x show
usage "an option without its value" add teredo0 server
usage "an option twice" add teredo0 port 1 port 2
usage "a port that is none" add teredo0 port 65536
usage "a port with something behind" add teredo0 port 12x
usage "a mode that is none" add teredo0 mode serverr
usage "an address that is none" add teredo0 mode server local 1.2.3
usage "a name too long" add a234567890123456 mode client
usage "no device" del
usage "too much" del teredo0 teredo1
usage "a mapping that is none" peer add teredo0 2001:0:cb00:7101::1 at nowhere

refuses "no such device" 'nosuch' show nosuch
refuses "no such device, to run" 'nosuch' run nosuch --once
refuses "no such device, to watch" 'nosuch' monitor nosuch
refuses "a device that is not ours" 'eth0' show eth0
refuses "a server without a local address" 'local' add teredo0 mode server
refuses "a server with a private address (S-01)" 'global' add teredo0 mode server local 10.1.0.2
refuses "a server with a private second one (S-01)" 'global' \
	add teredo0 mode server local 203.0.113.1 server2 10.1.0.2
check_fails "and leaves nothing behind" nip clia link show teredo0
check_says "no such namespace" nosuchns teredo-tool -n nosuchns show

check "add, with every option (C-01, C-03)" tool clia add teredo0 mode client server $server \
	server2 $server2 port 4711 refresh 20 peers-max 1000 queue 8 ttl 33 mark 7 discovery on
role[clia]=ours
refuses "a second one of that name" 'exists|already' add teredo0 mode client
check "show: the keys that scripts rely on (C-01, C-03, C-07, F-02, F-35)" json clia '.[0] |
	.ifname == "teredo0" and (.ifindex | type == "number") and .mode == "client" and
	.state == "down" and .port == 4711 and .server == "203.0.113.1" and
	.server2 == "203.0.113.2" and .refresh == 20 and .peers == 0 and
	.peers_max == 1000 and .controller == false and .mtu == 1280 and .discovery and
	(.prefix | test("^2001::/32$")) and has("nat") and has("local")' show
check "set" tool clia set teredo0 refresh 30 peers-max 5000
check "it is set" json clia '.[0] | .refresh == 30 and .peers_max == 5000' show teredo0
nip clia link set teredo0 up
refuses "a new mode while up" 'down' set teredo0 mode relay

nip clia link add teredo1 type teredo && tool clia set teredo1 port 4711
check_fails "a port in use: the link does not come up" nip clia link set teredo1 up
ports()
{
	tool clia set teredo1 port 0 && nip clia link add teredo2 type teredo &&
	nip clia link set teredo1 up && nip clia link set teredo2 up &&
	json clia 'map(.port) | length == 3 and all(. > 0) and (unique | length) == 3' show
}
check "ports at random, if none is asked for (C-03, SEC-13)" ports
check "an MTU of up to 65507 (F-35)" eval "nip clia link set teredo1 mtu 65507 &&
	! nip clia link set teredo1 mtu 65508"
check_fails "and not below 1280 (F-35)" nip clia link set teredo1 mtu 1279
nip clia link del teredo1
nip clia link del teredo2

# There is no server yet.
tool clia run teredo0 --once >"$tmp/out" 2>"$tmp/err"
status=$?
check "no reply from the server: exit status 1" [ $status = 1 ]
check "and it says which address did not answer" grep -F $server "$tmp/err"
check "and how often it was asked" grep -E '[0-9]+ ' "$tmp/err"

start_server ours
check "qualification" tool clia run teredo0 --once
check "show: qualified (C-04)" json clia '.[0] | (.server_idle_ms | type == "number") and .state == "qualified" and .nat == "restricted" and
	.mapped.address == "198.51.100.1" and (.mapped.port | type == "number") and
	(.address | startswith("2001:0:cb00:7101:"))' show
check "show for people" eval "tool clia show | grep qualified"
check "JSON for people" eval "tool clia -j -p show | tee $tmp/out | jq . &&
	(( \$(wc -l <$tmp/out) > 10 ))"
check "a peer by hand" tool clia peer add teredo0 2001:0:cb00:7101:0:efff:39cc:9bee \
	at 198.51.100.17:4096
check "show peers: the keys that scripts rely on (C-05)" json clia '.[0] | .dev == "teredo0" and
	(.address | startswith("2001:")) and .mapped.address == "198.51.100.17" and
	.mapped.port == 4096 and .state == "trusted" and .kind == "teredo" and
	.path == "direct" and has("idle_rx_ms") and has("idle_tx_ms") and .queued == 0 and
	has("bubbles")' show peers
check "show peers: filtered" json clia 'length == 0' show peers teredo0 state unreachable
check "peer del" tool clia peer del teredo0 2001:0:cb00:7101:0:efff:39cc:9bee
check "peer flush" tool clia peer flush teredo0
check "show stats is JSON, too" json clia 'length == 1' show stats teredo0

# Behind a symmetric NAT
role[clib]=ours
tool clib add teredo0 mode client server $server && nip clib link set teredo0 up
tool clib run teredo0 --once >"$tmp/out" 2>&1
check "a symmetric NAT is found, and said (C-20)" grep -i symmetric "$tmp/out"

for_others
on clia setpriv --reuid 65534 --clear-groups --inh-caps=-all --bounding-set=-all \
	teredo-tool del teredo0 >"$tmp/out" 2>&1
check "without privilege: it says so" grep CAP_NET_ADMIN "$tmp/out"
check "del" tool clia del teredo0
unset "role[clia]"

# The plugin of iproute2: the same options
export IP_LIB_DIR=$repo/tools
check "ip: help" eval "ip link help teredo 2>&1 | grep peers-max"
check "ip: add" nip clia link add teredo0 type teredo mode relay port 3545 queue 9
check "ip: show" eval "nip clia -d link show teredo0 | grep 'mode relay.*port 3545.*queue 9'"
check "ip: show as JSON" eval "nip clia -d -j link show teredo0 | jq -e \\
	'.[0].linkinfo | .info_kind == \"teredo\" and .info_data.mode == \"relay\" and
	.info_data.queue == 9 and .info_data.port == 3545'"
check "ip: set" eval "nip clia link set teredo0 type teredo queue 11 &&
	tool clia -j show | jq -e '.[0].mode == \"relay\"'"
check_says "ip: a bad value" 'bogus' nip clia link set teredo0 type teredo mode bogus
check_fails "ip: the kernel refuses, too" nip clia link set teredo0 type teredo local 224.0.0.1
nip clia link set teredo0 up
for port in 1 2; do
	tool clia peer add teredo0 2001:0:cb00:7101:0:fffe:39cc:9bf$port at 198.51.100.17:$port
done
check_says "ip: and for what the link is doing" 'below the number of peers' \
	nip clia link set teredo0 type teredo peers-max 1
