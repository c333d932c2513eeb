#!/bin/bash
# SPDX-License-Identifier: GPL-2.0
#
# klog.sh FILE [MARKER]: print what the kernel complains of in a log; exit 1 if
# it does.  Only what comes after the last line that ends in MARKER counts.

bad='BUG:|BUG [a-z]|kernel BUG at|WARNING:|Oops|Kernel panic|general protection'
bad+='|Unable to handle|Call Trace:|KASAN|KFENCE|UBSAN:|kmemleak:|ODEBUG:'
bad+='|possible (circular|recursive) locking|suspicious RCU|inconsistent lock state'
bad+='|detected stalls|self-detected stall|soft lockup|hard LOCKUP|blocked for more than'
bad+='|unregister_netdevice: waiting|refcount_t:|list_(add|del) corruption'
bad+='|scheduling while atomic|sleeping function called|objects remaining|still has objects'
bad+='|leaked|Redzone|Poison overwritten|Object already free|double free'

# Not ours to answer for, with the stack that follows: what the kernel says when it has
# no memory for a sysctl (fault.sh), and that on a single CPU a lock was taken, which
# is what icmpv6_xmit_lock() only tries for.
tolerated='sysctl could not get directory|spinlock trylock failure on UP'

new=$(awk -v marker="${2:-vm: start}" -v tolerated="$tolerated" '
	substr($0, length($0) - length(marker) + 1) == marker { n = 0; delete line }
	{ text = $0; sub(/^\[ *[0-9.]+\] /, "", text) }
	text ~ tolerated { skip = 1; next }
	skip && text ~ /^( |CPU:|Stack:|Call Trace:|$)/ { next }
	{ skip = 0; line[++n] = $0 }
	END { for (i = 1; i <= n; i++) print line[i] }' "$1")
grep -qE "$bad" <<<"$new" || exit 0

echo "vm: the kernel complained:"
grep -E -B 5 -A 45 "$bad" <<<"$new" | head -n 160 | sed 's/^/| /'
exit 1
