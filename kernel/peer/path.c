// SPDX-License-Identifier: GPL-2.0
#include "peer/path.h"

#include "codec/addr.h"
#include "link/device.h"
#include "peer/neighbour.h"

bool teredo_path_leads_local(struct teredo_dev *td, const struct teredo_peer *peer)
{
	const struct teredo_extra *extra = teredo_peer_extra(td, peer);

	return extra && peer->mapped.word == extra->local.word;
}

bool teredo_path_is_local(struct teredo_dev *td, const struct teredo_peer *peer)
{
	return teredo_path_leads_local(td, peer) && teredo_peer_is_open(peer);
}

void teredo_path_leave(struct teredo_dev *td, struct teredo_peer *peer,
		       union teredo_endpoint src)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);

	if (extra && extra->local.word == src.word &&
	    peer->mapped.word != src.word && teredo_peer_is_open(peer))
		extra->direct_rx = READ_ONCE(peer->last_rx);
}

bool teredo_path_stay(struct teredo_dev *td, struct teredo_peer *peer,
		      union teredo_endpoint src)
{
	if (peer->mapped.word == src.word || !teredo_peer_is_open(peer) ||
	    !teredo_path_leads_local(td, peer))
		return false;
	teredo_peer_extra(td, peer)->direct_rx = teredo_now();
	return true;
}

void teredo_path_fall_back(struct teredo_dev *td, struct teredo_peer *peer)
{
	struct teredo_extra *extra = teredo_peer_extra(td, peer);
	struct teredo_addr ta;

	if (!extra || !extra->direct_rx || peer->wait ||
	    peer->state != TEREDO_PEER_STATE_TRUSTED ||
	    teredo_peer_is_open(peer) || !teredo_path_leads_local(td, peer) ||
	    !time_before(jiffies, extra->direct_rx + TEREDO_PEER_VALID))
		return;
	teredo_addr_unpack(&ta, &peer->addr);
	teredo_endpoint_write(&peer->mapped,
			      teredo_endpoint(ta.client, ta.port));
	WRITE_ONCE(peer->last_rx, extra->direct_rx);
	WRITE_ONCE(peer->bubbles, 0);
	teredo_peer_changed(td, peer, TEREDO_PEER_CAUSE_SILENCE);
}
