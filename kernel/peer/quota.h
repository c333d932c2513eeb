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
	TEREDO_BY_HAND,		/* the administrator set it; no quota, no list */
};

#define TEREDO_QUOTAS	2	/* of the first two causes */
#define TEREDO_QUOTA_ROWS	2
#define TEREDO_QUOTA_SHARES	128

/* Numbers of peers; under teredo_peers.lock */
struct teredo_quota {
	struct list_head list[TEREDO_QUOTAS];	/* unproven, next candidate first */
	unsigned int count[TEREDO_QUOTAS];
	/* The counts by initiator, which has a place in each row */
	u16 share[TEREDO_QUOTAS][TEREDO_QUOTA_ROWS][TEREDO_QUOTA_SHARES];
	unsigned int proven;
};

void teredo_quota_init(struct teredo_quota *quota);

/* Return true if no peer is accounted for. At teardown. */
bool teredo_quota_is_even(const struct teredo_quota *quota);

/* Return true if a peer may be added for @cause. If that takes an eviction, sets *@victim
 * to the peer that the caller has to remove first, else to NULL. Under the lock.
 */
bool teredo_quota_admit(struct teredo_dev *td, const struct teredo_config *cfg,
			enum teredo_cause cause, struct teredo_peer **victim);

/* Account for @peer, which was added to the table on behalf of @initiator, or was removed.
 * Under the lock.
 */
void teredo_quota_enter(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_cause cause, u32 initiator);
void teredo_quota_leave(struct teredo_dev *td, struct teredo_peer *peer);

/* Charge @peer to @initiator, on whose behalf a series of probes begins. Under the lock. */
void teredo_quota_probed(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_cause cause,
			 u32 initiator);

/* Mark @peer as proven, if there is room for another one: it has shown what only a host
 * that receives our packets can know. Under the lock.
 */
void teredo_quota_prove(struct teredo_dev *td, const struct teredo_config *cfg,
			struct teredo_peer *peer);

/* The same for a peer that the administrator has set, without a limit. Under the lock. */
void teredo_quota_vouch(struct teredo_dev *td, struct teredo_peer *peer);

/* Return true if there is no room for another proven peer. No lock needed. */
bool teredo_quota_is_full(const struct teredo_dev *td,
			  const struct teredo_config *cfg);

/* Return true if idle peers should be removed sooner. No lock needed. */
bool teredo_quota_is_pressed(const struct teredo_dev *td,
			     const struct teredo_config *cfg);

#endif /* TEREDO_QUOTA_H */
