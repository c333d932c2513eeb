// SPDX-License-Identifier: GPL-2.0
/* Dump of the list of peers, in as many messages as necessary */
#include <net/genetlink.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "device/device.h"
#include "netlink/find.h"
#include "netlink/netlink-gen.h"
#include "netlink/peer.h"
#include "peer/table.h"

int teredo_nl_peer_get_start(struct netlink_callback *cb)
{
	struct nlattr **attrs = teredo_compat_dump_attrs(cb);
	struct teredo_dump *dump;
	struct teredo_dev *td;

	/* If the request names a device, it has to exist. */
	if (attrs[TEREDO_A_PEER_IFINDEX] || attrs[TEREDO_A_PEER_IFNAME]) {
		rcu_read_lock();
		td = teredo_nl_find(sock_net(cb->skb->sk), attrs, cb->extack);
		rcu_read_unlock();
		if (IS_ERR(td))
			return PTR_ERR(td);
	}
	dump = teredo_made(TEREDO_OBJECT_DUMP,
			   kzalloc(sizeof(*dump), GFP_KERNEL));
	if (!dump)
		return -ENOMEM;
	cb->args[0] = (long)dump;
	cb->seq = 1;
	return 0;
}

int teredo_nl_peer_get_done(struct netlink_callback *cb)
{
	struct teredo_dump *dump = (struct teredo_dump *)cb->args[0];

	mutex_lock(&teredo_dump_mutex);
	teredo_dump_end(dump);
	mutex_unlock(&teredo_dump_mutex);
	kfree(teredo_gone(TEREDO_OBJECT_DUMP, dump));
	return 0;
}

/* Bind the dump to the next device. Returns false if there is none. */
static bool dump_next_dev(struct teredo_dump *dump, struct net *net,
			  struct nlattr **attrs)
{
	struct teredo_dev *td;

	rcu_read_lock();
	if (attrs[TEREDO_A_PEER_IFINDEX] || attrs[TEREDO_A_PEER_IFNAME]) {
		td = dump->ifindex ? NULL : teredo_nl_find(net, attrs, NULL);
		if (IS_ERR(td))
			td = NULL;
	} else {
		td = teredo_nl_next(net, dump->ifindex);
	}
	/* It is listed, so its teardown is still to come and will end this dump. */
	if (td)
		teredo_dump_begin(dump, td);
	rcu_read_unlock();
	return td;
}

/* Append a message about @peer, if it has the requested state. Returns false if there is no
 * room for it. RCU.
 */
static bool dump_peer(struct sk_buff *skb, struct netlink_callback *cb,
		      struct teredo_dev *td, const struct teredo_peer *peer,
		      const struct nlattr *state)
{
	struct teredo_peer_info info;

	if (state && nla_get_u8(state) != READ_ONCE(peer->state))
		return true;
	spin_lock_bh(&td->peers->lock);
	teredo_peer_info(td, peer, &info);
	spin_unlock_bh(&td->peers->lock);
	return !teredo_nl_fill_peer(skb, td, &info, NETLINK_CB(cb->skb).portid,
			  cb->nlh->nlmsg_seq, NLM_F_MULTI,
			  TEREDO_CMD_PEER_GET, NULL, cb);
}

/* A dump with a filter may look at up to a million peers for one message. After this
 * number, yield to other tasks of this CPU, to RCU, and to those that hold RTNL and wait
 * for the mutex.
 */
#define DUMP_SLICE	1024

enum dump_end {
	DUMP_DONE,	/* all peers of this device were dumped */
	DUMP_PAUSE,	/* others may run now */
	DUMP_FULL,	/* the message has no more room */
};

/* Remove the peers of the current chain from @skb, which had @len octets before them, and
 * make the walk resume at the beginning of that chain. The walk remembers only how many of
 * a chain it has shown; if one of those were removed meanwhile, it would skip another one.
 * Called before the walk is stopped.
 */
static void repeat_chain(struct rhashtable_iter *iter, struct sk_buff *skb,
			 unsigned int len)
{
	skb_trim(skb, len);
	iter->p = NULL;
	iter->skip = 0;
}

/* Dump peers of the device that the dump is bound to. Those that exist throughout are all
 * shown. If the table is resized, some may be shown twice, and NLM_F_DUMP_INTR is set.
 */
static enum dump_end dump_slice(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct teredo_dump *dump,
				const struct nlattr *state)
{
	unsigned int chain = skb->len;	/* octets before the current chain */
	struct rhashtable_iter *iter = &dump->iter;
	enum dump_end end = DUMP_DONE;
	unsigned int looked_at = 0;
	struct teredo_peer *peer;
	unsigned int slot;

	if (rhashtable_walk_start_check(iter) == -EAGAIN)
		cb->seq++;
	slot = iter->slot;
	for (peer = rhashtable_walk_peek(iter); peer;
	     peer = rhashtable_walk_next(iter)) {
		if (IS_ERR(peer)) {
			cb->seq++;
			continue;
		}
		if (iter->slot != slot) {
			slot = iter->slot;
			chain = skb->len;
		}
		/* The next slice begins with the chain that this one ends in. */
		if (looked_at++ == DUMP_SLICE)
			end = DUMP_PAUSE;
		else if (!dump_peer(skb, cb, dump->td, peer, state))
			end = DUMP_FULL;
		if (end != DUMP_DONE)
			break;
	}
	/* A chain that fills a whole message cannot begin again. */
	if (end == DUMP_PAUSE || (end == DUMP_FULL && chain))
		repeat_chain(iter, skb, chain);
	rhashtable_walk_stop(iter);
	return end;
}

static enum dump_end dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			      struct teredo_dump *dump,
			      const struct nlattr *addr,
			      const struct nlattr *state)
{
	const struct in6_addr wanted = nla_get_in6_addr(addr);
	struct teredo_peer *peer;
	bool fits = true;

	rcu_read_lock();
	peer = teredo_peer_lookup(dump->td, &wanted);
	if (peer)
		fits = dump_peer(skb, cb, dump->td, peer, state);
	rcu_read_unlock();
	return fits ? DUMP_DONE : DUMP_FULL;
}

static enum dump_end dump_peers(struct sk_buff *skb,
				struct netlink_callback *cb,
				struct teredo_dump *dump, struct nlattr **attrs)
{
	const struct nlattr *addr = attrs[TEREDO_A_PEER_ADDRESS];
	const struct nlattr *state = attrs[TEREDO_A_PEER_STATE];

	return addr ? dump_one(skb, cb, dump, addr, state) :
		      dump_slice(skb, cb, dump, state);
}

int teredo_nl_peer_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct teredo_dump *dump = (struct teredo_dump *)cb->args[0];
	struct nlattr **attrs = teredo_compat_dump_attrs(cb);
	struct net *net = sock_net(skb->sk);
	enum dump_end end = DUMP_DONE;

	mutex_lock(&teredo_dump_mutex);
	while (end != DUMP_FULL &&
	       (dump->td || dump_next_dev(dump, net, attrs))) {
		end = dump_peers(skb, cb, dump, attrs);
		if (end == DUMP_DONE)
			teredo_dump_end(dump);
		if (end != DUMP_FULL) {
			/* An empty message would end the dump, so go on here, even if many
			 * devices have no peers. The device may be removed meanwhile, which
			 * clears dump->td.
			 */
			mutex_unlock(&teredo_dump_mutex);
			cond_resched();
			mutex_lock(&teredo_dump_mutex);
		}
	}
	mutex_unlock(&teredo_dump_mutex);
	return skb->len;
}
