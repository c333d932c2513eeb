/* SPDX-License-Identifier: GPL-2.0 */
/* Secure qualification (RFC 4380 5.2.2): the secrets that a server shares with
 * its clients, and the authentication values made with them.
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

struct teredo_secrets {
	struct rhashtable table;	/* by identifier; readers under RCU */
	struct list_head list;		/* the same, in order of serials */
	spinlock_t lock;		/* writers */
	unsigned long serial;		/* of the last one */
	unsigned int count;
};

/* What there is to say about a secret; never the secret itself. */
struct teredo_secret_info {
	unsigned long serial;
	enum teredo_secret_state state;
	enum teredo_algorithm algorithm;
	const char *id;
};

/* -- for the packet's way; RCU, BH off -- */

/* The secret of an identifier, or NULL. One lookup, however many there are. */
struct teredo_secret *teredo_secret_find(struct teredo_secrets *secrets,
					 const u8 *id, unsigned int len);

/* Octets of an authentication value. */
unsigned int teredo_secret_au_len(const struct teredo_secret *secret);

/* The confirmation byte for answers (C-27). */
u8 teredo_secret_confirmation(const struct teredo_secret *secret);

/* Compute the authentication value of @data (C-28); 0 or -errno. */
int teredo_secret_sign(const struct teredo_secret *secret, u8 *value,
		       const u8 *data, unsigned int len);

/* True if @value is that of @data; in constant time (C-29, C-32). */
bool teredo_secret_verify(const struct teredo_secret *secret, const u8 *value,
			  const u8 *data, unsigned int len);

/* -- for the administrator; -errno come with an extack -- */

/* A secret that is in no table yet, or ERR_PTR. Process context. */
struct teredo_secret *teredo_secret_new(const char *id, const u8 *key,
					unsigned int key_len,
					enum teredo_algorithm algorithm,
					enum teredo_secret_state state,
					struct netlink_ext_ack *extack);
/* Free one that did not get into a table. */
void teredo_secret_free(struct teredo_secret *secret);

/* Take @secret into the table, in place of an old one with its identifier, or not
 * if there is one and @only_new. On failure it is still the caller's. These three
 * under RCU, not in softirq.
 */
int teredo_secret_add(struct teredo_secrets *secrets,
		      struct teredo_secret *secret, bool only_new,
		      struct netlink_ext_ack *extack);
int teredo_secret_set_state(struct teredo_secrets *secrets, const char *id,
			    enum teredo_secret_state state);
int teredo_secret_del(struct teredo_secrets *secrets, const char *id);

/* Describe those with a serial above @after, one after another, until @each
 * returns false. One that is there all the time is shown exactly once. RCU.
 */
void teredo_secrets_each(struct teredo_secrets *secrets, unsigned long after,
			 bool (*each)(const struct teredo_secret_info *info,
				      void *arg),
			 void *arg);

int teredo_secrets_init(struct teredo_secrets *secrets);
/* Nobody reads or writes any more. */
void teredo_secrets_uninit(struct teredo_secrets *secrets);

void teredo_secret_exit(void);

#endif /* TEREDO_SECRET_H */
