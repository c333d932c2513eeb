// SPDX-License-Identifier: GPL-2.0
#include "control/control.h"

#include <linux/icmp.h>
#include <linux/ip.h>
#include <linux/netlink.h>
#include <linux/timekeeping.h>
#include <linux/udp.h>
#include <net/checksum.h>
#include <net/net_namespace.h>

#include "codec/parse.h"
#include "data/rx.h"
#include "link/device.h"
#include "link/notify.h"

void teredo_control_init(struct teredo_dev *td)
{
	spin_lock_init(&td->control->lock);
}

u32 teredo_control_portid(struct teredo_dev *td)
{
	u32 portid;

	spin_lock_bh(&td->control->lock);
	/* A link that was moved to another namespace has left its controller behind. */
	portid = td->control->net == dev_net(td->dev) ? td->control->portid : 0;
	spin_unlock_bh(&td->control->lock);
	return portid;
}

int teredo_control_bind(struct teredo_dev *td, const struct net *net,
			u32 portid, struct netlink_ext_ack *extack)
{
	u32 old = teredo_control_portid(td);

	if (old && old != portid) {
		NL_SET_ERR_MSG(extack, "the device has a controller already");
		return -EBUSY;
	}
	spin_lock_bh(&td->control->lock);
	td->control->portid = portid;
	td->control->net = net;
	spin_unlock_bh(&td->control->lock);
	return 0;
}

bool teredo_control_left(struct teredo_dev *td, u32 *seconds)
{
	time64_t left;

	if (teredo_control_portid(td))
		return false;
	spin_lock_bh(&td->control->lock);
	left = td->control->left;
	spin_unlock_bh(&td->control->lock);
	*seconds = ktime_get_boottime_seconds() - left;
	return left;
}

/* Note that the controller has left. Under the lock. */
static void leave(struct teredo_control *control)
{
	if (!control->portid)
		return;
	control->portid = 0;
	/* never 0, which means none */
	control->left = max_t(time64_t, ktime_get_boottime_seconds(), 1);
}

bool teredo_control_closed(struct teredo_dev *td, const struct net *net,
			   u32 portid)
{
	bool was;

	spin_lock_bh(&td->control->lock);
	was = portid && td->control->portid == portid &&
	      td->control->net == net;
	if (was)
		leave(td->control);
	spin_unlock_bh(&td->control->lock);
	return was;
}

void teredo_control_forget(struct teredo_dev *td)
{
	spin_lock_bh(&td->control->lock);
	leave(td->control);
	spin_unlock_bh(&td->control->lock);
}

void teredo_control_expect(struct teredo_dev *td, const u8 *data, size_t len)
{
	struct teredo_control *control = td->control;
	struct teredo_packet pkt;
	unsigned int i;

	if (teredo_parse(&pkt, data, len, len) != TEREDO_PARSE_OK ||
	    !pkt.has_auth)
		return;
	spin_lock_bh(&control->lock);
	i = control->next++ % TEREDO_ASKED;
	memcpy(control->asked[i].nonce, data + pkt.nonce, TEREDO_NONCE_LEN);
	control->asked[i].answers = TEREDO_ANSWERS;
	control->asked[i].error = true;
	control->asked[i].len = len;
	control->asked[i].sum = csum_partial(data, len, 0);
	spin_unlock_bh(&control->lock);
}

/* Return true if the datagram has the nonce of a solicitation that may still be answered,
 * and count the answer. The parser has put the headers in the linear part.
 */
static bool is_expected(struct teredo_dev *td, const struct sk_buff *skb,
			const struct teredo_packet *pkt)
{
	struct teredo_control *control = td->control;
	unsigned int i;
	bool yes = false;

	if (!pkt->has_auth)
		return false;
	spin_lock_bh(&control->lock);
	for (i = 0; i < TEREDO_ASKED && !yes; i++)
		if (control->asked[i].answers &&
		    !memcmp(control->asked[i].nonce, skb->data + pkt->nonce,
			    TEREDO_NONCE_LEN)) {
			control->asked[i].answers--;
			yes = true;
		}
	spin_unlock_bh(&control->lock);
	return yes;
}

static bool has_nonce(const struct teredo_asked *asked, const void *nonce)
{
	return !memcmp(asked->nonce, nonce, TEREDO_NONCE_LEN);
}

/* Return true if the UDP header behind @ip is that of a datagram with the solicitation
 * @asked. The checksum covers the nonce, so a host that has not seen it has a chance of 1
 * in 65536.
 */
static bool has_checksum(const struct teredo_asked *asked, const void *ip)
{
	const struct iphdr *iph = ip;
	const struct udphdr *uh = ip + iph->ihl * 4;
	u16 len = sizeof(*uh) + asked->len;
	__wsum sum;

	sum = csum_partial(uh, offsetof(struct udphdr, check), asked->sum);
	return uh->len == htons(len) &&
	       uh->check == (csum_tcpudp_magic(iph->saddr, iph->daddr, len,
					       IPPROTO_UDP, sum) ?:
			     CSUM_MANGLED_0);
}

/* Return true, once for each solicitation, if @is_about() is true for it and @what. */
static bool may_err(struct teredo_dev *td,
		    bool (*is_about)(const struct teredo_asked *asked,
				     const void *what),
		    const void *what)
{
	struct teredo_control *control = td->control;
	unsigned int i;
	bool yes = false;

	spin_lock_bh(&control->lock);
	for (i = 0; i < TEREDO_ASKED && !yes; i++)
		if (control->asked[i].error &&
		    is_about(&control->asked[i], what)) {
			control->asked[i].error = false;
			yes = true;
		}
	spin_unlock_bh(&control->lock);
	return yes;
}

bool teredo_control_error(struct teredo_dev *td, struct sk_buff *skb,
			  unsigned int off, u32 len, union teredo_endpoint to)
{
	u32 portid = teredo_control_portid(td);
	u32 all = min_t(u32, len, TEREDO_HEADERS_MAX);
	struct teredo_packet pkt;

	if (!portid)
		return false;
	if (skb->len - off < all) {
		if (!may_err(td, has_checksum, skb->data))
			return false;
	} else if (!pskb_may_pull(skb, off + all) ||
		   teredo_parse(&pkt, skb->data + off, all,
				len) != TEREDO_PARSE_OK || !pkt.has_auth ||
		   !may_err(td, has_nonce, skb->data + off + pkt.nonce)) {
		return false;
	}
	teredo_notify->error(td, portid, to, ip_hdr(skb)->saddr,
			     icmp_hdr(skb)->type, icmp_hdr(skb)->code);
	return true;
}

/* Limit datagrams to the controller that were not expected. Limit them by source, so that a
 * flood does not hide other servers. And limit them in total, as there may be any number of
 * sources but only one controller, perhaps with little CPU time, which needs only a few
 * datagrams to tell what is wrong.
 */
static bool may_punt(struct teredo_dev *td, __be32 source)
{
	u64 key = (__force u32)source;

	return teredo_limit_ok(td, TEREDO_LIMIT_PUNTS, key,
			       TEREDO_KEEP_NOTHING) &&
	       teredo_limit_ok(td, TEREDO_LIMIT_ALL_PUNTS, 0,
			       teredo_limit_keep(td, TEREDO_LIMIT_PUNTS, key));
}

int teredo_control_recv(struct teredo_dev *td, struct sk_buff *skb,
			const struct teredo_rx *rx)
{
	u32 portid = teredo_control_portid(td);

	if (!portid)
		return TEREDO_A_STATS_RX_NO_CONTROLLER;
	if (rx->data_len > TEREDO_PAYLOAD_MAX)
		return TEREDO_A_STATS_RX_TOO_BIG;
	/* An expected answer is not limited: no flood must hide it, whatever its source. */
	if (!is_expected(td, skb, &rx->pkt) &&
	    !may_punt(td, rx->src.addr))
		return TEREDO_A_STATS_RX_LIMITED;
	if (!pskb_may_pull(skb, skb->len))
		return TEREDO_A_STATS_RX_NO_MEMORY;
	if (teredo_notify->datagram(td, portid, rx->src, skb->data, skb->len))
		return TEREDO_A_STATS_RX_NO_CONTROLLER;
	teredo_count(td->stats, TEREDO_A_STATS_RX_CONTROLLER);
	consume_skb(skb);
	return TEREDO_TAKEN;
}
