/* SPDX-License-Identifier: GPL-2.0 */
/* Who may be in the list of peers, and who goes for whom (SEC-25, SEC-26). */
#ifndef TEREDO_QUOTA_H
#define TEREDO_QUOTA_H

#include <linux/list.h>
#include <linux/types.h>

struct teredo_config;
struct teredo_dev;
struct teredo_peer;

/* Why there is a peer. */
enum teredo_origin {
	TEREDO_BY_US,		/* a packet that we want to send */
	TEREDO_BY_STRANGER,	/* a datagram that came */
	TEREDO_BY_HAND,		/* the administrator; never in a list */
};

#define TEREDO_QUOTAS	2	/* those of the first two */
#define TEREDO_QUOTA_ROWS	2
#define TEREDO_QUOTA_SHARES	128

struct teredo_quota {		/* under teredo_peers.lock */
	struct list_head list[TEREDO_QUOTAS];	/* those to look at first, first */
	unsigned int count[TEREDO_QUOTAS];
	/* The same, by who caused them: a place in each row */
	u16 share[TEREDO_QUOTAS][TEREDO_QUOTA_ROWS][TEREDO_QUOTA_SHARES];
	unsigned int proven;
};

void teredo_quota_init(struct teredo_quota *quota);

/* True if nobody is counted: the last peer has gone, and what it had with it. */
bool teredo_quota_is_even(const struct teredo_quota *quota);

/* True if there is room for another peer, once *@victim has gone for it, if that is not
 * NULL. Under the lock.
 */
bool teredo_quota_admit(struct teredo_dev *td, const struct teredo_config *cfg,
			enum teredo_origin origin, struct teredo_peer **victim);

/* The new @peer is in the table because of @cause, see teredo_cause(), or out of it
 * again. Under the lock.
 */
void teredo_quota_enter(struct teredo_dev *td, struct teredo_peer *peer,
			enum teredo_origin origin, u32 cause);
void teredo_quota_leave(struct teredo_dev *td, struct teredo_peer *peer);

/* We begin to probe @peer because of @cause, with a packet of our own or for a
 * stranger. Under the lock.
 */
void teredo_quota_probed(struct teredo_dev *td, const struct teredo_config *cfg,
			 struct teredo_peer *peer, enum teredo_origin origin,
			 u32 cause);

/* @peer is where its packets come from: it knew what only one who gets ours can
 * know. Under the lock.
 */
void teredo_quota_prove(struct teredo_dev *td, const struct teredo_config *cfg,
			struct teredo_peer *peer);

/* The same, by the administrator's word. Under the lock. */
void teredo_quota_vouch(struct teredo_dev *td, struct teredo_peer *peer);

/* True if nobody else could be proven; no lock needed. */
bool teredo_quota_is_full(const struct teredo_dev *td,
			  const struct teredo_config *cfg);

/* True if idle peers should go sooner; no lock needed. */
bool teredo_quota_is_pressed(const struct teredo_dev *td,
			     const struct teredo_config *cfg);

#endif /* TEREDO_QUOTA_H */
