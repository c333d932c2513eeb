// SPDX-License-Identifier: GPL-2.0
/* The server (RFC 4380 5.3). It keeps no state per client. The seven checks are numbered
 * as in 5.3.1.
 */
#include <linux/skbuff.h>

#include "base/trace.h"
#include "codec/build.h"
#include "control/secret.h"
#include "data/loop.h"
#include "data/route.h"
#include "data/rx.h"
#include "data/send.h"
#include "data/socket.h"
#include "link/device.h"
#include "method/bubble.h"
#include "peer/probe.h"
#include "peer/table.h"
#include "role/forward.h"
#include "role/roles.h"

/* Set *@out to the server's link-local address: fe80::8000:f227 and the complement of its
 * primary address (F-16, S-24).
 */
static void own_link_local(const struct teredo_config *cfg,
			   struct in6_addr *out)
{
	const struct teredo_addr id = {
		.flags = TEREDO_FLAG_CONE,
		.port = htons(TEREDO_PORT),
		.client = cfg->local,
	};

	teredo_addr_link_local(out, &id);
}

/* Limit the answers that forged solicitations can direct at a victim. The limit is per
 * address, and its ports share it, as many clients may be behind one address. Clients that
 * sign have a limit of their own, so they do not suffer from those that do not.
 */
static bool may_answer(struct teredo_dev *td, union teredo_endpoint src,
		       bool is_signed)
{
	unsigned int keep;

	src.via = is_signed;	/* only makes it another key */
	keep = teredo_limit_keep(td, TEREDO_LIMIT_ADVERTISEMENTS, src.word);
	src.port = 0;
	return teredo_limit_ok(td, TEREDO_LIMIT_ADVERTISEMENTS, src.word, keep);
}

/* Limit the verification of signatures, which is the most work that a stranger can cause.
 * Networks (/24) that ask for much of it, perhaps with forged sources, leave room for
 * others.
 */
static bool may_verify(struct teredo_dev *td, union teredo_endpoint src)
{
	unsigned int keep;

	keep = teredo_limit_keep(td, TEREDO_LIMIT_VERIFICATIONS,
				 ntohl(src.addr) >> 8);
	return teredo_limit_ok(td, TEREDO_LIMIT_VERIFICATIONS, 0, keep);
}

/* Authenticate a solicitation (5.2.2): set *@secret to that of the client, or NULL where
 * none is required. The whole IPv6 packet is in the linear part, and what the value covers
 * is contiguous: nonce, confirmation byte, packet (C-28).
 */
static int check_secret(struct teredo_dev *td, const struct sk_buff *skb,
			const struct teredo_rx *rx,
			struct teredo_secret **secret)
{
	const struct teredo_packet *pkt = &rx->pkt;
	const u8 *id = skb->data + pkt->auth + 4;
	const u8 *text = skb->data + pkt->nonce;

	*secret = NULL;
	if (rx->cfg->secure == TEREDO_SECURE_OFF)
		return TEREDO_GO_ON;
	if (!pkt->has_auth || !pkt->id_len)
		return rx->cfg->secure == TEREDO_SECURE_REQUIRED ?
		       TEREDO_A_STATS_RX_SECURE : TEREDO_GO_ON;

	*secret = teredo_secret_find(td->secrets, id, pkt->id_len);
	if (!*secret || teredo_secret_au_len(*secret) != pkt->au_len)
		return TEREDO_A_STATS_RX_SECURE;	/* C-29 */
	if (!may_verify(td, rx->src))
		return TEREDO_A_STATS_RX_LIMITED;
	if (!teredo_secret_verify(*secret, id + pkt->id_len, text,
				  pkt->ipv6 + TEREDO_IPV6_LEN +
				  pkt->payload_len - pkt->nonce))
		return TEREDO_A_STATS_RX_SECURE;	/* C-29 */
	return TEREDO_GO_ON;
}

/* Answer a Router Solicitation (5.3.2). */
static int answer_solicitation(struct teredo_dev *td, struct sk_buff *skb,
			       const struct teredo_rx *rx)
{
	u8 buf[TEREDO_AUTH_MIN + TEREDO_ID_MAX + TEREDO_AU_MAX +
	       TEREDO_ORIGIN_LEN + TEREDO_RA_LEN];
	const struct teredo_packet *pkt = &rx->pkt;
	struct in6_addr saddr, prefix;
	struct teredo_secret *secret;
	union teredo_endpoint to = rx->src;
	const u8 *icmp, *nonce;
	size_t len = 0;
	u8 *value;
	int verdict;

	/* Do not spend work on more octets than a solicitation can have. */
	if (pkt->payload_len > TEREDO_SOLICITATION_MAX)
		return TEREDO_A_STATS_RX_SOLICITATION_BAD;
	icmp = teredo_rx_payload(skb, rx);
	if (!icmp || !teredo_is_solicitation(pkt, icmp))
		return TEREDO_A_STATS_RX_SOLICITATION_BAD;
	/* Check the secret before the limit: a forged solicitation gets no answer, and must
	 * not use up the limit of the address that it claims to come from.
	 */
	verdict = check_secret(td, skb, rx, &secret);
	if (verdict)
		return verdict;
	if (!may_answer(td, rx->src, secret))
		return TEREDO_A_STATS_RX_LIMITED;

	/* Repeat identifier and nonce (S-21); without a secret only the nonce (S-22,
	 * S-23).
	 */
	nonce = skb->data + pkt->nonce;
	value = buf + 4 + pkt->id_len;
	if (secret)
		len += teredo_build_auth_signed(buf, skb->data + pkt->auth + 4,
						pkt->id_len, pkt->au_len, nonce,
						teredo_secret_confirmation(secret));
	else if (pkt->has_auth)
		len += teredo_build_auth(buf, nonce, 0);
	len += teredo_build_origin(buf + len, rx->src.addr, rx->src.port);
	own_link_local(rx->cfg, &saddr);
	prefix = rx->cfg->prefix;
	prefix.s6_addr32[1] = rx->cfg->local;		/* S-18 */
	len += teredo_build_advert(buf + len, &saddr, &pkt->saddr, &prefix,
				   READ_ONCE(td->dev->mtu));
	if (secret && teredo_secret_sign(secret, value, value + pkt->au_len,
					 buf + len - (value + pkt->au_len)))
		return TEREDO_A_STATS_RX_NO_MEMORY;

	/* A client that sets the cone bit asks whether an answer from another address
	 * reaches it (S-19).
	 */
	to.via = rx->ts->index;
	if (pkt->saddr.s6_addr[8] & (TEREDO_FLAG_CONE >> 8))
		to.via = !to.via;
	teredo_count(td->stats, TEREDO_A_STATS_RX_SOLICITATION);
	teredo_answer(td, skb, to, buf, len, TEREDO_A_STATS_TX_ADVERTISEMENT);
	return TEREDO_TAKEN;
}

/* Accept bubbles, and small echo requests and replies (S-05, S-26, S-27). */
static int check_served(struct sk_buff *skb, const struct teredo_rx *rx)
{
	const struct teredo_packet *pkt = &rx->pkt;
	const u8 *icmp;

	if (teredo_is_bubble(pkt))
		return TEREDO_GO_ON;
	if (pkt->nexthdr != TEREDO_NEXTHDR_ICMPV6 ||
	    pkt->payload_len < TEREDO_ICMP_LEN)
		return TEREDO_A_STATS_RX_NOT_SERVED;
	if (pkt->payload_len > TEREDO_SERVER_ICMP_MAX)
		return TEREDO_A_STATS_RX_TOO_BIG;
	icmp = teredo_rx_payload(skb, rx);
	if (!icmp)
		return TEREDO_A_STATS_RX_NO_MEMORY;
	if ((icmp[0] != TEREDO_ICMP_ECHO_REQUEST &&
	     icmp[0] != TEREDO_ICMP_ECHO_REPLY) || icmp[1])
		return TEREDO_A_STATS_RX_NOT_SERVED;
	return TEREDO_GO_ON;
}

static int server_rcv(struct teredo_dev *td, struct sk_buff *skb,
		      const struct teredo_rx *rx)
{
	const struct teredo_packet *pkt = &rx->pkt;
	struct teredo_addr ta;
	bool from_client;
	int verdict;

	/* recv.c has done check 1. Check 3: */
	if (!teredo_ipv4_is_global(rx->src.addr))
		return TEREDO_A_STATS_RX_OUTER_SOURCE;
	if (rx->src.port == htons(TEREDO_PORT) &&
	    teredo_server_is_own(rx->cfg, rx->src.addr))
		return TEREDO_A_STATS_RX_LOOP;			/* S-28 */
	if (pkt->has_origin)
		return TEREDO_A_STATS_RX_MISPLACED;		/* F-25 */

	/* Check 4. The route lookup keeps answers from going to a broadcast address. */
	if (teredo_addr_is_all_routers(&pkt->daddr))
		return teredo_addr_is_link_local(&pkt->saddr) ?
		       answer_solicitation(td, skb, rx) :
		       TEREDO_A_STATS_RX_SOLICITATION_BAD;
	if (teredo_is_broadcast(td, rx->src.addr))
		return TEREDO_A_STATS_RX_OUTER_SOURCE;
	if (pkt->has_auth)
		return TEREDO_A_STATS_RX_MISPLACED;

	/* Check 2 */
	verdict = check_served(skb, rx);
	if (verdict)
		return verdict;

	/* Checks 5, 6 and 7 */
	from_client = teredo_config_covers(rx->cfg, &pkt->saddr);
	if (from_client) {
		if (!teredo_addr_is_usable(&ta, &pkt->saddr))
			return TEREDO_A_STATS_RX_INNER_SOURCE;
		if (ta.client != rx->src.addr || ta.port != rx->src.port)
			return TEREDO_A_STATS_RX_MAPPING;
	} else {
		teredo_addr_unpack(&ta, &pkt->daddr);
		if (!teredo_config_covers(rx->cfg, &pkt->daddr) ||
		    ta.server != rx->cfg->local)
			return TEREDO_A_STATS_RX_INNER_SOURCE;
		/* Relays also use link-local sources; nobody uses multicast, loopback or
		 * unspecified ones.
		 */
		if (!teredo_addr_is_routable(&pkt->saddr) &&
		    !(teredo_addr_is_link_local(&pkt->saddr) &&
		      teredo_is_bubble(pkt)))
			return TEREDO_A_STATS_RX_INNER_SOURCE;
	}

	if (teredo_config_covers(rx->cfg, &pkt->daddr))
		return teredo_forward(td, skb, rx);
	if (!teredo_addr_is_routable(&pkt->daddr))
		return TEREDO_A_STATS_RX_INNER_DEST;		/* S-12 */
	if (teredo_loop_dest(td, rx->cfg, &pkt->daddr))
		return TEREDO_A_STATS_RX_LOOP;
	/* Only echoes of clients are passed to the native network; a bubble means nothing
	 * there. The stack decrements the hop limit (S-13, S-30).
	 */
	if (teredo_is_bubble(pkt))
		return teredo_bubble_taken(td, skb, rx);
	teredo_count(td->stats, TEREDO_A_STATS_RX_NATIVE);
	return TEREDO_GO_ON;
}

/* A server sends nothing on behalf of the IPv6 stack. */
static int server_xmit(struct teredo_dev *td, struct sk_buff *skb,
		       const struct teredo_config *cfg)
{
	return TEREDO_A_STATS_TX_INNER_DEST;
}

static bool server_probe(struct teredo_dev *td,
			 const struct teredo_probe *probe)
{
	return false;
}

/* A bubble to a client of this server would be sent to our own port and get lost. So send
 * to the client what the server would have made of it (S-14, S-15, R-27).
 */
static bool server_relay_probe(struct teredo_dev *td,
			       const struct teredo_probe *probe)
{
	const struct teredo_config *cfg = rcu_dereference_bh(td->config);
	u8 buf[TEREDO_ORIGIN_LEN + TEREDO_IPV6_LEN];
	union teredo_endpoint to;
	struct in6_addr saddr;
	struct teredo_addr ta;

	if (!teredo_addr_is_usable(&ta, &probe->addr) ||
	    !teredo_server_is_own(cfg, ta.server))
		return teredo_relay_probe(td, probe);
	teredo_relay_source(probe, &saddr);
	teredo_build_origin(buf, cfg->local, cfg->port ?: htons(TEREDO_PORT));
	teredo_build_bubble(buf + TEREDO_ORIGIN_LEN, &saddr, &probe->addr);
	to = teredo_endpoint(ta.client, ta.port);
	if (teredo_send_buf(td, to, buf, sizeof(buf)))
		return false;
	trace_teredo_bubble(td->dev, false, to, &saddr, &probe->addr);
	teredo_count(td->stats, TEREDO_A_STATS_TX_BUBBLE);
	return true;
}

/* Receive for a server and a relay on one port (5.4.3). Datagrams of peers go to the relay,
 * all others to the server. What the server does not serve may be for the relay (R-25,
 *
 */
static int server_relay_rcv(struct teredo_dev *td, struct sk_buff *skb,
			    const struct teredo_rx *rx)
{
	struct teredo_peer *peer = teredo_peer_lookup(td, &rx->pkt.saddr);
	int verdict;

	if (peer && !teredo_is_bubble(&rx->pkt) &&
	    teredo_peer_matches(peer, rx->src) &&
	    !teredo_config_covers(rx->cfg, &rx->pkt.daddr))
		return teredo_relay_rcv(td, skb, rx);

	verdict = server_rcv(td, skb, rx);
	switch (verdict) {
	case TEREDO_A_STATS_RX_NOT_SERVED:
	case TEREDO_A_STATS_RX_TOO_BIG:
	case TEREDO_A_STATS_RX_INNER_DEST:
	case TEREDO_A_STATS_RX_MAPPING:
		return teredo_relay_rcv(td, skb, rx);
	default:
		return verdict;
	}
}

const struct teredo_role teredo_server_role = {
	.start_state = TEREDO_STATE_ACTIVE,
	.default_port = TEREDO_PORT,
	.second_socket = true,
	.xmit = server_xmit,
	.rcv = server_rcv,
	.probe = server_probe,
};

const struct teredo_role teredo_server_relay_role = {
	.start_state = TEREDO_STATE_ACTIVE,
	.default_port = TEREDO_PORT,
	.second_socket = true,
	.ways = TEREDO_WAY_INDIRECT,
	.xmit = teredo_relay_xmit,
	.rcv = server_relay_rcv,
	.probe = server_relay_probe,
};
