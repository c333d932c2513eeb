// SPDX-License-Identifier: GPL-2.0
#include "base/ledger.h"

#include <linux/printk.h>

DEFINE_PER_CPU(struct teredo_ledger, teredo_ledger);

static const char *const names[TEREDO_OBJECTS] = {
	[TEREDO_OBJECT_LINK]		= "links",
	[TEREDO_OBJECT_CONFIG]		= "configurations",
	[TEREDO_OBJECT_STATUS]		= "states",
	[TEREDO_OBJECT_SOCKET]		= "sockets",
	[TEREDO_OBJECT_SECRET]		= "secrets",
	[TEREDO_OBJECT_PEER]		= "peers",
	[TEREDO_OBJECT_EXTRA]		= "extras",
	[TEREDO_OBJECT_NEIGHBOUR]	= "neighbours",
	[TEREDO_OBJECT_WAIT]		= "attempts",
	[TEREDO_OBJECT_WAITING]		= "packets",
	[TEREDO_OBJECT_DUMP]		= "dumps",
	[TEREDO_OBJECT_EVENT]		= "events",
	[TEREDO_OBJECT_PERCPU]		= "areas of each CPU",
};

void teredo_ledger_close(void)
{
	unsigned int what;
	int cpu;

	for (what = 0; what < TEREDO_OBJECTS; what++) {
		unsigned long made = 0, gone = 0;

		for_each_possible_cpu(cpu) {
			const struct teredo_ledger *ledger;

			ledger = per_cpu_ptr(&teredo_ledger, cpu);
			made += ledger->made[what];
			gone += ledger->gone[what];
		}
		if (made == gone)
			pr_info("teredo: ledger: %lu %s, all freed\n", made,
				names[what]);
		else
			pr_warn("teredo: WARNING: ledger: %lu %s, of which %lu were freed\n",
				made, names[what], gone);
	}
}
