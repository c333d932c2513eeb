#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Teredo is the last resort (RFC 4380 section 5.5): a client stands aside while there is
# native IPv6, but not for what only looks like it, and returns once that has gone for good.
# A service ends on its last day.

# shellcheck source=selftests/lib/watch.sh
. "$(dirname "$0")/lib/watch.sh"

need ping jq python3 unshare
need_teredo
lab_up restricted restricted || skip_all "no laboratory"
plan 27

# advertise LIFETIME [SECONDS LIFETIME]...: let the NAT advertise itself as a default router
# with that lifetime, and the prefix 2001:db8:9::/64; after so many seconds, with another
# lifetime.  In one process, since starting one takes long.
advertise()
{
	on nata python3 - "$@" <<'END'
import socket, struct, sys, time
prefix = socket.inet_pton(socket.AF_INET6, "2001:db8:9::")
s = socket.socket(socket.AF_INET6, socket.SOCK_RAW, socket.IPPROTO_ICMPV6)
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_HOPS, 255)
index = socket.if_nametoindex("lan")
s.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_MULTICAST_IF, index)
args = [float(arg) for arg in sys.argv[1:]]
for n, arg in enumerate(args):
    if n % 2:
        time.sleep(arg)    # the router's schedule
        continue
    life = int(arg)
    ra = struct.pack("!BBHBBHII", 134, 0, 0, 64, 0, life, 0, 0)
    ra += struct.pack("!BBBBIII", 3, 4, 64, 0xc0, 7200, 3600 if life else 0, 0) + prefix
    s.sendto(ra, ("ff02::1", 0, 0, index))
END
}

aside()
{
	is clia '.state == "offline" and .address == null and
		(.reason | contains("native IPv6, through eth0"))'
}

# undisturbed DESCRIPTION: the client has not stood aside for what was done before
undisturbed()
{
	check "$1" stays 7 eval "qualified clia && has_only clia $address"
}

start_server ours || skip_all "no server"
role[clia]=ours
ns_script clia <<-END
echo 2 >/proc/sys/net/ipv6/conf/eth0/accept_ra
echo 1 >/proc/sys/net/ipv6/conf/eth0/autoconf
echo 0 >/proc/sys/net/ipv6/conf/eth0/accept_dad
END
tool clia add teredo0 server $server
nip clia link set teredo0 up
watch clia || skip_all "nothing to watch with"
control clia
check "a host without native IPv6: Teredo works" wait_for 20 qualified clia
address=$(client_address clia)
check "and comes last: behind any other route (SEC-22)" eval "
	nip clia -6 route show default | grep 'dev teredo0.*metric 1029'"

#
# What is not native IPv6
#

nip clia -6 route add default via fe80::1 dev eth0 metric 512
undisturbed "a default route without an address does not count (C-96)"
nip clia addr add fd12:3456::2/64 dev eth0 nodad
undisturbed "a unique local address does not count (C-96)"
nip clia addr add 2001:db8:77::2/128 dev lo nodad
undisturbed "an address for a host only, elsewhere, does not count (C-96)"
nip clia addr add 2001:db8:78::2/64 dev teredo0 nodad
undisturbed "an address of the Teredo link itself does not count (C-96)"
nip clia addr del 2001:db8:78::2/64 dev teredo0
nip clia -6 route del default dev eth0 metric 512
nip clia addr add 2001:db8:79::2/64 dev eth0 nodad
undisturbed "an address without a default route does not count (C-96)"
nip clia addr del 2001:db8:79::2/64 dev eth0

#
# What is native IPv6
#

# Flapping: a router that never stays for 5 s
advertise 1800 2 0 1 1800 2 0 1 1800 2 0 1 1800 2 0 1 1800 2 0
check "a router that comes and goes: nothing happens (C-98)" eval "
	qualified clia && has_only clia $address"

stopwatch
advertise 1800
check "an advertised router: stands aside (C-96, D-22)" wait_for 20 aside
figure "native IPv6 appears: Teredo is withdrawn"
check "it says so, and how to run all the same (D-22)" eval "
	grep -F 'native IPv6 already, a default route through eth0' $tmp/run &&
	grep -F 'run teredo0 --force' $tmp/run"
check "applications are told (C-64)" noticed Deleted "$address"
check "and whoever watches" monitored "standing aside"
check "show says why, and what to do" hint clia "native IPv6, through eth0"
check "no route is left (SEC-23)" eval "! nip clia -6 route show default | grep teredo0"

# Flapping: never away for 30 s
advertise 0 4 1800 2 0 4 1800 2 0 4 1800 2 0 4 1800 2
check "a router that goes and comes: still aside (C-98)" aside

# Gone for good; a controller that was started meanwhile waits, too.
kill "$controller"
wait "$controller"
check_says "--once does not begin beside it (D-22)" "native IPv6" \
	tool clia run teredo0 --once
control clia
check "a service waits until it is gone (C-98, SEC-23)" wait_for 10 aside
advertise 0
stopwatch
check "native IPv6 is gone: back (C-98)" wait_for 60 qualified clia
figure "native IPv6 is gone: qualified again"
stop clia

#
# Beside native IPv6, on request; and the last day
#

conf_up
advertise 1800
wait_for 10 eval "nip clia -6 route show default | grep eth0"
with_conf teredo0 "server $server" "sunset off" "until 2099-12-31"
tool clia add teredo0 server $server
spawn clia "${etc[@]}" teredo-tool run teredo0 >>"$tmp/run" 2>&1
check "sunset off: beside native IPv6 (D-22)" wait_for 20 qualified clia
check "sunset off: far behind it (SEC-22)" eval "
	nip clia -6 route show default | grep 'dev teredo0.*metric 100000'"
check "the end that a file tells is shown (C-99)" eval "
	on clia ${etc[*]} teredo-tool -j show teredo0 |
		jq -e '.[0].until == \"2099-12-31\"' &&
	on clia ${etc[*]} teredo-tool show teredo0 | grep 2099-12-31"
kill "$spawned"
wait "$spawned"
# last SECONDS: set $late to a time zone in which so many seconds are left of the day
last()
{
	local now offset

	now=$(date +%s)
	offset=$(((86400 - $1 - now % 86400 + 86400) % 86400))
	late=XXX-$((offset / 3600)):$((offset / 60 % 60)):$((offset % 60))
	today=$(TZ=$late date +%F)
	with_conf teredo0 "server $server" "sunset off" "until $today"
	with_conf new0 "mode relay" "until $today"
}

# A slow machine needs more seconds.
some_seconds()
{
	local left

	for left in 5 20 80; do
		last $left
		echo "it is $(TZ=$late date)"
		TZ=$late on rly "${etc[@]}" teredo-tool up new0
		nip rly link show new0 && return
		# The day is over: it was created and is gone again, or was not created in
		# time.
		[[ $(TZ=$late date +%F) != "$today" ]] || return
	done
	return 1
}
check "a relay that has some seconds left is made (C-99)" some_seconds
check "and goes when they are over (C-99)" wait_for 20 eval "
	! nip rly link show new0"
TZ=$late spawn clia "${etc[@]}" teredo-tool run teredo0 >"$tmp/run" 2>&1
wait "$spawned"
check "a client whose time is over does not run (C-99)" eval "
	grep 'last day was $today' $tmp/run && ! client_address clia"
with_conf new0 "mode relay" "until 2020-02-29"
check_says "nor is a relay made (C-99)" "last day was 2020-02-29" \
	on rly "${etc[@]}" teredo-tool up new0
check_fails "there is none" nip rly link show new0
with_conf new0 "mode relay" "until 2023-02-29"
check_says "a day that does not exist (C-99)" "is not valid" \
	on rly "${etc[@]}" teredo-tool up new0
