#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Tunnels as services, in a machine that systemd has booted: check-boot.sh boots one
# for each of these, and what one of them enables is enabled in the next.
#
#	boot.sh prepare		before systemd starts: install the tools, make the
#				laboratory, in which the machine itself is clia
#	boot.sh faults		nothing is enabled; what cannot work, and by hand
#	boot.sh private		nor is anything here; files for root's eyes only
#	boot.sh none		nor is anything here; stop, start, restart, crash
#	boot.sh one		a client is
#	boot.sh twenty		many are, not all of which can work

# shellcheck source=selftests/lib/lab.sh
. "$(dirname "$0")/../lib/lab.sh"

kept=$VM_RESULTS/etc.tar

# The machine's own namespace is clia's.
eval "really_$(declare -f ns_add)"
ns_add()
{
	local name

	for name; do
		[[ $name = clia ]] || { really_ns_add "$name" || return; continue; }
		ns[clia]=teredo$$-clia
		ip netns attach "${ns[clia]}" 1 || return
	done
}

prepare()
{
	make -s -C "$repo/tools" -o teredo-tool -o link_teredo.so install PREFIX=/usr >/dev/null &&
	rm -f /usr/sbin/policy-rc.d && mkdir -p /etc/teredo &&
	{ [[ ! -e $kept ]] || tar -x -f "$kept" -C /; } &&
	need_teredo && lab_up restricted restricted && start_server ours && start_relay ours &&
	declare -p ns | sed 's/^declare -A/declare -gA/' >/run/vm-lab
}

if [[ ${1:-} = prepare ]]; then
	trap - EXIT
	prepare
	exit
fi

need systemctl systemd-escape jq ping
# shellcheck source=/dev/null
. /run/vm-lab
PATH=/usr/bin:$PATH

diagnose()
{
	systemctl list-jobs
	systemctl --failed
	teredo-tool show
	journalctl -b --no-pager -n 60 -u 'teredo*'
}

# conf NAME LINES
conf()
{
	printf '%s\n' "${@:2}" >"/etc/teredo/$1.conf"
}

# enable INSTANCE...: of the unit for whole tunnels, from the next boot on
enable()
{
	systemctl -q enable "${@/#/teredo-link@}"
}

# keep: what the next machine begins with
keep()
{
	(cd / && tar -c -f "$kept" etc/teredo etc/systemd/system/multi-user.target.wants/teredo*)
}

# begins_with NAME BOOT: what that boot, before this one, has left enabled
begins_with()
{
	[[ -e /etc/teredo/$1.conf ]] ||
		skip_all "it begins with what \`$2\` leaves: BOOTS='none one twenty'"
}

booted()
{
	systemctl list-jobs
	systemctl is-active multi-user.target && [[ ! $(systemctl list-jobs --no-legend) ]]
}

# works NAME: the client is qualified, by way of its service
works()
{
	teredo-tool -j show "$1" | jq -e '.[0].state == "qualified" and .[0].controller' &&
	systemctl is-active "teredo@$1"
}

# address NAME: of the client
address()
{
	ip -6 -o addr show dev "$1" scope global | sed -n 's/.* inet6 \(2001:0:[^/]*\).*/\1/p' | grep .
}

index()
{
	ip -j link show "$1" | jq '.[0].ifindex'
}

# withdrawn NAME: neither address nor default route
withdrawn()
{
	! address "$1" && ! ip -6 route show default | grep "dev $1 "
}

# away NAME: with its controller
away()
{
	! ip link show "$1" && ! systemctl is-active "teredo@$1"
}

# within SECONDS COMMAND...
within()
{
	local start=$SECONDS status

	"${@:2}"
	status=$?
	echo "$((SECONDS - start)) s"
	((status == 0 && SECONDS - start <= $1))
}

# fails_within SECONDS COMMAND...: it does fail, but not after that
fails_within()
{
	local start=$SECONDS

	! "${@:2}" && ((SECONDS - start <= $1))
}

#
# Packets, all the time, by the relay
#

# flow: pings, 50 at a time, until $tmp/flow is gone
flow()
{
	while [[ -e $tmp/flow ]]; do
		ping -n -q -i 0.02 -c 50 -W 5 "$host"
		: >"$tmp/flowing"
	done >"$tmp/pings" 2>&1
}

# unharmed NAME COMMAND...: no packet is lost meanwhile, and what there is stays
unharmed()
{
	local name=$1 was pid status

	shift
	was="$(address "$name") $(index "$name")"
	rm -f "$tmp/flowing"
	: >"$tmp/flow"
	flow &
	pid=$!
	wait_for 30 test -e "$tmp/flowing"
	"$@" && wait_for 60 works "$name"
	status=$?
	rm "$tmp/flow"
	wait $pid
	cat "$tmp/pings"
	((status == 0)) && grep -q ' 50 received' "$tmp/pings" &&
		! grep transmitted "$tmp/pings" | grep -v ' 50 received' &&
		[[ "$(address "$name") $(index "$name")" = "$was" ]]
}

main_pid()
{
	systemctl show -P MainPID "$1"
}

crash()
{
	local pid

	pid=$(main_pid "teredo@$1")
	kill -9 "$pid" && wait_for 90 eval "
		works $1 && [[ \$(main_pid teredo@$1) != $pid ]]"
}

# restarted VERB UNIT NAME: that was another process of the controller
restarted()
{
	local pid

	pid=$(main_pid "teredo@$3")
	systemctl "$1" "$2" && wait_for 60 works "$3" && [[ $(main_pid "teredo@$3") != "$pid" ]]
}

many_restarts()
{
	local i

	for i in {1..12}; do
		systemctl restart "teredo@$1" || return
	done
}

#
# The boots
#

boot_none()
{
	plan 24
	check "the machine boots" wait_for 300 booted
	check "installing has started nothing" eval "
		! systemctl list-units --all --no-legend 'teredo*' | grep . &&
		! ip -o link show type teredo | grep ."

	conf tun1 "server $server"
	check "start: a client's tunnel, at once" within 120 systemctl start teredo-link@tun1
	check "it is qualified" wait_for 60 works tun1
	check "and carries packets" reaches clia "$host"
	was=$(address tun1)

	# Restarts, of which there are many kinds
	check "systemctl restart: nothing is lost" unharmed tun1 restarted restart teredo@tun1 tun1
	check "systemctl try-restart: nothing is lost" unharmed tun1 restarted try-restart teredo@tun1 tun1
	check "systemctl reload-or-restart: nothing is lost" unharmed tun1 systemctl reload-or-restart teredo@tun1
	check "systemctl reload: nothing is lost" unharmed tun1 systemctl reload teredo@tun1
	check "daemon-reload, daemon-reexec: nothing is lost" unharmed tun1 \
		eval "systemctl daemon-reload && systemctl daemon-reexec"
	check "restart of the whole tunnel: nothing is lost" unharmed tun1 \
		restarted restart teredo-link@tun1 tun1
	check "upgrade of a package: nothing is lost" unharmed tun1 \
		deb-systemd-invoke restart 'teredo@tun1.service' 'teredo-link@tun1.service'
	check "a crash: nothing is lost" unharmed tun1 crash tun1
	check "twelve restarts in a row: nothing is lost" unharmed tun1 many_restarts tun1
	check "the address is the first one" [ "$(address tun1)" = "$was" ]

	# Stops, after which nothing is left
	check "stop: address and route are taken back when it returns" eval "
		systemctl stop teredo@tun1 && withdrawn tun1"
	check "not as a failure" eval "! systemctl is-failed teredo@tun1"
	check "show says why" eval "teredo-tool show tun1 | grep 'was stopped'"
	check "start: qualified again" eval "systemctl start teredo@tun1 && wait_for 60 works tun1"
	check "systemctl kill: taken back, too" eval "
		systemctl kill teredo@tun1 && wait_for 20 withdrawn tun1"
	check "a crash that stays: taken back" eval "
		systemctl start teredo@tun1 && wait_for 60 works tun1 &&
		kill -9 \$(main_pid teredo@tun1) && systemctl stop teredo@tun1 && withdrawn tun1"
	check "stop of the whole tunnel: it is gone when that returns" eval "
		systemctl start teredo@tun1 && within 120 systemctl stop teredo-link@tun1 && away tun1"
	check "start: it works again" eval "
		within 120 systemctl start teredo-link@tun1 && wait_for 60 works tun1"
	check "it is enabled" eval "enable tun1 && keep"
}

boot_faults()
{
	plan 27
	check "the machine boots" wait_for 300 booted
	conf tun1 "server $server"

	# What cannot work
	check "no file: it fails" fails_within 120 systemctl start teredo-link@nosuch
	check "at once, once, and says why" eval "
		[[ \$(systemctl show -P SubState teredo-link@nosuch) = failed ]] &&
		journalctl -u teredo-link@nosuch | grep '/etc/teredo/nosuch.conf: No such file'"
	check "no link: the controller waits a while, and fails" fails_within 150 systemctl start teredo@nosuch
	check "once, and says why" eval "
		[[ \$(systemctl show -P SubState teredo@nosuch) = failed ]] &&
		journalctl -u teredo@nosuch | grep 'no such link'"
	conf dead1 "server 203.0.113.9"
	check "a server that does not answer: that is no failure of the start" \
		within 120 systemctl start teredo-link@dead1
	check "but is told" wait_for 60 eval "
		teredo-tool show dead1 | grep 'no reply from server 203.0.113.9'"
	check "its stop is a stop" eval "within 120 systemctl stop teredo-link@dead1 && away dead1"
	# One that hangs while its link is there already, and is killed
	conf srv1 "mode server" "local 203.0.113.9" "server2 203.0.113.10"
	mkfifo /etc/teredo/srv1.secrets
	mkdir -p /run/systemd/system/teredo-link@srv1.service.d
	printf '%s\n' '[Service]' TimeoutStartSec=20 Restart=no >/run/systemd/system/teredo-link@srv1.service.d/a.conf
	systemctl daemon-reload
	ip addr add 203.0.113.9/32 dev lo
	ip addr add 203.0.113.10/32 dev lo
	echo "# none" >/etc/teredo/srv1.secrets &
	check "one that hangs is ended" fails_within 150 systemctl start teredo-link@srv1
	check "and leaves no link" eval "! ip link show srv1"
	rm /etc/teredo/srv1.secrets
	check "that could be in the way of the next" within 120 systemctl start teredo-link@srv1
	systemctl stop teredo-link@srv1
	ip addr del 203.0.113.9/32 dev lo
	rm -r /run/systemd/system/teredo-link@srv1.service.d
	systemctl daemon-reload
	check "the address of a server is not there" fails_within 120 systemctl start teredo-link@srv1
	ip addr add 203.0.113.9/32 dev lo
	check "as soon as it is, it works" wait_for 60 systemctl is-active teredo-link@srv1
	systemctl stop teredo-link@srv1
	ip addr del 203.0.113.9/32 dev lo

	# A tunnel that is another one by now
	conf rel1 "mode relay" "mtu 1300"
	systemctl start teredo-link@rel1
	was=$(index rel1)
	check "restart, and nothing has changed: the same link" eval "
		systemctl restart teredo-link@rel1 && [[ \$(index rel1) = $was ]]"
	conf rel1 "mode relay" "mtu 1400"
	check "restart, and the file has: another one" eval "
		systemctl restart teredo-link@rel1 && ip link show rel1 | grep 'mtu 1400'"
	conf rel1 "nonsense"
	check_fails "restart, and the file is wrong" systemctl restart teredo-link@rel1
	check "that ends it" away rel1
	ip link add hand1 type teredo
	conf hand1 "mode relay"
	check_fails "a link made by hand is in the way" systemctl start teredo-link@hand1
	check "and stays" ip link show hand1
	ip link del hand1

	# As the manual has it
	doc=$repo/Documentation/man/teredo.conf.5
	sed -n '/^# \/etc\/teredo\/teredo1/,/^.fi/p' "$doc" | grep -v '^\.' >/etc/teredo/teredo1.conf
	ip addr add 192.0.2.1/32 dev lo
	ip addr add 192.0.2.2/32 dev lo
	check "manual: a server, started with the system" eval "
		\$(sed -n 's/\\\\//g; /^systemctl enable/p' $doc) && teredo-tool -j show teredo1 |
			jq -e '.[0].state == \"active\" and .[0].relaying' && systemctl disable --now teredo-link@teredo1"
	ip addr del 192.0.2.1/32 dev lo
	ip addr del 192.0.2.2/32 dev lo

	# By hand
	check "up: by way of the service" eval "
		within 120 teredo-tool up tun1 | cat && works tun1"
	check "down: with its service, when it returns" eval "teredo-tool down tun1 && away tun1"
	check "up, and a server that does not answer" fails_within 120 teredo-tool up dead1
	check "the service goes on, until down" eval "
		systemctl is-active teredo@dead1 && teredo-tool down dead1 && away dead1"
	conf bad1 "refresh 30"
	check_says "up, and a controller that fails" "has ended" teredo-tool up bad1
	check "leaves nothing" away bad1
	check "names of all kinds" names
}

# Whatever a link can be called, as it is and as systemd-escape has it
names()
{
	local name instance

	for name in my-tun my.tun a@b 0tun a23456789012345 a+b; do
		conf "$name" "mode relay"
		for instance in "$name" "$(systemd-escape -- "$name")"; do
			[[ $instance != *+* ]] || continue
			echo "$name as $instance"
			systemctl start "teredo-link@$instance" || return
			ip link show "$name" || return
			systemctl stop "teredo-link@$instance" || return
			! ip link show "$name" || return
		done
	done
	conf my-tun "server $server"
	within 120 systemctl start teredo-link@my-tun && wait_for 60 works my-tun &&
	systemctl stop teredo-link@my-tun && away my-tun &&
	within 120 teredo-tool up my-tun && works my-tun && teredo-tool down my-tun
}

many=$(printf 'm%d ' {1..17})

boot_one()
{
	local name

	begins_with tun1 none
	plan 5
	check "a client's tunnel is enabled: the machine boots" wait_for 300 booted
	check "it is qualified" wait_for 60 works tun1
	check "and carries packets" reaches clia "$host"
	check "nothing has failed" eval "! systemctl --failed --no-legend | grep teredo"
	for name in $many; do
		conf "$name" "server $server"
	done
	conf dead1 "server 203.0.113.9"
	conf srv1 "mode server" "local 203.0.113.9" "server2 203.0.113.10"
	# shellcheck disable=SC2086 # a list
	check "many are enabled" eval "enable $many dead1 srv1 nosuch && keep"
}

boot_twenty()
{
	local name

	begins_with m1 one
	plan 6
	check "twenty are enabled, one has no file, one no server, one no address: the machine boots" \
		wait_for 300 booted
	for name in tun1 $many; do
		wait_for 120 works "$name" || break
	done
	check "all of the others are qualified" works "$name"
	check "one without a file has failed, and no other" eval "
		systemctl is-failed teredo-link@nosuch &&
		! systemctl --failed --no-legend | grep teredo | grep -v nosuch"
	check "one without a server says so" wait_for 60 eval "
		teredo-tool show dead1 | grep -E 'no reply from server|is rejected on the way'"
	ip addr add 203.0.113.9/32 dev lo
	ip addr add 203.0.113.10/32 dev lo
	check "one without an address works as soon as it has it" \
		wait_for 60 systemctl is-active teredo-link@srv1
	check "all of them stop" eval "
		within 120 systemctl stop 'teredo-link@*' && ! ip -o link show type teredo | grep ."
}

boot_private()
{
	local key=/etc/teredo/tun1.key

	plan 11
	umask 077
	check "the machine boots" wait_for 300 booted
	tool srv set teredo0 secure required
	tool srv secret add teredo0 alice >$key
	conf tun1 "server $server" "refresh 4"
	teredo-tool up tun1 >/dev/null
	check "without an id it is not answered" eval "! works tun1"
	teredo-tool down tun1
	conf tun1 "server $server" "refresh 4" "id alice"
	check "a file and a key of mode 0600: qualified" eval "
		stat -c '%a %U' /etc/teredo/tun1.conf $key | sort -u | grep -x '600 root' &&
		within 120 systemctl start teredo-link@tun1 && wait_for 60 works tun1"
	check "the controller is not root, and nobody else can read the copies" eval "
		[[ \$(stat -c %u /proc/\$(main_pid teredo@tun1)) != 0 ]] &&
		stat -L -c '%a %u' /run/teredo-controller/tun1{,/conf,/key} | tee $tmp/modes &&
		! grep -v '^[47]00 [1-9]' $tmp/modes"
	check "restart: qualified" eval "
		restarted restart teredo@tun1 tun1 && stays 10 works tun1"

	# The server hears only of the new one.
	tool srv secret replace teredo0 alice >$key
	check "another key, and a reload: nothing is lost" unharmed tun1 systemctl reload teredo@tun1
	check "it is used" stays 15 works tun1
	mv $key /root/elsewhere
	conf tun1 "server $server" "refresh 4" "id alice" "key /root/elsewhere" "algorithm hmac-sha256"
	tool srv secret replace teredo0 alice algorithm hmac-sha256 >/root/elsewhere
	check "a key elsewhere, of another algorithm, and a reload: that is used" eval "
		systemctl reload teredo@tun1 && stays 15 works tun1"
	check "a start: so it is" eval "
		systemctl stop teredo@tun1 && withdrawn tun1 && ! ls /run/teredo-controller/tun1/ &&
		systemctl start teredo@tun1 && wait_for 60 works tun1"
	rm /root/elsewhere
	check "no key, and a reload: which one is missing" eval "
		systemctl reload teredo@tun1 && wait_for 60 eval \"
			teredo-tool show tun1 | grep 'key file /root/elsewhere: No such file'\""
	systemctl stop teredo-link@tun1

	conf srv1 "mode server" "local 203.0.113.9" "server2 203.0.113.10"
	echo "bob 0123456789abcdef" >/etc/teredo/srv1.secrets
	ip addr add 203.0.113.9/32 dev lo
	ip addr add 203.0.113.10/32 dev lo
	check "a server's secrets: known, and others after a restart" eval "
		systemctl start teredo-link@srv1 && teredo-tool secret list srv1 | grep bob &&
		echo 'carol 0123456789abcdef' >/etc/teredo/srv1.secrets &&
		systemctl restart teredo-link@srv1 && teredo-tool secret list srv1 | grep carol"
}

case ${1:-} in
none | faults | private | one | twenty) "boot_$1" ;;
*) skip_all "what is '${1:-}'?" ;;
esac
