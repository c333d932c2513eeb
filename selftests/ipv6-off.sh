#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# IPv6 was disabled at boot: its tables do not exist, and any look-up in them would crash.
# So no link can be created, in any mode, and requests get an error.  fuzz.sh switches IPv6
# off later.
#
# Boots with: ipv6.disable=1

. "$(dirname "$0")/lib/lib.sh"

need_teredo
[[ ! -e /proc/net/if_inet6 ]] || skip_all "IPv6 is not disabled in this kernel"
plan 9

reason="IPv6 is disabled in this kernel (ipv6.disable=1)"
ns_add home
nip home link set lo up

check_says "no client" "$reason" tool home add teredo0 mode client server 203.0.113.1
check_says "no relay" "$reason" tool home add teredo0 mode relay
check_says "no host-specific relay" "$reason" tool home add teredo0 mode host-relay
check_says "no server" "$reason" tool home add teredo0 mode server local 127.0.0.1
check_says "no server that relays" "$reason" \
	tool home add teredo0 mode server local 127.0.0.1 relaying on
check_says "nor by ip" "$reason" nip home link add teredo0 type teredo
check "nothing is left of them" eval "[[ ! \$(nip home link show type teredo) ]]"
check "commands that need no link go on" eval "[[ \$(tool home -j show) = '[]' ]]"
check "unload" timeout 60 rmmod teredo
