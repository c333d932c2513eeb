#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# A qualified client, and events at its NAT and its servers: how soon they are noticed and
# repaired, with a refresh interval of 2 s, and what applications and people see.  The lines
# "# figure:" are those in teredo.rst.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq python3
need_teredo
need_modules nf_conntrack_netlink
lab_up restricted restricted || skip_all "no laboratory"
plan 34

start_server ours || skip_all "no server"
start_second_server || skip_all "no second server"
role[clia]=ours
tool clia add teredo0 server $server,192.0.2.1 refresh 2
nip clia link set teredo0 up
watch clia || skip_all "nothing to watch with"

stopwatch
control clia
check "qualifies" wait_for 20 qualified clia
figure "from start to qualified"
first=$(client_address clia)
check "and says by whom (C-64)" reason "server $server answered"
check "monitor tells who came" monitored "controller attached"
check "applications are told of the address (C-64)" noticed '' "$first"
check "a bubble to ourselves has come back (SEC-10)" \
	wait_for 10 eval "((\$(counter clia rx-loop) >= 1))"

# moved WHAT: the client gets another address, and everybody is notified
moved()
{
	local what=$1 old=$2 new

	check "$what: another address (C-61)" \
		wait_for 30 eval "client_address clia && ! has_only clia '$old'"
	figure "$what: noticed and repaired"
	check "$what: the reason has both mappings (C-64)" reason "mapping changed from 198.51.100."
	new=$(client_address clia)
	check "$what: applications learn of the old one (C-61)" noticed Deleted "$old"
	check "$what: and of the new one" noticed '' "$new"
}

# The NAT restarts: it forgets all mappings, and allocates other ports.
other_ports()
{
	on nata nft -f - <<-END
	table ip other {
		chain postrouting {
			type nat hook postrouting priority 90
			oifname wan udp dport 3544 masquerade to :$1
		}
	}
	END
}
stopwatch
other_ports 5001-5009
forget nata
moved "the NAT restarts" "$first"

# The provider gives the NAT another address.
second=$(client_address clia)
stopwatch
nip nata addr del 198.51.100.1/28 dev wan
nip nata addr add 198.51.100.2/28 dev wan
nip nata route replace default via 198.51.100.14
moved "another IPv4 address of the NAT" "$second"
check "another IPv4 address of the NAT: it is in the new address" eval "
	[[ $(client_address clia) ]]; is clia '.mapped.address == \"198.51.100.2\"'"

# The server stops.
third=$(client_address clia)
stopwatch
nip srv link set teredo0 down
check "the server stops: it is noticed (C-62)" wait_for 40 \
	grep -F "starting: no reply from server $server" "$tmp/monitor"
figure "the server stops: noticed"
check "the server stops: applications are told (C-62)" noticed Deleted "$third"
check "the server stops: the next one takes over (C-23)" \
	wait_for 40 is clia '.state == "qualified" and .server == "192.0.2.1"'
figure "the server stops: repaired by the next one"
check "the server stops: the reason has both (C-64)" \
	reason "server $server lost, now 192.0.2.1"
check "the server stops: the old address went first (C-62)" eval "
	grep -A1 '^Deleted.* $third' $tmp/notices | grep '^[0-9].*inet6 2001:0:c000:201:'"
fourth=$(client_address clia)
check "the preferred server stays away: nothing happens" stays 8 has_only clia "$fourth"

# It comes back while the link is in use.
lines=$(wc -l <"$tmp/events")
tool clia peer add teredo0 2001:0:cb00:7101:0:efff:39cc:9bee at 198.51.100.17:4096
spawn clia ping -n -q -i 0.5 2001:0:cb00:7101:0:efff:39cc:9bee >/dev/null 2>&1
pinger=$spawned
nip srv link set teredo0 up
stopwatch
check "the server is back, the link in use: nobody is disturbed (C-23)" \
	stays 25 has_only clia "$fourth"
kill "$pinger"
check "the server is back, the link idle: it is returned to (C-23)" \
	wait_for 60 is clia ".server == \"$server\""
figure "back at the preferred server, once the link was idle"
check "the server is back: the reason says so" reason "server $server is preferred to 192.0.2.1"
# The new address is added before the old one is removed.
one_address()
{
	fifth=$(client_address clia) && [[ $fifth != *$'\n'* ]]
}
wait_for 10 one_address
check "the server is back: never without an address (C-23)" eval "
	tail -n +$((lines + 1)) $tmp/events | jq -e 'select(.event == \"dev\") | .state == \"qualified\"' |
	grep -v true && exit 1; has_only clia $fifth"
check "the server is back: the new address was there before the old one went (C-23)" eval "
	sed -n '/ $fifth/=' $tmp/notices | tail -n 1 >$tmp/new
	sed -n '/^Deleted.* $fourth/=' $tmp/notices | tail -n 1 >$tmp/old
	(( \$(<$tmp/new) < \$(<$tmp/old) ))"

# No server at all
tool clia set teredo0 server $server
wait_for 10 grep -F "another server" "$tmp/run"
nip srv link set teredo0 down
stopwatch
check "no server is left: offline (C-62)" wait_for 40 is clia '.state == "offline"'
figure "no server is left: offline"
check "no server is left: the reason says who is silent (C-64)" reason "no reply from server $server"
check "no server is left: and what to do" wait_for 20 hint clia "no Teredo server is running there"
nip srv link set teredo0 up
stopwatch
check "the server comes back: qualified again (C-22)" wait_for 60 qualified clia
figure "the only server comes back: qualified again"

# Miredo's server in place of ours
tool clia set teredo0 server $server,192.0.2.1
stop srv
check "from one server to the next one" wait_for 40 is clia '.server == "192.0.2.1"'
start_server miredo
loops=$(counter clia rx-loop)
nip rly link set teredo0 down
check "to Miredo's server (C-23)" wait_for 60 is clia ".server == \"$server\" and .state == \"qualified\""
check "Miredo's server passes our bubble on (SEC-10)" \
	wait_for 10 eval "((\$(counter clia rx-loop) > $loops))"
# It has several processes.
mapfile -t pids < <(ip netns pids "${ns[srv]}")
kill -STOP "${pids[@]}"
check "Miredo's server hangs: offline (C-62)" wait_for 60 is clia '.state != "qualified"'
kill -CONT "${pids[@]}"
check "Miredo's server goes on: so do we (C-22)" wait_for 60 qualified clia
