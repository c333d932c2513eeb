/* SPDX-License-Identifier: GPL-2.0 */
/* Relays from which a client has reason to expect native hosts. A real relay sends to a
 * client only after its bubble was answered (RFC 4380 5.4.1), or because it carries the
 * answer to a test. Forged relays do neither, and there may be thousands of them per
 * second. So native hosts behind proven relays are tested first, then those behind answered
 * ones. This is only a hint: the tables have a fixed size, and their hashes may be
 * overwritten at any time.
 */
#ifndef TEREDO_RELAYS_H
#define TEREDO_RELAYS_H

#include <linux/siphash.h>

#include "base/endpoint.h"

#define TEREDO_RELAYS_PROVEN	256
#define TEREDO_RELAYS_ANSWERED	1024

/* Relays of a client, as hashes; written without a lock */
struct teredo_relays {
	siphash_key_t secret;
	u32 proven[TEREDO_RELAYS_PROVEN];
	u32 answered[TEREDO_RELAYS_ANSWERED];
};

void teredo_relays_init(struct teredo_relays *relays);

/* Note that a bubble of @relay was answered; any host can cause that. Any context. */
void teredo_relay_answered(struct teredo_relays *relays,
			   union teredo_endpoint relay);

/* Note that a native host answered a test through @relay. Proven relays have a table of
 * their own, which answered ones cannot overwrite. Any context.
 */
void teredo_relay_proven(struct teredo_relays *relays,
			 union teredo_endpoint relay);

bool teredo_relay_is_proven(const struct teredo_relays *relays,
			    union teredo_endpoint relay);

bool teredo_relay_is_answered(const struct teredo_relays *relays,
			      union teredo_endpoint relay);

#endif /* TEREDO_RELAYS_H */
