#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Attacks: forged sources, guessed nonces, floods, a host that walks through all clients, an
# echo service, users with an account on the host; and honest users, who are served
# meanwhile.  attack.py has what is sent.  It is sent by inet, the router of all, so that
# any source address is believed.
#
# attack.sh [SECTION...]: only these: clients, natives, relay, contacts, filters, accounts
#
# Runs alone: it measures what floods leave to others.

. "$(dirname "$0")/lib/lab.sh"

need python3 ping jq nft unshare setpriv
need_teredo
bare_up restricted || skip_all "no laboratory"
bare4=198.51.100.33 bare_port=40000
# More datagrams than are sent until the flood is stopped.  Where time stands still
# meanwhile, all of them are sent at once.
time_travels && endless=10000 || endless=100000
sections=("$@")
plan 57

diagnose()
{
	lab_state
	tool bare show
	tool bare show peers | tail -n 20
	tool bare show stats
}

attack()
{
	local case=$1

	shift
	on inet "$selftests/cast/attack.py" "$case" "${ns[inet]}" "$@"
}

# flood CASE ARGUMENTS: start it without end, until unflood; returns once it has begun
flood()
{
	: >"$tmp/flood"
	spawn inet "$selftests/cast/attack.py" "$1" "${ns[inet]}" "${@:2}" "$endless" >"$tmp/flood"
	flood=$spawned
	wait_for 20 grep -q begins "$tmp/flood"
}

unflood()
{
	kill "$flood"
	wait "$flood" 2>/dev/null
}

# at_bare CASE ARGUMENTS: attack the client on `bare`
at_bare()
{
	local case=$1

	shift
	attack "$case" $bare4 $bare_port "$bare" "$@"
}

stat()
{
	tool "$1" -j show stats | jq "[.. | objects | .\"$2\" | numbers] | add"
}

# has_peers NAME ATMOST: it has at most so many
has_peers()
{
	tool "$1" -j show | jq -e ".[0].peers <= $2"
}

# peer NAME ADDRESS FILTER: run jq on that peer
peer()
{
	tool "$1" -j show peers | jq -e "map(select(.address == \"$2\")) | .[0] | $3"
}

# grows NAME COUNTER ATLEAST ATMOST COMMAND...: during the command, the counter grows by
# that
grows()
{
	local name=$1 counter=$2 least=$3 most=$4 before after

	shift 4
	before=$(stat "$name" "$counter")
	"$@" || return
	after=$(steady stat "$name" "$counter")
	echo "$counter: $((after - before)), expected $least to $most"
	((after - before >= least && after - before <= most))
}

# meanwhile NAME ADDRESS COMMAND...: during the command, nothing between the two is lost
meanwhile()
{
	local name=$1 address=$2 status overflow

	shift 2
	overflow=$(overflowed)
	flow_begins "$name" "$address"
	"$@"
	status=$?
	flows_end || status=1
	echo "queues overflowed $(($(overflowed) - overflow)) times"
	return $status
}

start_bare()
{
	tool bare add teredo0 mode client server $server port $bare_port peers-max 400 &&
	nip bare link set teredo0 up && tool bare run teredo0 --once
}

#
# The server is impersonated (RFC 4380 7.2.1, 7.4)
#

check "server and relay" eval "start_server ours && start_relay ours"
hidden_answers()
{
	local ok=1

	spawn inet "$selftests/cast/attack.py" answers_behind_others "${ns[inet]}" 500 >"$tmp/server"
	wait_for 10 grep -q ready "$tmp/server" &&
	tool bare add teredo0 mode client server 198.51.100.14 server2 198.51.100.30 &&
	nip bare link set teredo0 up && tool bare run teredo0 --once && ok=0
	stat bare rx-limited
	nip bare link del teredo0
	kill "$spawned"
	wait "$spawned" 2>/dev/null
	return $ok
}
check "made-up advertisements do not hide those of a server (SEC-04)" hidden_answers
spoofed_adverts()
{
	flood adverts $bare4 $bare_port
	start_bare
	unflood
	tool bare -j show | jq -e ".[0] | .mapped.address == \"$bare4\" and
		.mapped.port == $bare_port"
}
check "nor do those without our nonce move a client (SEC-04, C-26)" spoofed_adverts
bare=$(client_address bare)
check "two more clients" eval "start_client clia ours && start_client clib ours"
a=$(client_address clia) b=$(client_address clib)
check "paths are open" eval "reaches bare '$b' && reaches bare $host && reaches host '$b'"

section clients
# The stack sends its own replies, in all namespaces, from one socket per CPU.  Replies that
# wait must not exhaust its buffer, so use one CPU for all of them.
waiting()
{
	tool rly -j show peers | jq 'map(.queued) | add'
}
unjammed()
{
	local relay6=2001:db8:3::1 queued

	on inet taskset -c 0 "$selftests/cast/attack.py" echoes_for_clients "${ns[inet]}" $relay6 1000 &&
	on host taskset -c 0 ping -n -q -i 0.05 -c 10 -W 1 $relay6 >"$tmp/jam" 2>&1
	tail -n 2 "$tmp/jam"
	queued=$(steady waiting)
	echo "$queued are waiting"
	((queued > 500)) && grep -q '10 received' "$tmp/jam"
}
check "a host whose replies wait goes on answering others (SEC-27)" unjammed

solicited()
{
	attack solicitations 4000 &
	nip clib link set teredo0 down && nip clib link set teredo0 up || return
	wait_for 30 client_address clib
	wait $!
}
check "a flood of solicitations: a client qualifies all the same (S-17)" solicited
b=$(client_address clib)
check "and the server remembers nobody (S-02)" has_peers srv 0

#
# Forged peers of a client (RFC 4380 7.3.3)
#

check "and A reaches B anew" eval "reaches clia '$b' && reaches bare '$b'"
check "made-up clients, who are answered: honest traffic passes (SEC-25)" \
	meanwhile bare "$b" at_bare teredo_echoes 3000
check "the list stays within its limit (SEC-25)" has_peers bare 400
check "those who are made up go for each other (SEC-25)" \
	grows bare peers-evicted 500 1000 at_bare teredo_bubbles 1000
newcomers()
{
	local ok=1

	flood teredo_echoes $bare4 $bare_port "$bare"
	tool bare peer del teredo0 $host
	reaches clia "$bare" && reaches bare "$a" && reaches bare $host && ok=0
	unflood
	return $ok
}
check "somebody new is heard and reached meanwhile (SEC-25)" newcomers

spawn bare "$selftests/cast/attack.py" tcp_serve "$bare" >"$tmp/tcp"
wait_for 10 grep -q ready "$tmp/tcp"
proof()
{
	tool bare peer flush teredo0 && reaches clia "$bare" &&
	on clib "$selftests/cast/attack.py" tcp_ask "$bare" &&
	at_bare teredo_echoes 1000
}
check "who answered a TCP stays while strangers come and go (SEC-25)" \
	eval "proof && peer bare '$b' '.state == \"trusted\"'"
check "who did not goes (SEC-25)" eval "! peer bare '$a' '.state'"
check "and comes back (SEC-25)" reaches clia "$bare"
# Of the 32, up to 8 may be proven, and 16 are unproven peers that the client has addressed.
many_hosts()
{
	local i peers ok=0

	for i in {1..60}; do
		echo "addr add 2001:db8:2::5:$i/64 dev eth0 nodad"
	done | nip host -batch - && tool clib set teredo0 peers-max 32 || return
	# Peers that are heard again get another chance.
	for i in {1..20} {1..60}; do
		reaches clib "2001:db8:2::5:$i" || ok=1
		pause 0.02    # not a flood
	done
	peers=$(tool clib -j show | jq '.[0].peers')
	echo "$peers peers"
	tool clib set teredo0 peers-max 100000
	((peers > 16 && peers <= 32)) && return $ok
}
check "a list of 32 serves who talks with 60 (SEC-25)" many_hosts

#
# Native strangers, rogue relays (RFC 4380 7.2.2)
#

section natives
# strangers_tested: tests stay within the limit of 100 and then 100 a second, plus
# repetitions for the 50 peers that there is room for
strangers_tested()
{
	local start=$SECONDS before

	before=$(stat bare tx-echo)
	at_bare native_strangers 3000 || return
	start=$((SECONDS - start + 1))
	echo "$(($(stat bare tx-echo) - before)) echo requests in $start s"
	(($(stat bare tx-echo) - before <= 100 * start + 300))
}
check "made-up native hosts: honest traffic passes (SEC-25)" \
	meanwhile bare "$b" strangers_tested
check "few of them are tested (SEC-28)" strangers_tested
natives()
{
	local ok=1

	flood native_strangers $bare4 $bare_port "$bare"
	tool bare peer del teredo0 $host
	reaches bare $host && ok=0
	unflood
	return $ok
}
check "they leave room for tests of our own (SEC-28)" natives
check "and for answers to bubbles (D-05)" eval "at_bare native_strangers 1000 198.51.100.46 &&
	at_bare bubbles_by_server 1000"
guess()
{
	local dark=2001:db8:2::99 ping

	spawn bare ping -n -c 1 -W 5 $dark >/dev/null
	ping=$spawned
	wait_for 5 peer bare $dark '.bubbles > 0' &&
	at_bare nonces $dark 3000
	wait "$ping"
	peer bare $dark '.state != "trusted"'
}
check "3000 guesses at a nonce open no path (SEC-07, SEC-08)" guess
elsewhere()
{
	attack from_elsewhere $host "$bare" $bare4 $bare_port 1000 &&
	peer bare $host ".mapped.address == \"$relay\" and .state == \"trusted\"" &&
	reaches bare $host
}
check "a rogue relay does not move the path to a host (SEC-07)" elsewhere
check "nor does anybody that to a client (SEC-09, SEC-15)" eval \
	"grows bare rx-mapping 1000 1010 attack from_elsewhere '$b' '$bare' $bare4 $bare_port 1000 &&
	peer bare '$b' '.mapped.address == \"198.51.100.17\"' && lossless bare '$b'"
check "a client makes a poor reflector, by way of its server (SEC-28, SEC-32)" \
	meanwhile bare "$b" at_bare bubbles_by_server 1000

#
# The relay (RFC 4380 7.3.5, 7.4.3)
#

section relay
check "data of clients whom nobody asked (SEC-47)" \
	grows rly rx-unknown-peer 1000 1000 attack to_relay unknown - $host 1000
check "data of a known client from elsewhere (SEC-15, SEC-36)" \
	meanwhile host "$b" grows rly rx-mapping 1000 1000 attack to_relay known "$b" $host 1000
guess_relay()
{
	local dark=2001:0:cb00:7101:0:efff:ebfe:fefe

	on host ping -n -c 1 -W 1 $dark
	attack relay_nonces $dark 2000
	peer rly $dark '.state != "trusted"'
}
check "nobody guesses the nonce in a relay's bubble (SEC-46)" guess_relay

# A site walks through clients; another one must get through meanwhile.
walked()
{
	local walk icmp=$1 seconds=$SECONDS

	spawn host "$selftests/cast/attack.py" walk "${ns[host]}" $host 4000 >"$tmp/walk"
	walk=$spawned
	wait_for 20 grep -q begins "$tmp/walk"
	reaches srv "$a"
	ok=$?
	wait "$walk"
	cat "$tmp/walk"
	echo "$(($(stat rly tx-icmp) - icmp)) errors in $((SECONDS - seconds + 1)) s"
	(($(stat rly tx-icmp) - icmp <= 100 + 50 * (SECONDS - seconds + 1))) && return $ok
}
spawn inet "$selftests/cast/attack.py" bubble_sources "${ns[inet]}" 60 >"$tmp/nonces"
nonces=$spawned
wait_for 10 grep -q ready "$tmp/nonces"
check "a host walks through all clients: another site gets through (SEC-26, SEC-29)" \
	grows rly tx-site-limit 500 4000 walked "$(stat rly tx-icmp)"
check "no two of the relay's nonces are alike, and every bit is random (SEC-41)" \
	eval "wait $nonces || { cat '$tmp/nonces'; false; }"
queued()
{
	local dark=2001:0:cb00:7101:0:efff:ebfe:fefd queued

	tool rly set teredo0 queue 1024
	on host "$selftests/cast/attack.py" fill_queue "${ns[host]}" $host $dark 600
	queued=$(steady peer rly $dark .queued)
	tool rly set teredo0 queue 32
	echo "$queued are waiting"
	((queued > 100 && queued <= (16 << 20) / 59200))
}
check "no more waits than memory is set aside for (SEC-27)" \
	grows rly tx-queue-full 100 600 queued
check "an echo service as a client: nothing goes round, nor to the host (SEC-38)" \
	grows rly rx-inner-source 40 60 \
	attack echo_service "${ns[rly]}" "${ns[host]}" $host
check "and the relay serves as before" reaches host "$b"

#
# First contacts during floods: each is tried once, with a timeout shorter than the interval
# of repetitions
#

section contacts
# beside CASE ARGUMENTS -- COMMAND...: run the command during the flood
beside()
{
	local attack=() status

	while [[ $1 != -- ]]; do
		attack+=("$1")
		shift
	done
	shift
	: >"$tmp/beside"
	spawn inet "$selftests/cast/attack.py" "${attack[0]}" "${ns[inet]}" "${attack[@]:1}" >"$tmp/beside" 2>&1
	flood=$spawned
	wait_for 10 grep -q ready "$tmp/beside" || { cat "$tmp/beside"; return 1; }
	pause 3 # until the bursts of all limits are used up
	"$@"
	status=$?
	unflood
	return $status
}

# contacts [RELAY_KNOWS]: the host reaches the client on `bare` in 9 of 10 tries.  Before
# each, the client forgets the host, and the relay forgets the client unless there is an
# argument.
contacts()
{
	local i reached=0

	for i in {1..10}; do
		tool bare peer del teredo0 $host
		[[ ${1:-} ]] || tool rly peer del teredo0 "$bare"
		on host ping -n -c 1 -W 1.8 "$bare" && ((++reached))
	done
	echo "$reached of 10"
	((reached >= 9))
}

check "first contacts" contacts
check "beside 3000 a second to clients of its server, from 64 sites (SEC-26, SEC-28)" \
	beside sites 3000 64 -- contacts
check "beside 3000 made-up hosts by made-up relays (SEC-28)" \
	beside natives 3000 $bare4 $bare_port "$bare" -- contacts
check "when no bubble went before (SEC-28)" \
	beside natives 3000 $bare4 $bare_port "$bare" -- contacts known
check "beside 1000 bubbles in the name of the address of a relay that we know (C-72)" \
	beside bubbles_of 1000 $bare4 $bare_port "$bare" $relay -- contacts
# Six thousand causes a second are more than the table of shares can distinguish.
besides()
{
	local status natives

	: >"$tmp/natives"
	spawn inet "$selftests/cast/attack.py" natives "${ns[inet]}" 3000 $bare4 $bare_port "$bare" \
		>"$tmp/natives" 2>&1
	natives=$spawned
	wait_for 10 grep -q ready "$tmp/natives" || { cat "$tmp/natives"; return 1; }
	pause 6    # the table of shares fills up
	beside bubbles_of 1000 $bare4 $bare_port "$bare" $relay -- contacts
	status=$?
	kill "$natives"
	wait "$natives" 2>/dev/null
	return $status
}
check "beside both, when everybody seems to have asked for much (SEC-28, C-72)" besides
# In a list of 64, 16 peers may be unproven.  One site may ask for 200 others a second,
# which fills the list before an answer arrives over a path of 100 ms.
crowded()
{
	local status

	on inet tc qdisc add dev bare root netem delay 100ms &&
	tool rly peer flush teredo0 && tool rly set teredo0 peers-max 64 || return
	beside sites 1000 1 -- contacts
	status=$?
	has_peers rly 64 || status=1
	tool rly set teredo0 peers-max 100000
	on inet tc qdisc del dev bare root
	return $status
}
if modprobe -q sch_netem; then
	check "beside a site that fills the relay's list of 64 (SEC-25, SEC-26)" crowded
else
	skip "beside a site that fills the relay's list of 64 (SEC-25, SEC-26)" "no sch_netem"
fi
# Most of eight places go to newcomers, of which each asks for only one.
newcomers_to_talkers()
{
	local i newcomers

	for i in {1..8}; do
		at_bare teredo_bubbles 1 || return
		pause 0.3    # for all of them to be heard again
	done
	newcomers=$(tool bare -j show peers | jq 'map(select(.mapped.address != "20.9.9.9")) | length')
	echo "$newcomers newcomers"
	((newcomers >= 5))
}
# Eight peers with one address keep talking, in a list of 16.
talked()
{
	local status

	tool bare peer flush teredo0 && tool bare set teredo0 peers-max 16 || return
	beside talkers 200 $bare4 $bare_port "$bare" 20.9.9.9 8 -- newcomers_to_talkers
	status=$?
	tool bare set teredo0 peers-max 400
	return $status
}
check "who goes on speaking does not keep newcomers out (SEC-25)" talked
check "solicitations beside 1000 from made-up ports of the same NAT (SEC-35)" \
	beside solicitations_of 1000 198.51.100.1 60000 -- \
	on clia "$selftests/cast/attack.py" solicit "${ns[clia]}" 10
check "and beside 3000 from a hundred of its ports (SEC-35)" \
	beside solicitations_of 3000 198.51.100.1 100 -- \
	on clia "$selftests/cast/attack.py" solicit "${ns[clia]}" 10

#
# Filters from teredo.rst
#

section filters
# from_document TABLE: print the example in teredo.rst
from_document()
{
	sed -n "/^    table $1 teredo {/,/^    }/p" "$repo/Documentation/teredo.rst"
}
closed()
{
	from_document ip | sed -e 's|198.51.100.0/24|198.51.100.0/28, 203.0.113.0/28|' |
		on rly nft -f - || return
	tool rly peer flush teredo0
	reaches host "$a" && ! on host ping -n -c 2 -W 2 "$b" &&
	on rly nft flush ruleset && reaches host "$a"
}
check "a closed relay: clients that the firewall names, and no others (SEC-48)" closed
denied()
{
	from_document ip | sed -e 's|192.0.2.128/25|198.51.100.16/28|' \
		-e 's|198.51.100.0/24|0.0.0.0/0|' | on rly nft -f - || return
	tool rly peer flush teredo0
	reaches host "$a" && ! on host ping -n -c 2 -W 2 "$b" &&
	on rly nft flush ruleset && reaches host "$a"
}
check "routers with whom it does not speak (SEC-49)" denied
site()
{
	from_document ip6 | on rly nft -f - || return
	tool rly peer flush teredo0
	reaches host "$a" && ! on srv ping -n -c 2 -W 2 "$a" &&
	on rly nft flush ruleset && reaches srv "$a"
}
check "a relay that serves one site only (SEC-16, R-16, R-17)" site

#
# Users with an account
#

section accounts
privileges()
{
	on bare "$selftests/cast/attack.py" privileges teredo0 "$@"
}
check "who has no capabilities changes nothing (SEC-19)" privileges nobody
check "nor does root of a user namespace (SEC-19)" privileges userns
check "nor who is tricked into writing to somebody's socket (SEC-19)" privileges deputy
check "and the client works on" reaches bare "$b"
check "nobody takes the service port (SEC-19)" \
	on bare "$selftests/cast/attack.py" port_is_taken $bare4 $bare_port

# A namespace of another user.  It exists once the process has executed sleep.
spawn bare unshare -Urn sleep 1000
box=$spawned
wait_for 20 runs "$box" sleep
in_box()
{
	nsenter -t "$box" -U -n --preserve-credentials -- "$@"
}
moved()
{
	! inside "$box" bare && tool bare add moved0 mode client server $server &&
	nip bare link set moved0 netns "$box" && in_box ip link set moved0 up &&
	in_box "$selftests/cast/attack.py" privileges moved0 moved
}
check "a link that was moved: its new root does not command our sockets (SEC-19, SEC-42)" moved
check_says "not by rtnetlink either (SEC-19, SEC-42)" \
	"not permitted in the link's underlay namespace" \
	in_box env IP_LIB_DIR="$repo/tools" ip link set moved0 type teredo refresh 44

ip6_packets()
{
	on clia sed -nE 's/^Ip6(InReceives|OutRequests) +//p' /proc/net/snmp6 |
		jq -s add
}
apart()
{
	local before

	stop clib && start_client clib ours || return
	b=$(client_address clib)
	ns_add inner && nip inner link set lo up &&
	nip clia link set teredo0 netns "${ns[inner]}" &&
	nip inner link set teredo0 up && tool inner run teredo0 --once &&
	reaches inner "$b" || return
	before=$(ip6_packets)
	lossless inner "$b" && (($(ip6_packets) - before < 10)) &&
	! nip inner -4 -o addr show dev teredo0 | grep . && ! on inner ping -c 1 -W 1 $server
}
kill "${daemon[clia]}"
wait "${daemon[clia]}" 2>/dev/null
check "packets of a moved link appear where it is, and only there (SEC-42)" apart
inner=$(client_address inner)

slab()
{
	awk '$1 == "slab" { print $2 }' "$1/memory.stat"
}

# Peers are allocated in softirqs, but charged to the creator of the link.
charged()
{
	local group=/sys/fs/cgroup/teredo$$ before after

	echo +memory >/sys/fs/cgroup/cgroup.subtree_control
	mkdir $group || return
	defer rmdir $group
	bash -c "echo \$\$ >$group/cgroup.procs &&
		exec nsenter --net=/run/netns/${ns[bare]} ip link add paid0 type teredo" &&
	tool bare set paid0 mode client server $server port 40001 peers-max 64000 &&
	nip bare link set paid0 up && tool bare run paid0 --once || return
	paid=$(nip bare -6 -o addr show dev paid0 scope global |
		sed -n 's/.* inet6 \([^/]*\).*/\1/p')
	before=$(slab $group)
	attack teredo_bubbles $bare4 40001 "$paid" 6000
	after=$(steady slab $group)
	echo "$(tool bare -j show paid0 | jq '.[0].peers') peers, $((after - before)) octets"
	nip bare link del paid0
	((after - before > 4000 * 128))
}

# can_charge: this kernel has memory cgroups
can_charge()
{
	[[ -e /sys/fs/cgroup/cgroup.controllers ]] ||
		mount -t cgroup2 cgroup2 /sys/fs/cgroup || return
	grep -qw memory /sys/fs/cgroup/cgroup.controllers
}
if can_charge; then
	check "peers are charged to the cgroup of the link's maker (SEC-25)" charged
else
	skip "peers are charged to the cgroup of the link's maker (SEC-25)" "no memory cgroups"
fi

#
# Protection against attackers on the path (IPsec) passes unchanged
#

# ipsec PROTOCOL ALGORITHM...: use it in transport mode between the link in inner and B
ipsec()
{
	local name proto=$1

	shift
	for name in inner clib; do
		nip $name xfrm state add src "$inner" dst "$b" proto "$proto" spi 0x100 mode transport "$@" &&
		nip $name xfrm state add src "$b" dst "$inner" proto "$proto" spi 0x101 mode transport "$@" ||
			return
	done
	nip inner xfrm policy add src "$inner" dst "$b" dir out tmpl proto "$proto" mode transport &&
	nip inner xfrm policy add src "$b" dst "$inner" dir in tmpl proto "$proto" mode transport &&
	nip clib xfrm policy add src "$b" dst "$inner" dir out tmpl proto "$proto" mode transport &&
	nip clib xfrm policy add src "$inner" dst "$b" dir in tmpl proto "$proto" mode transport &&
	lossless inner "$b" 20
	name=$?
	nip inner xfrm policy flush && nip clib xfrm policy flush
	nip inner xfrm state flush && nip clib xfrm state flush
	return $name
}
modprobe -qa esp6 ah6 xfrm_user
check "ESP passes the tunnel unchanged (SEC-06)" ipsec esp \
	aead 'rfc4106(gcm(aes))' 0x0102030405060708090a0b0c0d0e0f1011121314 128
check "AH does, which signs the addresses, too (SEC-06)" ipsec ah \
	auth 'hmac(sha1)' 0x0102030405060708090a0b0c0d0e0f1011121314
