// SPDX-License-Identifier: GPL-2.0
#include "base/stats.h"

#include <net/netlink.h>

int teredo_stats_fill(struct sk_buff *skb,
		      struct teredo_stats_pcpu __percpu *stats)
{
	int what, cpu;

	for (what = TEREDO_A_STATS_PAD + 1; what <= TEREDO_A_STATS_MAX; what++) {
		u64 sum = 0;

		for_each_possible_cpu(cpu)
			sum += READ_ONCE(per_cpu_ptr(stats, cpu)->count[what]);
		if (nla_put_u64_64bit(skb, what, sum, TEREDO_A_STATS_PAD))
			return -EMSGSIZE;
	}
	return 0;
}

size_t teredo_stats_size(void)
{
	return TEREDO_A_STATS_MAX * nla_total_size_64bit(sizeof(u64));
}
