// SPDX-License-Identifier: GPL-2.0
#include "control/secret.h"

#include <crypto/hash.h>
#include <crypto/hmac.h>
#include <linux/fips.h>
#include <linux/mutex.h>
#include <linux/once.h>
#include <linux/rhashtable.h>
#include <linux/siphash.h>
#include <linux/slab.h>
#include <net/netlink.h>

#include "base/compat.h"
#include "base/ledger.h"

/* Largest number of secrets of a device */
#define SECRETS_MAX	16384

/* Octets in the largest block of all algorithms */
#define BLOCK_MAX	64

/* HMAC (RFC 2104) consists of two hashes, each of which begins with one block derived from
 * the key. Keep only the states of the hashes after these blocks, not the key: a keyed
 * transform for each secret would be half a dozen allocations that are not accounted.
 */
struct teredo_secret {
	struct rhash_head node;
	struct crypto_shash *hash;	/* one of hashes[] */
	struct list_head list;
	unsigned long serial;
	u8 state;			/* enum teredo_secret_state */
	u8 algorithm;			/* enum teredo_algorithm */
	u8 id_len;
	struct rcu_head rcu;
	u8 *inner, *outer;		/* states, in data */
	char *id;			/* with a final zero, in data */
	u8 data[] __aligned(8);
};

static const char *const algorithms[] = {
	[TEREDO_ALGORITHM_HMAC_SHA1]	= "sha1",
	[TEREDO_ALGORITHM_HMAC_SHA256]	= "sha256",
};

/* Each is allocated for the first secret that needs it, and stays until unload. */
static struct crypto_shash *hashes[ARRAY_SIZE(algorithms)];
static DEFINE_MUTEX(hashes_lock);

/* -- the table -- */

/* Key of the table */
struct id {
	const u8 *octets;
	unsigned int len;
};

/* Remote hosts choose what is looked up, so the hash has a secret key. */
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
	return crypto_shash_digestsize(secret->hash);
}

u8 teredo_secret_confirmation(const struct teredo_secret *secret)
{
	return READ_ONCE(secret->state);
}

int teredo_secret_sign(const struct teredo_secret *secret, u8 *value,
		       const u8 *data, unsigned int len)
{
	SHASH_DESC_ON_STACK(desc, secret->hash);
	int err;

	desc->tfm = secret->hash;
	err = crypto_shash_import(desc, secret->inner) ?:
	      crypto_shash_finup(desc, data, len, value) ?:
	      crypto_shash_import(desc, secret->outer) ?:
	      crypto_shash_finup(desc, value, teredo_secret_au_len(secret),
				 value);
	shash_desc_zero(desc);
	return err;
}

bool teredo_secret_verify(const struct teredo_secret *secret, const u8 *value,
			  const u8 *data, unsigned int len)
{
	u8 right[TEREDO_AU_MAX];

	return !teredo_secret_sign(secret, right, data, len) &&
	       !crypto_memneq(right, value, teredo_secret_au_len(secret));
}

/* -- life -- */

void teredo_secret_free(struct teredo_secret *secret)
{
	teredo_gone(TEREDO_OBJECT_SECRET, secret);
	kfree_sensitive(secret);
}

static void free_rcu(struct rcu_head *rcu)
{
	teredo_secret_free(container_of(rcu, struct teredo_secret, rcu));
}

/* Free a secret after a grace period: packets may still be verified with it. */
static void free_later(struct teredo_secret *secret)
{
	call_rcu(&secret->rcu, free_rcu);
}

/* Return the hash of an algorithm, or ERR_PTR. May sleep. */
static struct crypto_shash *hash_for(enum teredo_algorithm algorithm)
{
	struct crypto_shash *hash;

	mutex_lock(&hashes_lock);
	hash = hashes[algorithm];
	if (!hash) {
		hash = crypto_alloc_shash(algorithms[algorithm], 0, 0);
		if (!IS_ERR(hash))
			hashes[algorithm] = hash;
	}
	mutex_unlock(&hashes_lock);
	return hash;
}

/* Save the state of a hash after one block: @block, each octet of it XORed with @pad. */
static int hash_block(struct shash_desc *desc, const u8 *block,
		      unsigned int len, u8 pad, u8 *state)
{
	u8 padded[BLOCK_MAX];
	unsigned int i;
	int err;

	for (i = 0; i < len; i++)
		padded[i] = block[i] ^ pad;
	err = crypto_shash_init(desc) ?:
	      crypto_shash_update(desc, padded, len) ?:
	      crypto_shash_export(desc, state);
	memzero_explicit(padded, sizeof(padded));
	return err;
}

static int set_key(struct teredo_secret *secret, const u8 *key,
		   unsigned int key_len)
{
	unsigned int len = crypto_shash_blocksize(secret->hash);
	SHASH_DESC_ON_STACK(desc, secret->hash);
	u8 block[BLOCK_MAX] = {};
	int err = 0;

	if (WARN_ON_ONCE(len > BLOCK_MAX ||
			 teredo_secret_au_len(secret) > TEREDO_AU_MAX))
		return -EINVAL;
	/* the same rule as in crypto/hmac.c */
	if (fips_enabled && key_len < 112 / 8)
		return -EINVAL;
	desc->tfm = secret->hash;
	if (key_len > len)
		err = crypto_shash_digest(desc, key, key_len, block);
	else
		memcpy(block, key, key_len);
	err = err ?:
	      hash_block(desc, block, len, HMAC_IPAD_VALUE, secret->inner) ?:
	      hash_block(desc, block, len, HMAC_OPAD_VALUE, secret->outer);
	memzero_explicit(block, sizeof(block));
	shash_desc_zero(desc);
	return err;
}

struct teredo_secret *teredo_secret_new(const char *id, const u8 *key,
					unsigned int key_len,
					enum teredo_algorithm algorithm,
					enum teredo_secret_state state,
					struct netlink_ext_ack *extack)
{
	size_t len = strlen(id), state_len, size;
	struct teredo_secret *secret;
	struct crypto_shash *hash;
	int err;

	hash = hash_for(algorithm);
	if (IS_ERR(hash)) {
		if (PTR_ERR(hash) == -ENOENT)
			NL_SET_ERR_MSG(extack, "this kernel does not have the algorithm");
		return ERR_CAST(hash);
	}
	state_len = crypto_shash_statesize(hash);
	size = struct_size(secret, data, 2 * state_len + len + 1);
	secret = teredo_made(TEREDO_OBJECT_SECRET,
			     kzalloc(size, GFP_KERNEL_ACCOUNT));
	if (!secret)
		return ERR_PTR(-ENOMEM);
	secret->hash = hash;
	secret->inner = secret->data;
	secret->outer = secret->inner + state_len;
	secret->id = (char *)secret->outer + state_len;
	memcpy(secret->id, id, len);
	secret->id_len = len;
	secret->state = state;
	secret->algorithm = algorithm;
	err = set_key(secret, key, key_len);
	if (err) {
		NL_SET_ERR_MSG(extack, "this kernel's algorithm refuses the key");
		teredo_secret_free(secret);
		return ERR_PTR(err);
	}
	return secret;
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
		NL_SET_ERR_MSG(extack, "there are 16384 secrets, which is the maximum");
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
	struct teredo_secrets *secrets = arg;

	secrets->count--;
	teredo_secret_free(secret);
}

void teredo_secrets_uninit(struct teredo_secrets *secrets)
{
	rhashtable_free_and_destroy(&secrets->table, free_now, secrets);
	WARN_ON_ONCE(secrets->count);
}

/* No device is left, so no further RCU callbacks are queued. */
void teredo_secret_exit(void)
{
	unsigned int i;

	rcu_barrier();
	for (i = 0; i < ARRAY_SIZE(hashes); i++)
		if (hashes[i])
			crypto_free_shash(hashes[i]);
}
