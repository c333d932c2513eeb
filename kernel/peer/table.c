// SPDX-License-Identifier: GPL-2.0
#include "peer/table.h"

#include <linux/once.h>
#include <linux/random.h>
#include <net/ipv6.h>

#include "link/device.h"

DEFINE_MUTEX(teredo_dump_mutex);	/* protects dump->td and peers.dumps */

/* Remote hosts choose the addresses, so the hash has a secret key. Two multiplications of
 * sums suffice (multilinear hashing with half multiplications): without the key, two
 * chosen addresses collide with a probability of 2^-32. The seed, which the table changes
 * when a chain grows too long, selects another function.
 */
static u64 hash_key[4] __read_mostly;

static u32 hash_addr(const void *data, u32 len, u32 seed)
{
	const struct in6_addr *addr = data;

	return ((hash_key[0] + seed + (__force u32)addr->s6_addr32[0]) *
		(hash_key[1] + (__force u32)addr->s6_addr32[1]) +
		(hash_key[2] + seed + (__force u32)addr->s6_addr32[2]) *
		(hash_key[3] + (__force u32)addr->s6_addr32[3])) >> 32;
}

static int differs(struct rhashtable_compare_arg *arg, const void *obj)
{
	const struct teredo_peer *peer = obj;

	return !ipv6_addr_equal(arg->key, &peer->addr);
}

static const struct rhashtable_params params = {
	.key_len = sizeof(struct in6_addr),
	.key_offset = offsetof(struct teredo_peer, addr),
	.head_offset = offsetof(struct teredo_peer, node),
	.hashfn = hash_addr,
	.obj_cmpfn = differs,
	.automatic_shrinking = true,
};

/* Flat, because it is called for each packet and the table's helpers have other users. */
__flatten struct teredo_peer *teredo_peer_lookup(struct teredo_dev *td,
						 const struct in6_addr *addr)
{
	return rhashtable_lookup(&td->peers->table, addr, params);
}

int teredo_peer_insert(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers->lock);
	return rhashtable_lookup_insert_fast(&td->peers->table, &peer->node,
					     params);
}

bool teredo_peer_unhash(struct teredo_dev *td, struct teredo_peer *peer)
{
	lockdep_assert_held(&td->peers->lock);
	return !rhashtable_remove_fast(&td->peers->table, &peer->node, params);
}

/* -- room -- */

/* The deadline is our own: the timer of the work keeps an old one where the work was
 * queued without delay.
 */
void teredo_peers_schedule_age(struct teredo_dev *td, unsigned long delay)
{
	struct teredo_peers *peers = td->peers;

	lockdep_assert_held(&peers->lock);
	if (peers->closed)
		return;
	peers->gc_due = jiffies + delay;
	mod_delayed_work(system_power_efficient_wq, &peers->gc, delay);
}

void teredo_peers_press(struct teredo_dev *td)
{
	lockdep_assert_held(&td->peers->lock);
	/* At most once a second. */
	if (time_after(td->peers->gc_due, jiffies + HZ))
		teredo_peers_schedule_age(td, HZ);
}

/* -- dumps -- */

void teredo_dump_begin(struct teredo_dump *dump, struct teredo_dev *td)
{
	lockdep_assert_held(&teredo_dump_mutex);
	dump->td = td;
	dump->ifindex = td->dev->ifindex;
	rhashtable_walk_enter(&td->peers->table, &dump->iter);
	list_add(&dump->list, &td->peers->dumps);
}

void teredo_dump_end(struct teredo_dump *dump)
{
	lockdep_assert_held(&teredo_dump_mutex);
	if (!dump->td)
		return;
	list_del(&dump->list);
	rhashtable_walk_exit(&dump->iter);
	dump->td = NULL;
}

/* -- life -- */

int teredo_table_init(struct teredo_peers *peers)
{
	get_random_once(hash_key, sizeof(hash_key));
	INIT_LIST_HEAD(&peers->dumps);
	return rhashtable_init(&peers->table, &params);
}

/* No new dump can begin, and all peers are gone. */
void teredo_table_uninit(struct teredo_peers *peers)
{
	rhashtable_destroy(&peers->table);
}

void teredo_dumps_end(struct teredo_peers *peers)
{
	struct teredo_dump *dump, *next;

	mutex_lock(&teredo_dump_mutex);
	list_for_each_entry_safe(dump, next, &peers->dumps, list)
		teredo_dump_end(dump);
	mutex_unlock(&teredo_dump_mutex);
}
