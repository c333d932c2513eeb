/* SPDX-License-Identifier: GPL-2.0 */
/* Timers of the peers.
 *
 * What           | when                            | where
 * ---------------+---------------------------------+--------------------------
 * next attempt   | 2 s after the one before        | timers.c, one timer, a
 *                |                                 | list ordered by deadline
 * give up        | 2 s after the fourth attempt    | the same
 * probe a silent | data to send, nothing heard for | teredo_peer_send(), no
 * peer           | 20 s, twice, 4 s apart          | timer at all
 * forget         | 300 s idle, 30 s if short of    | age.c, a work that
 *                | room                            | walks every 10 s
 * announce us    | every 200 to 300 s, sooner if a | discovery.c, one work per
 *                | neighbour may not know us       | namespace
 *
 * All attempts have the same spacing, so the list stays in order if each is
 * appended: no timer per peer, no sorting.
 */
#ifndef TEREDO_TIMERS_H
#define TEREDO_TIMERS_H

#include "peer/peer.h"
#include "peer/queue.h"

void teredo_timer_init(struct teredo_dev *td);

/* Append @wait to the list; it is due after TEREDO_PROBE_SPACING. Under the lock. */
void teredo_timer_add(struct teredo_dev *td, struct teredo_wait *wait);

#endif /* TEREDO_TIMERS_H */
