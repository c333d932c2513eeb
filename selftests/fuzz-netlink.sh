#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Netlink messages that are almost valid (fuzz-netlink.c): every command of the family,
# every attribute, and links that are created, changed and deleted, in two namespaces at
# once.  Afterwards all roles still work, and the kernel log has no warnings.
#
# TEREDO_FUZZ_COUNT= is the number of messages, TEREDO_FUZZ_SEED= the seed.
#
# Runs alone: it unloads the module.

. "$(dirname "$0")/lib/lab.sh"

need_teredo
need_modules dummy
total=${TEREDO_FUZZ_COUNT:-20000} seed=${TEREDO_FUZZ_SEED:-1}
fuzz=$selftests/fuzz/fuzz-netlink
[[ -x $fuzz ]] || skip_all "fuzz-netlink is not built: say make -C selftests"
ns_add one two
plan 5

diagnose()
{
	lab_state
	tail -n 5 "$tmp"/fuzz.*
}

prepare()
{
	nip "$1" -batch - <<-'END'
	link set lo up
	link add dummy0 type dummy
	link set dummy0 up
	addr add 192.0.2.1/24 dev dummy0
	route add default dev dummy0
	END
}

noise()
{
	local name pids=() pid status=0

	for name in one two; do
		prepare $name || return
		spawn $name "$fuzz" $((total / 2)) $((seed + ${#pids[@]})) \
			>"$tmp/fuzz.$name" 2>&1
		pids+=("$spawned")
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || status=1
	done
	cat "$tmp"/fuzz.*
	return $status
}

say "seeds $seed and $((seed + 1)), $total messages"
check "every command is heard, none leaves half a change behind" noise
cat "$tmp"/fuzz.*

ns_del one
ns_del two
check "a laboratory" lab_up restricted restricted
check "all roles can be made" eval "start_server ours && start_relay ours &&
	start_client clia ours && start_client clib ours"
check "and used" eval "reaches clia $host && reaches host $(client_address clib) &&
	reaches clib $(client_address clia)"
stop clia clib rly srv
check "and deleted, and the module unloaded" timeout 300 rmmod teredo
