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

new=$(awk -v marker="${2:-vm: start}" '
	substr($0, length($0) - length(marker) + 1) == marker { n = 0; delete line } { line[++n] = $0 }
	END { for (i = 1; i <= n; i++) print line[i] }' "$1")
grep -qE "$bad" <<<"$new" || exit 0

echo "vm: the kernel complained:"
grep -E -B 5 -A 45 "$bad" <<<"$new" | head -n 160 | sed 's/^/| /'
exit 1
