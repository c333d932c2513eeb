#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# How long the NAT keeps a mapping: determination of the refresh interval (RFC 4380 5.2.7),
# with NATs that forget after 7 s.  From the configured 4 s it tries 8 s, which is too long,
# and ends with 6 s.

. "$(dirname "$0")/lib/lab.sh"

need ping jq ss python3
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 36

export STATE_DIRECTORY=$tmp/state
memory=$STATE_DIRECTORY/refresh

diagnose()
{
	lab_state
	cat "$tmp/run" "$memory"
	on nata conntrack -L
}

# control [FLAGS...]: run a controller for clia, with output to $tmp/run
control()
{
	spawn clia teredo-tool run teredo0 "$@" >"$tmp/run" 2>&1
	controller=$spawned
}

halt()
{
	kill "$1" "$controller"
	wait "$controller" 2>/dev/null
}

says()
{
	grep -E "$1" "$tmp/run"
}

silent_about()
{
	! says "$1"
}

is()
{
	tool clia -j show teredo0 | jq -e ".[0] | $1" >/dev/null
}

# forgets NAT SECONDS: let it forget what has been unused for so long
forgets()
{
	ns_script "$1" <<-END
	cd /proc/sys/net/netfilter
	echo $2 >nf_conntrack_udp_timeout
	echo $2 >nf_conntrack_udp_timeout_stream
	END
}

secondary_ports()
{
	on clia ss -Huanp | grep -c teredo-tool
}

# Print how many solicitations the controller of clia has sent.
questions()
{
	tool clia -j show stats teredo0 | jq '.[0]."tx-control"'
}

# Bubbles through the server, two a second: a sign of life of the server, but they do not
# keep a NAT open.
cat >"$tmp/chatter" <<END
import sys, time
import pkt
port = pkt.Port("${ns[rly]}", "192.0.2.1", 5000)
while True:
    port.send(pkt.ipv6("fe80::1", sys.argv[1]), ("$server", 3544))
    time.sleep(0.5)    # two a second
END

bubbles_arrive()
{
	tool clia -j show stats teredo0 | jq -e '.[0]."rx-bubble" > 3'
}

check "the state machine, with a clock of its own (C-73, C-74)" "$repo/tools/test-refresh"
check "one that stays and one that goes do not go together" eval "
	! tool clia run teredo0 --once --learn-refresh 2>$tmp/usage &&
	grep learn-refresh $tmp/usage"

start_server ours || skip_all "no server"
start_client clib ours || skip_all "no second client"
other=$(client_address clib)
forgets nata 7
role[clia]=ours
tool clia add teredo0 server $server
check "30 s, unless something else is configured (C-07)" is '.refresh == 30'
tool clia set teredo0 refresh 4

#
# Through the server, while the client works
#

now=$(date +%s)
mkdir "$STATE_DIRECTORY"
for i in {1..64}; do
	echo "192.0.2.$i 10.1.0.1 00:00:00:00:00:01 90 $now"
done >"$memory"
control --learn-refresh
check "begins as soon as the client is qualified (C-75)" wait_for 15 says "takes some minutes"
address=$(client_address clia)
check "with a port of its own (C-74)" wait_for 2 eval "[[ \$(secondary_ports) = 1 ]]"
check "the client works meanwhile" reaches clia "$other"
spawn clia ping -n -q -i 0.2 -c 100 "$other" >"$tmp/ping" 2>&1
pinger=$spawned
check "the NAT does not hairpin: by way of the server" wait_for 20 says \
	"does not hairpin.*through the server"
check "twice the interval is too long (C-76, C-78)" wait_for 40 says "does not last 8.0 s"
check "the middle is not (C-78)" wait_for 30 says "mapping lasts 6.0 s"
check "that is the result (C-77, C-79)" wait_for 5 says "interval measured: 6 s"
wait "$pinger"
check "not one packet was lost" grep "100 received" "$tmp/ping"
check "the address is what it was (C-65)" [ "$(client_address clia)" = "$address" ]
check "the secondary port is closed (C-80)" wait_for 2 eval "[[ \$(secondary_ports) = 0 ]]"
check "show tells" eval "tool clia show teredo0 | grep 'refresh 6 s (learned)'"
check "as JSON, too" is '.refresh == 6 and .refresh_learned'
# Solicitations are now 4.5 to 6 s apart, instead of 3 to 4 s.
check "and the server is asked less often (C-08, C-58)" \
	wait_for 40 is '.server_idle_ms > 4300'
spawn rly python3 "$tmp/chatter" "$(client_address clia)"
chatterer=$spawned
check "bubbles by the server, which ask for nothing" wait_for 30 bubbles_arrive
before=$(questions)
asked_at_least()
{
	local asked

	asked=$(($(questions) - before))
	echo "$asked questions"
	((asked >= $1))
}
check "no less while it only speaks to us (C-07, C-58)" wait_for 30 asked_at_least 2
kill "$chatterer"
wait "$chatterer" 2>/dev/null

#
# Remembered
#

halt -9
control --learn-refresh
check "the next controller takes it over" eval "
	wait_for 10 says 'taking over' && wait_for 5 is .controller &&
	stays 1 eval \"is '.refresh == 6 and .refresh_learned' && silent_about 'some minutes'\""
halt -TERM
control --learn-refresh
check "the same network: it is remembered" wait_for 15 says \
	"interval 6 s, as measured in this network before"
check "and used at once" wait_for 2 is '.refresh == 6 and .refresh_learned'
check "nothing is measured" eval "[[ \$(secondary_ports) = 0 ]]"
tool clia set teredo0 refresh 5
check "what the user configures wins (C-07)" eval "
	wait_for 5 says 'interval 5 s, as configured now' &&
	wait_for 5 is '.refresh == 5 and .refresh_learned == false'"
halt -TERM
tool clia set teredo0 refresh 4
control
check "who did not ask for it does not get it" eval "
	wait_for 15 says 'qualified: address' &&
	stays 1 is '.refresh == 4 and .refresh_learned == false'"
halt -TERM
check "of too many networks, the oldest was forgotten" eval "
	(( \$(wc -l <$memory) == 64 )) && ! grep '^192.0.2.1 ' $memory"
check "the file names this network" grep -E \
	'^198\.51\.100\.1 10\.1\.0\.1 ([0-9a-f]{2}:){5}[0-9a-f]{2} 6 [0-9]+$' "$memory"

#
# A cache file with invalid lines; a NAT that hairpins until it forgets
#

{
	line=$(grep ^198 "$memory")
	line=${line% *}
	echo "$line $((now - 8 * 86400))"
	echo "$line $((now + 86400))"
	echo "${line% *} 99999 $now"
	echo "$line -1"
	head -c 300 /dev/zero | tr '\0' 1
	echo
	head -c 100 /dev/urandom
	echo
	for i in {1..60}; do
		echo "192.0.2.$i 10.1.0.1 00:00:00:00:00:01 90 $now"
	done
} >"$tmp/garbage"
mv "$tmp/garbage" "$memory"
nat nata cone 10.1.0.2
hairpin nata 10.1.0.2 7
control --learn-refresh
check "what is too old, in the future or garbage is not remembered" eval "
	wait_for 15 says 'some minutes' && silent_about 'before'"
check "the NAT hairpins: directly" wait_for 15 says "NAT hairpins.*directly"
check "and the result is the same" wait_for 60 says "interval measured: 6 s"
check "it takes the place of the garbage" eval "
	wait_for 2 grep '^198.51.100.1 .* 6 [0-9]*\$' $memory &&
	(( \$(wc -l <$memory) <= 64 && \$(grep -c '^198' $memory) == 1 ))"
halt -TERM
nat nata restricted 10.1.0.2

#
# Miredo's server returns bubbles, too
#

stop srv
start_server miredo
STATE_DIRECTORY=/dev/null control --learn-refresh
check "Miredo's server: by way of it" wait_for 30 says "through the server"
check "with the same result (C-77, C-78)" wait_for 60 says "interval measured: 6 s"
check "no place to remember it: used, and said" eval "
	wait_for 5 says 'cannot be remembered' && is '.refresh == 6 and .refresh_learned'"
halt -TERM
stop clia srv

#
# Where no determination is made
#

start_server ours
role[clia]=ours
tool clia add teredo0 server $server refresh 90
control --learn-refresh
check "an interval that is long already stays" wait_for 15 says "stays 90 s: a longer one"
halt -TERM
nip clia link del teredo0
nip clib link del teredo0
unset "role[clib]"
tool clib add teredo0 server $server refresh 4
nip clib link set teredo0 netns "${ns[clia]}"
control --learn-refresh
check "a socket in another namespace: skipped (C-75)" wait_for 20 says \
	"stays 4 s: the IPv4 socket is in another namespace"
check "and nothing is opened" eval "[[ \$(secondary_ports) = 0 ]]"
halt -TERM
