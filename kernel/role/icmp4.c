// SPDX-License-Identifier: GPL-2.0
/* ICMP errors can be forged by anybody who knows two addresses and two ports (RFC 5927), so
 * a forged one must do little harm. An error counts only if it quotes a packet to a peer
 * that is trusted at exactly that mapping, and that we have sent to lately. It may then
 * cause a probe of the peer, as often as data does, and an error to one sender, whose
 * transport protocol can judge it. Trust and mapping stay as they are. With the option df,
 * the stack records the path MTU; values below 1280 are ignored.
 */
#include "role/icmp4.h"

#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/skbuff.h>
#include <net/icmp.h>
#include <net/ip.h>
#include <net/ip_tunnels.h>

#include "codec/parse.h"
#include "control/control.h"
#include "data/reject.h"
#include "data/socket.h"
#include "link/device.h"
#include "peer/peer.h"
#include "peer/table.h"

/* The quoted datagram */
struct quote {
	struct teredo_packet pkt;
	union teredo_endpoint to;
	u32 len;		/* of its UDP payload, octets */
	unsigned int payload;	/* offset of that from skb->data */
};

/* Return true for datagrams of the controller to a server, and for those of a server. They
 * do not go to peers, or need not begin with an IPv6 header.
 */
static bool is_control(const struct teredo_status *status,
		       const struct quote *quote)
{
	return teredo_is_bubble(&quote->pkt) ||
	       !teredo_addr_is_routable(&quote->pkt.daddr) ||
	       !teredo_addr_is_routable(&quote->pkt.saddr) ||
	       (quote->to.port == htons(TEREDO_PORT) && status->server &&
		(quote->to.addr == status->server ||
		 quote->to.addr == status->server2));
}

/* Read the quote. Returns TEREDO_GO_ON if it may be a packet to a peer, else the counter to
 * increment.
 */
static int read_quote(const struct teredo_sock *ts, struct sk_buff *skb,
		      struct quote *quote)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	unsigned int off = iph->ihl * 4;
	const struct udphdr *uh;

	/* UDP has pulled the quoted headers to find the socket. */
	uh = (const struct udphdr *)(skb->data + off);
	quote->len = ntohs(uh->len) - sizeof(*uh);
	quote->to = teredo_endpoint(iph->daddr, uh->dest);
	if (iph->protocol != IPPROTO_UDP || iph->frag_off & htons(IP_OFFSET) ||
	    iph->saddr != ip_hdr(skb)->daddr || uh->source != ts->port ||
	    ntohs(uh->len) <= sizeof(*uh))
		return TEREDO_A_STATS_RX_ICMP_UNKNOWN;

	off += sizeof(*uh);
	quote->payload = off;
	if (skb->len <= off)
		return TEREDO_A_STATS_RX_ICMP_SHORT;
	if (!pskb_may_pull(skb, min(skb->len, off + TEREDO_IPV6_LEN)))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	if (!skb->data[off])
		return TEREDO_A_STATS_RX_ICMP_CONTROL;
	if (skb->len < off + TEREDO_IPV6_LEN)
		return TEREDO_A_STATS_RX_ICMP_SHORT;
	if (teredo_parse(&quote->pkt, skb->data + off, TEREDO_IPV6_LEN,
			 quote->len) != TEREDO_PARSE_OK)
		return TEREDO_A_STATS_RX_ICMP_UNKNOWN;
	return TEREDO_GO_ON;
}

/* Return the peer that the quoted packet was sent to, or NULL. If its source is a Teredo
 * address, it has to be our own: a forged quote must not make us send errors to others.
 */
static struct teredo_peer *find_peer(struct teredo_dev *td,
				     const struct teredo_config *cfg,
				     const struct teredo_status *status,
				     const struct quote *quote)
{
	const struct in6_addr *saddr = &quote->pkt.saddr;
	struct teredo_peer *peer;
	unsigned long last_tx;

	if (teredo_config_covers(cfg, saddr) &&
	    !teredo_addr_equal(saddr, &status->address))
		return NULL;
	/* We send packets without trailers. */
	if (quote->len != TEREDO_IPV6_LEN + quote->pkt.payload_len)
		return NULL;
	peer = teredo_peer_lookup(td, &quote->pkt.daddr);
	if (!peer || !teredo_peer_matches(peer, quote->to))
		return NULL;
	last_tx = READ_ONCE(peer->last_tx);
	if (!last_tx || time_after(jiffies, last_tx + TEREDO_ERROR_VALID))
		return NULL;
	return peer;
}

/* Send an error to the sender of the quoted packet. */
static void tell(struct teredo_dev *td, struct sk_buff *skb,
		 const struct quote *quote, u8 type, u8 code, u32 mtu)
{
	u32 len = TEREDO_IPV6_LEN + quote->pkt.payload_len;
	struct sk_buff *copy = skb_clone(skb, GFP_ATOMIC);
	unsigned int keep;

	if (!copy)
		return;
	__skb_pull(copy, quote->payload);
	/* Padding or ICMP extensions (RFC 4884) may follow. */
	if (copy->len > len && pskb_trim(copy, len))
		goto out;
	skb_scrub_packet(copy, true);
	copy->dev = td->dev;
	copy->protocol = htons(ETH_P_IPV6);
	skb_reset_network_header(copy);
	skb_set_transport_header(copy, TEREDO_IPV6_LEN);
	/* There may be forged errors about many peers, so these leave some of the limit to
	 * errors about packets that we have really got.
	 */
	keep = teredo_limit_keep(td, TEREDO_LIMIT_ICMPV6_ERRORS, quote->to.word);
	teredo_reject_send(td, copy, type, code, mtu, teredo_limit_behind(keep));
out:
	consume_skb(copy);
}

/* Handle "fragmentation needed". It has to be about a datagram with DF, which only the
 * option df sets, that is longer than the reported MTU. Report no MTU below 1280 to
 * senders: on such paths, packets of up to 1280 octets are sent without DF.
 */
static int too_big(struct teredo_dev *td, const struct teredo_config *cfg,
		   struct sk_buff *skb, const struct quote *quote)
{
	const struct iphdr *iph = (const struct iphdr *)skb->data;
	u32 path = ntohs(icmp_hdr(skb)->un.frag.mtu);
	u32 mtu;

	if (cfg->df != TEREDO_DF_SET || !(iph->frag_off & htons(IP_DF)) ||
	    path >= ntohs(iph->tot_len))
		return TEREDO_A_STATS_RX_ICMP_UNKNOWN;
	mtu = max_t(u32, path, TEREDO_MTU_MIN + TEREDO_ENCAP_LEN) -
	      TEREDO_ENCAP_LEN;
	if (TEREDO_IPV6_LEN + quote->pkt.payload_len > mtu)
		tell(td, skb, quote, ICMPV6_PKT_TOOBIG, 0, mtu);
	return TEREDO_A_STATS_RX_ICMP;
}

/* Handle an error that says that a packet did not reach @peer. Returns the counter. */
static int not_reached(struct teredo_dev *td, struct sk_buff *skb,
		       const struct quote *quote, struct teredo_peer *peer)
{
	u8 code = ICMPV6_ADDR_UNREACH;

	if (icmp_hdr(skb)->type == ICMP_DEST_UNREACH) {
		switch (icmp_hdr(skb)->code) {
		case ICMP_NET_ANO:
		case ICMP_HOST_ANO:
		case ICMP_PKT_FILTERED:
			code = ICMPV6_ADM_PROHIBITED;
		}
	}
	teredo_peer_doubt(td, peer);
	tell(td, skb, quote, ICMPV6_DEST_UNREACH, code, 0);
	return TEREDO_A_STATS_RX_ICMP;
}

/* Handle an ICMPv4 error. Returns the counter to increment. */
static int receive(const struct teredo_sock *ts, struct sk_buff *skb)
{
	const struct icmphdr *icmp = icmp_hdr(skb);
	struct teredo_dev *td = ts->td;
	const struct teredo_status *status = rcu_dereference(td->status);
	const struct teredo_config *cfg = rcu_dereference(td->config);
	struct teredo_peer *peer;
	struct quote quote;
	int verdict;

	if (icmp->type != ICMP_DEST_UNREACH && icmp->type != ICMP_TIME_EXCEEDED)
		return TEREDO_A_STATS_RX_ICMP_UNKNOWN;
	verdict = read_quote(ts, skb, &quote);
	if ((verdict == TEREDO_A_STATS_RX_ICMP_CONTROL ||
	     verdict == TEREDO_A_STATS_RX_ICMP_SHORT) &&
	    teredo_control_error(td, skb, quote.payload, quote.len, quote.to))
		return TEREDO_A_STATS_RX_ICMP_CONTROL;
	if (verdict)
		return verdict;
	if (is_control(status, &quote))
		return TEREDO_A_STATS_RX_ICMP_CONTROL;
	peer = find_peer(td, cfg, status, &quote);
	if (!peer)
		return TEREDO_A_STATS_RX_ICMP_UNKNOWN;
	/* The key is address and port, so that errors about one client behind a NAT do not
	 * hide those about others.
	 */
	if (!teredo_limit_ok(td, TEREDO_LIMIT_ICMPV4_ERRORS, quote.to.word,
			     TEREDO_KEEP_NOTHING))
		return TEREDO_A_STATS_RX_LIMITED;

	icmp = icmp_hdr(skb);		/* may have moved */
	if (icmp->type == ICMP_DEST_UNREACH && icmp->code == ICMP_FRAG_NEEDED)
		return too_big(td, cfg, skb, &quote);
	return not_reached(td, skb, &quote, peer);
}

void teredo_icmp4_rcv(const struct teredo_sock *ts, struct sk_buff *skb)
{
	teredo_count(ts->td->stats, receive(ts, skb));
}
