// SPDX-License-Identifier: GPL-2.0
#include "bubble.h"

#include <linux/random.h>

#include "build.h"
#include "device.h"
#include "role.h"

/* How long a peer that did not answer is left alone. The RFC limits bubbles;
 * echo requests to native hosts only need to be rare.
 */
static unsigned long quiet_time(const struct teredo_peer *peer)
{
	return peer->kind == TEREDO_PEER_KIND_NATIVE ? TEREDO_ECHO_RETRY :
						       TEREDO_BUBBLE_WINDOW;
}

bool teredo_probe_start(struct teredo_dev *td, struct teredo_peer *peer,
			struct teredo_probe *probe)
{
	unsigned long now = jiffies;

	lockdep_assert_held(&td->peers.lock);
	if (peer->last_probe &&
	    time_before(now, peer->last_probe + TEREDO_PROBE_SPACING))
		return false;
	if (peer->bubbles >= TEREDO_PROBE_TRIES) {
		if (time_before(now, peer->last_probe + quiet_time(peer)))
			return false;
		peer->bubbles = 0;
	}
	peer->bubbles++;
	WRITE_ONCE(peer->last_probe, teredo_now());
	/* Only echo requests carry one; 0 is none (C-89). */
	if (peer->kind == TEREDO_PEER_KIND_NATIVE)
		WRITE_ONCE(peer->nonce, get_random_u64() ?: 1);

	probe->addr = peer->addr;
	probe->kind = peer->kind;
	probe->nonce = peer->nonce;
	return true;
}

void teredo_probe_send(struct teredo_dev *td, const struct teredo_probe *probe)
{
	READ_ONCE(td->role)->probe(td, probe);
}

void teredo_bubble_send(struct teredo_dev *td, union teredo_endpoint to,
			const struct in6_addr *saddr,
			const struct in6_addr *daddr)
{
	u8 buf[TEREDO_IPV6_LEN];

	teredo_build_bubble(buf, saddr, daddr);
	if (!teredo_send_buf(td, TEREDO_SOCK_PRIMARY, to, buf, sizeof(buf)))
		teredo_count(td->stats, TEREDO_A_STATS_TX_BUBBLE);
}

bool teredo_bubble_direct(struct teredo_dev *td, const struct in6_addr *saddr,
			  const struct in6_addr *daddr)
{
	struct teredo_addr ta;

	if (!teredo_addr_is_usable(&ta, daddr)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_NOT_GLOBAL);
		return false;
	}
	teredo_bubble_send(td, teredo_endpoint(ta.client, ta.port), saddr,
			   daddr);
	return true;
}

bool teredo_bubble_indirect(struct teredo_dev *td,
			    const struct in6_addr *saddr,
			    const struct in6_addr *daddr)
{
	struct teredo_addr ta;

	if (!teredo_addr_is_usable(&ta, daddr)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_NOT_GLOBAL);
		return false;
	}
	/* Whoever sends us to many clients of one server cannot use us to
	 * flood that server (SEC-28).
	 */
	if (!teredo_ratelimiter_ok(&td->probes, ta.server)) {
		teredo_count(td->stats, TEREDO_A_STATS_TX_LIMITED);
		return false;
	}
	teredo_bubble_send(td, teredo_endpoint(ta.server, htons(TEREDO_PORT)),
			   saddr, daddr);
	return true;
}
