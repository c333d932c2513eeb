// SPDX-License-Identifier: GPL-2.0
#include "peer/extra.h"

#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "base/ledger.h"
#include "link/device.h"
#include "peer/neighbour.h"

struct teredo_extra *teredo_extra_of(struct teredo_dev *td, const struct teredo_peer *peer)
{
	return rcu_dereference_protected(peer->extra,
					 lockdep_is_held(&td->peers->lock));
}

struct teredo_extra *teredo_extra_make(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_extra *extra = teredo_extra_of(td, peer);
	struct mem_cgroup *memcg;

	if (extra)
		return extra;
	memcg = set_active_memcg(td->memcg);
	extra = kzalloc(sizeof(*extra), TEREDO_GFP_REMOTE);
	set_active_memcg(memcg);
	if (teredo_made(TEREDO_OBJECT_EXTRA, extra))
		rcu_assign_pointer(peer->extra, extra);
	return extra;
}

void teredo_extra_remove(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_extra *extra = teredo_extra_of(td, peer);

	if (!extra)
		return;
	teredo_neighbour_remove(td, peer);
	teredo_gone(TEREDO_OBJECT_EXTRA, extra);
	kfree_rcu(extra, rcu);
}
