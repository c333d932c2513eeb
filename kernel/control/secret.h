/* SPDX-License-Identifier: GPL-2.0 */
/* Secure qualification (RFC 4380 5.2.2): the secrets that a server shares with its clients,
 * and the authentication values made with them.
 */
#ifndef TEREDO_SECRET_H
#define TEREDO_SECRET_H

#include <linux/list.h>
#include <linux/rhashtable-types.h>
#include <linux/spinlock.h>
#include <uapi/linux/teredo.h>

#include "codec/wire.h"

struct netlink_ext_ack;
struct teredo_secret;

/* Secrets of a device */
struct teredo_secrets {
	struct rhashtable table;	/* by identifier; readers under RCU */
	struct list_head list;		/* the same, by serial; readers under RCU */
	spinlock_t lock;		/* of writers */
	unsigned long serial;		/* of the newest secret */
	unsigned int count;
};

/* What netlink reports about a secret; never the key */
struct teredo_secret_info {
	unsigned long serial;		/* ascending in order of creation, from 1 */
	enum teredo_secret_state state;
	enum teredo_algorithm algorithm;
	const char *id;
};

/* -- for the packet paths; RCU, BH off -- */

/* Return the secret with the identifier @id of @len octets, or NULL. One hash lookup. */
struct teredo_secret *teredo_secret_find(struct teredo_secrets *secrets,
					 const u8 *id, unsigned int len);

/* Return the length of an authentication value, in octets. */
unsigned int teredo_secret_au_len(const struct teredo_secret *secret);

/* Return the confirmation byte for answers (C-27). */
u8 teredo_secret_confirmation(const struct teredo_secret *secret);

/* Write the authentication value of @data to @value, teredo_secret_au_len() octets (C-28).
 * Returns 0 or -errno.
 */
int teredo_secret_sign(const struct teredo_secret *secret, u8 *value,
		       const u8 *data, unsigned int len);

/* Return true if @value is the authentication value of @data. Compares in constant time
 * (C-29, C-32).
 */
bool teredo_secret_verify(const struct teredo_secret *secret, const u8 *value,
			  const u8 *data, unsigned int len);

/* -- for the administrator; where there is an extack, errors come with one -- */

/* Allocate a secret, which is in no table yet. Returns ERR_PTR on error: -ENOENT without
 * the algorithm, -EINVAL if it refuses the key, -ENOMEM and others. May sleep.
 */
struct teredo_secret *teredo_secret_new(const char *id, const u8 *key,
					unsigned int key_len,
					enum teredo_algorithm algorithm,
					enum teredo_secret_state state,
					struct netlink_ext_ack *extack);

/* Free a secret that is in no table. */
void teredo_secret_free(struct teredo_secret *secret);

/* Add @secret to the table, or replace the one with the same identifier. Returns 0, -EEXIST
 * if there is one and @only_new is true, -ENOSPC if there are too many, or -ENOMEM. On
 * failure the caller still owns @secret. RCU, not in softirq.
 */
int teredo_secret_add(struct teredo_secrets *secrets,
		      struct teredo_secret *secret, bool only_new,
		      struct netlink_ext_ack *extack);
/* Change or remove the secret with the identifier @id. Return 0, or -ENOENT if there is
 * none. RCU, not in softirq.
 */
int teredo_secret_set_state(struct teredo_secrets *secrets, const char *id,
			    enum teredo_secret_state state);
int teredo_secret_del(struct teredo_secrets *secrets, const char *id);

/* Call @each for the secrets with a serial above @after, in order, until it returns false.
 * A secret that exists throughout is shown exactly once. RCU.
 */
void teredo_secrets_each(struct teredo_secrets *secrets, unsigned long after,
			 bool (*each)(const struct teredo_secret_info *info,
				      void *arg),
			 void *arg);

/* Set up an empty table. Returns 0 or -errno. */
int teredo_secrets_init(struct teredo_secrets *secrets);

/* Free all secrets, once nothing uses the table any more. May sleep. */
void teredo_secrets_uninit(struct teredo_secrets *secrets);

/* Free the algorithms. At module unload, when no device is left. */
void teredo_secret_exit(void);

#endif /* TEREDO_SECRET_H */
