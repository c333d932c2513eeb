/* SPDX-License-Identifier: GPL-2.0 */
/* Admission to the list of peers, and eviction from it (SEC-25, SEC-26). */
#ifndef TEREDO_QUOTA_H
#define TEREDO_QUOTA_H

#include <linux/list.h>
#include <linux/types.h>

struct teredo_config;
struct teredo_dev;
struct teredo_peer;

/* Why a peer exists */
enum teredo_cause {
	TEREDO_BY_US,		/* we had a packet to send */
	TEREDO_BY_STRANGER,	/* we received a datagram */
	TEREDO_BY_HAND,		/* the administrator set it; in no list */
};

#define TEREDO_QUOTAS	2	/* those of the first two */
#define TEREDO_QUOTA_ROWS	2
#define TEREDO_QUOTA_SHARES	128

struct teredo_quota {		/* under teredo_peers.lock */
	struct list_head list[TEREDO_QUOTAS];	/* next candidate first */
	unsigned int count[TEREDO_QUOTAS];
	/* The same by initiator, which has a place in each row */
	u16 share[TEREDO_QUOTAS][TEREDO_QUOTA_ROWS][TEREDO_QUOTA_SHARES];
	unsigned int proven;
};

void teredo_quota_init(struct teredo_quota *quota);

/* Return true if no peer is accounted for. At teardown. */
bool teredo_quota_is_even(const struct teredo_quota *quota);

/* Return true if there is room for another peer, after removing *@victim unless that is NULL.
 * Under the lock.
 */
bool teredo_quota_admit(struct teredo_dev *td, const struct teredo_config *cfg,
			enum teredo_cause cause, struct teredo_peer **victim);

/* Account for @peer, which was added to the table on behalf of @initiator, or was removed.
 * Under the lock.
 */
void teredo_quota_enter(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_cause cause, u32 initiator);
void teredo_quota_leave(struct teredo_dev *td, struct teredo_peer *peer);

/* Account for @peer anew: a series of probes begins on behalf of @initiator. Under the lock. */
void teredo_quota_probed(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_cause cause,
			 u32 initiator);

/* Note that @peer is proven: it knew what only a host that receives our packets can know.
 * Under the lock.
 */
void teredo_quota_prove(struct teredo_dev *td, const struct teredo_config *cfg,
			struct teredo_peer *peer);

/* The same on the administrator's word, without a limit. Under the lock. */
void teredo_quota_vouch(struct teredo_dev *td, struct teredo_peer *peer);

/* Return true if there is no room for another proven peer. No lock needed. */
bool teredo_quota_is_full(const struct teredo_dev *td,
			  const struct teredo_config *cfg);

/* Return true if idle peers should be removed sooner. No lock needed. */
bool teredo_quota_is_pressed(const struct teredo_dev *td,
			     const struct teredo_config *cfg);

#endif /* TEREDO_QUOTA_H */
