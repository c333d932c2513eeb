// SPDX-License-Identifier: GPL-2.0
#include "link/status.h"

#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "base/ledger.h"
#include "link/device.h"

struct teredo_status *teredo_status_new(const struct teredo_status *old)
{
	return teredo_made(TEREDO_OBJECT_STATUS,
			   old ? kmemdup(old, sizeof(*old), GFP_KERNEL_ACCOUNT) :
				 kzalloc(sizeof(*old), GFP_KERNEL_ACCOUNT));
}

void teredo_status_free(struct teredo_status *status)
{
	kfree(teredo_gone(TEREDO_OBJECT_STATUS, status));
}

void teredo_status_replace(struct teredo_dev *td, struct teredo_status *status)
{
	struct teredo_status *old = rtnl_dereference(td->status);

	if (old && old->state == status->state)
		status->since = old->since;
	else
		status->since = ktime_get_boottime_seconds();
	rcu_assign_pointer(td->status, status);
	teredo_gone(TEREDO_OBJECT_STATUS, old);
	if (old)
		kfree_rcu(old, rcu);
}
