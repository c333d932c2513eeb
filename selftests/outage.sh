#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Why a client does not work is reported on one screen; changes of the network are noticed
# by their events, long before any timer.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq
need_teredo
on_time
lab_up restricted symmetric || skip_all "no laboratory"
plan 36

start_server ours || skip_all "no server"
role[clia]=ours
tool clia add teredo0 mode client
check "no server: show says so" hint clia "no server: run"
tool clia set teredo0 server $server refresh 300
check "down: show says how to start" hint clia "teredo-tool run teredo0"
nip clia link set teredo0 up
check "nobody runs it: show says so (C-64)" hint clia "no controller: start"
watch clia || skip_all "nothing to watch with"
control clia
check "qualified" wait_for 20 qualified clia
check "nothing to hint at" is clia '.hints == []'
check "since when it is so" is clia '.state_age >= 0 and .state_age < 60'

#
# Events, with a refresh interval of five minutes
#

# asked WHAT: the server is asked at once
asked()
{
	check "$1: the server is asked at once (C-63)" wait_for 10 eval "
		((\$(counter clia tx-control) > $before))"
	figure "$1: the server is asked"
	wait_for 15 qualified clia
}

quiet()
{
	# Wait for the effects of the last event to end.
	before=$(counter clia tx-control)
	until stays 2 eval "((\$(counter clia tx-control) == $before))"; do
		before=$(counter clia tx-control)
	done
	stopwatch
}

quiet
nip clia addr add 10.1.0.3/24 dev eth0
asked "a new IPv4 address"
quiet
nip clia route replace default via 10.1.0.1 src 10.1.0.3
asked "another default route"
quiet
nip nata link set lan down
wait_for 5 eval "nip clia link show eth0 | grep NO-CARRIER"
nip nata link set lan up
nip nata addr replace 10.1.0.1/24 dev lan
asked "carrier lost and back"
check "and the address has stayed" qualified clia
# The hook from teredo.rst, with a script that prints its variables
hook=$(sed -n '/^    teredo-tool -j monitor teredo0 |/,/^    done/p' "$repo/Documentation/teredo.rst")
cat >"$tmp/on-teredo" <<'END'
#!/bin/sh
echo "$IFACE:$IFINDEX:$STATE:$OLD_STATE:$ADDRESS:$OLD_ADDRESS:$MTU:$OLD_MTU"
END
chmod +x "$tmp/on-teredo"
spawn clia bash -c "${hook/\/usr\/local\/sbin/$tmp}" >"$tmp/hooked" 2>&1
# It prints nothing before the first event, so cause some.
wait_for 20 eval "
	nip clia link set teredo0 mtu 1281 && nip clia link set teredo0 mtu 1280
	grep -q ':1281:' $tmp/hooked" || skip_all "nothing to watch with"
quiet
index=$(nip clia -j link show teredo0 | jq '.[0].ifindex')
address=$(client_address clia)
nip clia link set teredo0 mtu 1380
check "MTU: a hook is told (C-64, P-21)" wait_for 5 grep -F \
	"teredo0:$index:qualified:qualified:$address:$address:1380:1280" "$tmp/hooked"
lines=$(wc -l <"$tmp/hooked")
tool clia peer add teredo0 2001:0:cb00:7101:0:1:3fff:fdf0 at 192.0.2.15:1
check "a peer: monitor tells, a hook is not told (P-21)" eval "
	monitored 'peer 2001:0:cb00:7101:0:1:3fff:fdf0' && cat $tmp/hooked &&
	stays 1 eval '((\$(wc -l <$tmp/hooked) == $lines))'"
check "MTU: monitor tells (C-64)" monitored "MTU 1380, was 1280"
nip clia link set teredo0 mtu 1280

#
# Why does it not work?
#

nip clia route del default
nip clia link set teredo0 down
check "link down: monitor tells (C-64)" monitored "teredo0: down"
check "link down: a hook is told (C-64, P-21)" wait_for 5 grep -F \
	"teredo0:$index:down:qualified::$address:1280:1280" "$tmp/hooked"
check "link down: the controller waits, and show says so" eval "
	wait_for 5 is clia '.state == \"down\" and .controller'"
nip clia link set teredo0 up
check "no IPv4 route: offline, and why (C-64)" \
	wait_for 20 is clia '.state == "offline" and (.reason | contains("no IPv4 route"))'
check "no IPv4 route: show says so, too" hint clia "no IPv4 route to $server"
stopwatch
nip clia route add default via 10.1.0.1
check "an IPv4 route: qualified at once (C-63)" wait_for 20 qualified clia
figure "an IPv4 route comes: qualified"

on nata nft -f - <<END
table ip filtered {
	chain forward {
		type filter hook forward priority -1
		udp dport 3544 drop
	}
}
END
kill -HUP "$controller"
check "a filtered port: offline, and what did not answer (C-64)" wait_for 60 is clia \
	'.state == "offline" and (.reason | contains("UDP port 3544"))'
check "a filtered port: show says what to try" hint clia "drops UDP to port 3544"
# The hint is missing while the controller tries again from time to time, so wait for it.
one_screen()
{
	tool clia show teredo0 >"$tmp/screen"
	(($(wc -l <"$tmp/screen") < 24)) && grep reason "$tmp/screen" && grep hint "$tmp/screen"
}
check "all of that on one screen" wait_for 30 one_screen
on nata nft delete table ip filtered
check "no longer filtered: qualified (C-22)" wait_for 60 qualified clia

# Another server, which does not exist: at any time, state, reason and server shown belong
# to one moment.
one_moment()
{
	tail -n +$((lines + 1)) "$tmp/events" | tee "$tmp/moments" |
		jq -es 'map(select(.event == "dev" and .state != "qualified" and .reason != null)) |
			length > 0 and all(.server as $s | .server2 as $s2 |
				.reason | contains($s) or contains($s2))' && return
	cat "$tmp/moments"
	return 1
}
lines=$(wc -l <"$tmp/events")
tool clia set teredo0 server 192.0.2.9
check "a silent server after one that answered: server and reason are of one moment (C-64)" \
	wait_for 60 is clia '.state == "offline" and .server == "192.0.2.9" and
		.server2 == "192.0.2.10" and (.reason | contains("192.0.2.9"))'
check "its next try: neither is that of before (C-64)" wait_for 30 is clia \
	'.state == "starting" and .server == "192.0.2.9" and .reason == "asking server 192.0.2.9"'
check "nor was at any moment (C-64)" one_moment
tool clia set teredo0 server $server
check "the server of before: qualified" wait_for 30 qualified clia

echo 1 | on clia tee /proc/sys/net/ipv6/conf/teredo0/disable_ipv6 >/dev/null
check "IPv6 switched off: show says so" hint clia "IPv6 is switched off"
check "IPv6 switched off: offline, and why (C-64)" wait_for 20 is clia \
	'.state == "offline" and .controller and (.reason | contains("IPv6 is switched off"))'
echo 0 | on clia tee /proc/sys/net/ipv6/conf/teredo0/disable_ipv6 >/dev/null
check "IPv6 is back: so is the address" wait_for 20 eval "qualified clia && client_address clia"
kill -KILL "$controller"
wait "$controller"
nip clia link set teredo0 down
nip clia link set teredo0 up

#
# A server that answers, but forwards nothing (SEC-10): bubbles with an origin indication
# are 8 + 8 + 40 octets of UDP
#

on srv nft -f - <<END
table ip deaf {
	chain output {
		type filter hook output priority 0
		udp sport 3544 udp length 56 drop
	}
}
END
control clia
check "a deaf server, the only one: better than none (SEC-10)" eval "
	wait_for 20 monitored 'server $server passes nothing on' && qualified clia"
start_second_server
tool clia set teredo0 server $server,192.0.2.1
nip clia link set teredo0 down
nip clia link set teredo0 up
check "a deaf server, and another one: that is used (SEC-10)" \
	wait_for 60 is clia '.state == "qualified" and .server == "192.0.2.1"'
check "and why" reason "server $server lost, now 192.0.2.1"
stop clia
stop rly
on srv nft delete table ip deaf

#
# A symmetric NAT
#

role[clib]=ours
tool clib add teredo0 server $server
nip clib link set teredo0 up
spawn clib teredo-tool run teredo0 >"$tmp/clib.log" 2>&1
daemon[clib]=$spawned
check "a symmetric NAT: the reason has both mappings (C-20, C-64)" wait_for 20 is clib \
	'.nat == "symmetric" and (.reason | test("198.51.100.17:.*198.51.100.17:"))'
check "a symmetric NAT: what helps" hint clib "forward a UDP port"
on natb nft -f - <<END
insert rule ip nat postrouting oifname wan udp sport 4000 masquerade to :4000
insert rule ip nat prerouting iifname wan udp dport 4000 dnat to 10.2.0.2
insert rule ip filter forward ct status dnat accept
END
nip clib link set teredo0 down
tool clib set teredo0 port 4000
nip clib link set teredo0 up
check "a port forwarded by it: qualified (C-95)" wait_for 20 is clib \
	'.state == "qualified" and .mapped.port == 4000'
