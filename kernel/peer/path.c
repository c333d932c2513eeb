// SPDX-License-Identifier: GPL-2.0
#include "peer/path.h"

#include "codec/addr.h"
#include "link/device.h"
#include "peer/neighbour.h"

/* Paths to a peer, worst first */
enum rank {
	DIRECT,		/* the mapping in its address, or another one that it uses */
	LOCAL,		/* the endpoint that discovery found */
};

static enum rank rank_of(struct teredo_dev *td, const struct teredo_peer *peer,
			 union teredo_endpoint at)
{
	const struct teredo_neighbour *neighbour = teredo_neighbour_of(td, peer);

	return neighbour && neighbour->local.word == at.word ? LOCAL : DIRECT;
}

bool teredo_path_leads_local(struct teredo_dev *td, const struct teredo_peer *peer)
{
	return rank_of(td, peer, peer->mapped) == LOCAL;
}

bool teredo_path_is_local(struct teredo_dev *td, const struct teredo_peer *peer)
{
	return teredo_path_leads_local(td, peer) && teredo_peer_is_open(peer);
}

void teredo_path_leave(struct teredo_dev *td, struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	if (rank_of(td, peer, src) > rank_of(td, peer, peer->mapped) &&
	    teredo_peer_is_open(peer))
		teredo_extra_of(td, peer)->lower_rx = READ_ONCE(peer->last_rx);
}

bool teredo_path_stay(struct teredo_dev *td, struct teredo_peer *peer,
		      union teredo_endpoint src)
{
	if (rank_of(td, peer, src) >= rank_of(td, peer, peer->mapped) ||
	    !teredo_peer_is_open(peer))
		return false;
	teredo_extra_of(td, peer)->lower_rx = teredo_now();
	return true;
}

void teredo_path_fall_back(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_extra *extra = teredo_extra_of(td, peer);
	struct teredo_addr ta;

	if (!extra || !extra->lower_rx || peer->wait ||
	    peer->state != TEREDO_PEER_STATE_TRUSTED ||
	    teredo_peer_is_open(peer) || !teredo_path_leads_local(td, peer) ||
	    !time_before(jiffies, extra->lower_rx + TEREDO_PEER_VALID))
		return;
	teredo_addr_unpack(&ta, &peer->addr);
	teredo_endpoint_write(&peer->mapped,
			      teredo_endpoint(ta.client, ta.port));
	WRITE_ONCE(peer->last_rx, extra->lower_rx);
	WRITE_ONCE(peer->bubbles, 0);
	teredo_peer_changed(td, peer, TEREDO_PEER_CAUSE_SILENCE);
}
