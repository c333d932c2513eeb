// SPDX-License-Identifier: GPL-2.0
#include "auth.h"

#include <crypto/hash.h>
#include <linux/once.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/netlink.h>

#include "compat.h"
#include "ledger.h"

/* Most secrets of a device. */
#define SECRETS_MAX	16384

struct teredo_secret {
	struct rhash_head node;
	struct crypto_shash *tfm;	/* keyed; the secret is nowhere else */
	struct list_head list;
	unsigned long serial;
	u8 state;			/* enum teredo_secret_state */
	u8 algorithm;			/* enum teredo_algorithm */
	u8 id_len;
	struct rcu_work free;
	char id[];			/* with a final zero */
};

static const char *const algorithms[] = {
	[TEREDO_ALGORITHM_HMAC_SHA1]	= "hmac(sha1)",
	[TEREDO_ALGORITHM_HMAC_SHA256]	= "hmac(sha256)",
};

static struct workqueue_struct *free_wq;

/* -- the table -- */

/* What the table compares. */
struct id {
	const u8 *octets;
	unsigned int len;
};

/* Remote hosts look up what they like; where it leads is a secret. */
static siphash_key_t hash_key __read_mostly;

static u32 hash_id(const void *data, u32 len, u32 seed)
{
	const struct id *id = data;

	return siphash(id->octets, id->len, &hash_key) ^ seed;
}

static u32 hash_secret(const void *data, u32 len, u32 seed)
{
	const struct teredo_secret *secret = data;

	return siphash(secret->id, secret->id_len, &hash_key) ^ seed;
}

static int compare_id(struct rhashtable_compare_arg *arg, const void *data)
{
	const struct teredo_secret *secret = data;
	const struct id *id = arg->key;

	return secret->id_len != id->len ||
	       memcmp(secret->id, id->octets, id->len);
}

static const struct rhashtable_params params = {
	.head_offset = offsetof(struct teredo_secret, node),
	.hashfn = hash_id,
	.obj_hashfn = hash_secret,
	.obj_cmpfn = compare_id,
	.automatic_shrinking = true,
};

struct teredo_secret *teredo_secret_find(struct teredo_secrets *secrets,
					 const u8 *octets, unsigned int len)
{
	const struct id id = { octets, len };

	return rhashtable_lookup(&secrets->table, &id, params);
}

/* -- authentication values -- */

unsigned int teredo_secret_au_len(const struct teredo_secret *secret)
{
	return crypto_shash_digestsize(secret->tfm);
}

u8 teredo_secret_confirmation(const struct teredo_secret *secret)
{
	return READ_ONCE(secret->state);
}

int teredo_secret_sign(const struct teredo_secret *secret, u8 *value,
		       const u8 *data, unsigned int len)
{
	return crypto_shash_tfm_digest(secret->tfm, data, len, value);
}

bool teredo_secret_verify(const struct teredo_secret *secret, const u8 *value,
			  const u8 *data, unsigned int len)
{
	u8 right[TEREDO_AU_MAX];

	return !teredo_secret_sign(secret, right, data, len) &&
	       !crypto_memneq(right, value, teredo_secret_au_len(secret));
}

/* -- life -- */

/* The key goes with the tfm, which wipes it. */
void teredo_secret_free(struct teredo_secret *secret)
{
	crypto_free_shash(secret->tfm);
	kfree(teredo_gone(TEREDO_OBJECT_SECRET, secret));
}

/* Freeing a tfm may sleep. */
static void free_work(struct work_struct *work)
{
	teredo_secret_free(container_of(to_rcu_work(work),
					struct teredo_secret, free));
}

/* Packets may still be checked with it. */
static void free_later(struct teredo_secret *secret)
{
	INIT_RCU_WORK(&secret->free, free_work);
	queue_rcu_work(free_wq, &secret->free);
}

struct teredo_secret *teredo_secret_new(const char *id, const u8 *key,
					unsigned int key_len,
					enum teredo_algorithm algorithm,
					enum teredo_secret_state state,
					struct netlink_ext_ack *extack)
{
	size_t len = strlen(id);
	struct teredo_secret *secret;
	int err;

	secret = kzalloc(struct_size(secret, id, len + 1), GFP_KERNEL_ACCOUNT);
	if (!secret)
		return ERR_PTR(-ENOMEM);
	memcpy(secret->id, id, len);
	secret->id_len = len;
	secret->state = state;
	secret->algorithm = algorithm;
	secret->tfm = crypto_alloc_shash(algorithms[algorithm], 0, 0);
	if (IS_ERR(secret->tfm)) {
		err = PTR_ERR(secret->tfm);
		NL_SET_ERR_MSG(extack, "this kernel does not have the algorithm");
		goto err_free;
	}
	if (WARN_ON_ONCE(teredo_secret_au_len(secret) > TEREDO_AU_MAX)) {
		err = -EINVAL;
		goto err_tfm;
	}
	err = crypto_shash_setkey(secret->tfm, key, key_len);
	if (err) {
		NL_SET_ERR_MSG(extack, "this kernel's algorithm refuses the key");
		goto err_tfm;
	}
	return teredo_made(TEREDO_OBJECT_SECRET, secret);

err_tfm:
	crypto_free_shash(secret->tfm);
err_free:
	kfree(secret);
	return ERR_PTR(err);
}

static struct teredo_secret *find_named(struct teredo_secrets *secrets,
					const char *id)
{
	lockdep_assert_held(&secrets->lock);
	return teredo_secret_find(secrets, (const u8 *)id, strlen(id));
}

int teredo_secret_add(struct teredo_secrets *secrets,
		      struct teredo_secret *secret, bool only_new,
		      struct netlink_ext_ack *extack)
{
	struct teredo_secret *old;
	int err;

	spin_lock_bh(&secrets->lock);
	old = find_named(secrets, secret->id);
	if (old && only_new) {
		NL_SET_ERR_MSG(extack, "there is a secret with this id already");
		err = -EEXIST;
	} else if (old) {
		secret->serial = old->serial;
		err = rhashtable_replace_fast(&secrets->table, &old->node,
					      &secret->node, params);
		if (!err)
			list_replace_rcu(&old->list, &secret->list);
	} else if (secrets->count >= SECRETS_MAX) {
		NL_SET_ERR_MSG(extack, "there are 16384 secrets, which is the most");
		err = -ENOSPC;
	} else {
		secret->serial = secrets->serial + 1;
		err = rhashtable_insert_fast(&secrets->table, &secret->node,
					     params);
		if (!err) {
			secrets->serial++;
			secrets->count++;
			list_add_tail_rcu(&secret->list, &secrets->list);
		}
	}
	spin_unlock_bh(&secrets->lock);
	if (!err && old)
		free_later(old);
	return err;
}

int teredo_secret_set_state(struct teredo_secrets *secrets, const char *id,
			    enum teredo_secret_state state)
{
	struct teredo_secret *secret;

	spin_lock_bh(&secrets->lock);
	secret = find_named(secrets, id);
	if (secret)
		WRITE_ONCE(secret->state, state);
	spin_unlock_bh(&secrets->lock);
	return secret ? 0 : -ENOENT;
}

int teredo_secret_del(struct teredo_secrets *secrets, const char *id)
{
	struct teredo_secret *secret;

	spin_lock_bh(&secrets->lock);
	secret = find_named(secrets, id);
	if (secret && !rhashtable_remove_fast(&secrets->table, &secret->node,
					      params)) {
		list_del_rcu(&secret->list);
		secrets->count--;
	}
	spin_unlock_bh(&secrets->lock);
	if (!secret)
		return -ENOENT;
	free_later(secret);
	return 0;
}

void teredo_secrets_each(struct teredo_secrets *secrets, unsigned long after,
			 bool (*each)(const struct teredo_secret_info *info,
				      void *arg),
			 void *arg)
{
	const struct teredo_secret *secret;

	list_for_each_entry_rcu(secret, &secrets->list, list) {
		const struct teredo_secret_info info = {
			.serial = secret->serial,
			.state = READ_ONCE(secret->state),
			.algorithm = secret->algorithm,
			.id = secret->id,
		};

		if (secret->serial > after && !each(&info, arg))
			break;
	}
}

int teredo_secrets_init(struct teredo_secrets *secrets)
{
	get_random_once(&hash_key, sizeof(hash_key));
	spin_lock_init(&secrets->lock);
	INIT_LIST_HEAD(&secrets->list);
	return rhashtable_init(&secrets->table, &params);
}

static void free_now(void *secret, void *arg)
{
	teredo_secret_free(secret);
}

void teredo_secrets_uninit(struct teredo_secrets *secrets)
{
	rhashtable_free_and_destroy(&secrets->table, free_now, NULL);
}

int __init teredo_auth_init(void)
{
	free_wq = alloc_workqueue("teredo", WQ_UNBOUND, 0);
	return free_wq ? 0 : -ENOMEM;
}

/* No device is left, so nobody calls for freeing any more; what waits for RCU
 * has to get to the queue first.
 */
void teredo_auth_exit(void)
{
	rcu_barrier();
	destroy_workqueue(free_wq);
}
