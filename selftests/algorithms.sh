#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# Secrets in a kernel with only one of the two algorithms, in FIPS mode, where a key of HMAC
# needs at least 112 bits: errors say which of the two is the reason, and the server keeps
# the secrets that it has.
#
# Boots with: fips=1 initcall_blacklist=sha1_generic_mod_init

. "$(dirname "$0")/lib/lib.sh"

need jq
need_teredo
[[ $(cat /proc/sys/crypto/fips_enabled) = 1 ]] || skip_all "not in FIPS mode"
# Prevent that the module is loaded on demand.
was=$(</proc/sys/kernel/modprobe)
defer eval "echo '$was' >/proc/sys/kernel/modprobe"
echo /bin/false >/proc/sys/kernel/modprobe
! grep -q '^name *: sha1$' /proc/crypto || skip_all "this kernel has sha1"
plan 7

# key OCTETS: print a file with a key of that length
key()
{
	head -c "$1" /dev/zero | tr "\\0" k >"$tmp/key$1"
	chmod 600 "$tmp/key$1"
	echo "$tmp/key$1"
}

# secret WHAT ARGUMENTS...: change the secrets of the server
secret()
{
	tool srv secret "$1" teredo0 "${@:2}"
}

# ids IDS: the server has exactly these
ids()
{
	tool srv -j secret list teredo0 | jq -e "[.[].id] | sort == $1"
}

ns_add srv
tool srv add teredo0 mode server local 203.0.113.1
check "an algorithm that there is" secret add first "$(key 14)" algorithm hmac-sha256
check_says "one that there is not (S-32, C-31)" "this kernel does not have the algorithm" \
	secret add second "$(key 14)" algorithm hmac-sha1
check_says "a key that is too short (S-32, C-31)" "this kernel's algorithm refuses the key" \
	secret add third "$(key 13)" algorithm hmac-sha256
check "neither is left" ids '["first"]'
check_says "nor is one replaced by such a key" "this kernel's algorithm refuses the key" \
	secret replace first "$(key 13)" algorithm hmac-sha256
check "it is still there" ids '["first"]'
check "and works on" secret replace first "$(key 15)" algorithm hmac-sha256
