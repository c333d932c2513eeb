/* SPDX-License-Identifier: GPL-2.0 */
/* Counters, the reasons for drops among them. Each is an attribute of the netlink set
 * "stats", so that kernel, netlink and tool know it by the same name.
 */
#ifndef TEREDO_STATS_H
#define TEREDO_STATS_H

#include <linux/percpu.h>
#include <linux/skbuff.h>
#include <uapi/linux/teredo.h>

/* Verdicts about a packet. TEREDO_GO_ON: continue with it. TEREDO_TAKEN: it was consumed.
 * Any other value is the enum teredo_stats that is the reason to drop it.
 */
#define TEREDO_GO_ON	0
#define TEREDO_TAKEN	(-1)

/* Single words, updated in any context. On 32 bits they wrap, as those of the stack do. */
struct teredo_stats_pcpu {
	unsigned long count[TEREDO_A_STATS_MAX + 1];
};

static inline void teredo_count(struct teredo_stats_pcpu __percpu *stats,
				enum teredo_stats what)
{
	this_cpu_inc(stats->count[what]);
}

/* Put all counters into @skb as attributes of the set stats. Returns 0 or -EMSGSIZE. */
int teredo_stats_fill(struct sk_buff *skb,
		      struct teredo_stats_pcpu __percpu *stats);

/* Return how many octets teredo_stats_fill() needs at most. */
size_t teredo_stats_size(void);

#endif /* TEREDO_STATS_H */
