#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# What `make install` adds to the system: systemd units, rules that keep network managers
# away from the links, and a firewall as an example.  Nothing is started by itself.

# shellcheck source=selftests/lib/lab.sh
. "$(dirname "$0")/lib/lab.sh"

need systemd-analyze udevadm jq ping make nft
need_teredo
plan 19

mkdir "$tmp/root"
# Do not build again: the repository may be read-only.
make -C "$repo/tools" -o teredo-tool -o link_teredo.so install DESTDIR="$tmp/root" PREFIX=/usr >"$tmp/install" 2>&1
check "make install" eval "cat $tmp/install; [[ -x $tmp/root/usr/bin/teredo-tool ]]"
units=$tmp/root/usr/lib/systemd/system

# Units name the installed path of the program.
mkdir "$tmp/units"
for unit in "$units"/*.service; do
	sed "s|/usr/bin/teredo-tool|$repo/tools/teredo-tool|" "$unit" >"$tmp/units/${unit##*/}"
done

# verify UNIT: systemd finds nothing wrong with an instance of it
verify()
{
	local unit=$1 instance=${1/@/@teredo0}

	cp "$tmp/units/$unit" "$tmp/units/$instance"
	systemd-analyze --man=no verify "$tmp/units/$instance" >"$tmp/verify" 2>&1
	cat "$tmp/verify"
	! grep -F teredo "$tmp/verify"
}

# exposure UNIT MOST: systemd rates its exposure at most so high, of 100
exposure()
{
	systemd-analyze security --offline=true --json=short --no-pager \
		--threshold="$2" "$tmp/units/$1" >"$tmp/security" 2>&1 && return
	jq -r '.[] | select(.exposure != null and .exposure != "0.0") |
		"\(.exposure) \(.name)"' <"$tmp/security" | sort -rn | head
	return 1
}

check "teredo@.service is valid" verify teredo@.service
check "teredo-link@.service is valid" verify teredo-link@.service
check "the controller is well confined (SEC-23)" exposure teredo@teredo0.service 20
check "and so is what makes links" exposure teredo-link@teredo0.service 35
check "nothing is started by being installed (SEC-21)" eval "
	! find $tmp/root -path '*.wants*' | grep ."

#
# Loading the module has no effects
#

ns_add here
check "the module alone: no link, no socket, no route (SEC-21)" eval "
	! nip here -o link show type teredo | grep . && ! on here ss -Hanu | grep . &&
	! nip here -6 route | grep -v ' lo '"
check_says "up, without being configured (SEC-21)" "/etc/teredo/nosuch.conf" \
	tool here up nosuch
check_fails "leaves nothing behind" nip here link show nosuch

#
# Network managers
#

tool here add anyname0 mode relay
nip here link set anyname0 netns 1
defer ip link del anyname0
check "the kernel names the type" eval "
	grep -x DEVTYPE=teredo /sys/class/net/anyname0/uevent"
# What systemd-networkd compares Kind= with
check "and the kind" eval "
	ip -d -j link show anyname0 | jq -e '.[0].linkinfo.info_kind == \"teredo\"'"
# udev of this system, with our rule in the folder for temporary ones
mkdir -p /run/udev/rules.d
cp "$tmp/root/usr/lib/udev/rules.d/85-teredo.rules" /run/udev/rules.d/
defer rm -f /run/udev/rules.d/85-teredo.rules
check "udev tells NetworkManager to leave it alone" eval "
	udevadm test -a add /sys/class/net/anyname0 >$tmp/udev 2>&1; cat $tmp/udev
	grep 'NM_UNMANAGED=1' $tmp/udev"
check "systemd-networkd is told, too" eval "
	grep -x Kind=teredo $tmp/root/usr/lib/systemd/network/00-teredo.network &&
	grep -x Unmanaged=yes $tmp/root/usr/lib/systemd/network/00-teredo.network"

#
# The firewall
#

lab_up restricted restricted || skip_all "no laboratory"
start_server ours
start_client clia ours
start_client clib ours
first=$(client_address clia) second=$(client_address clib)
nip nata addr add 2001:db8:9::1/64 dev lan nodad
nip clia addr add 2001:db8:9::2/64 dev eth0 nodad
rules=$tmp/root/usr/share/teredo/firewall.nft
# serve NAME: answer hello on TCP port 2222
serve()
{
	spawn "$1" python3 -c '
import socket
s = socket.create_server(("::", 2222), family=socket.AF_INET6)
while True:
    c, _ = s.accept()
    c.send(b"hello")
    c.close()'
	wait_for 10 listening "$1" 2222
}

connects()
{
	on "$1" timeout "$3" bash -c "read -rn 5 x </dev/tcp/$2/2222; [[ \$x = hello ]]"
}

serve clia
serve clib
check "two clients, without rules: both ways" eval "
	connects clia $second 20 && connects clib $first 20"
check "the rules load, also twice (SEC-01)" on clia bash -c "nft -f $rules && nft -f $rules"
check_fails "unasked, nothing comes in by Teredo (SEC-01)" connects clib "$first" 5
check "what was asked for does (SEC-01)" connects clia "$second" 20
check "and ping (SEC-01)" reaches clib "$first"
check "other links are not touched (SEC-01)" connects nata 2001:db8:9::2 20
