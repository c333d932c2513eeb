/* SPDX-License-Identifier: GPL-2.0 */
/* Relays that a client has reason to expect native hosts from. A relay comes to a
 * client only after its bubble was answered (RFC 4380 5.4.1), or because it was
 * chosen for the answer to a test. Of those made-up relays that send without either,
 * there may be thousands a second; so the tests of native hosts are first for those
 * that are proven, then for those that were answered. A hint, and no more: tables of
 * fixed size, of hashes that may be overwritten at any time.
 */
#ifndef TEREDO_RELAYS_H
#define TEREDO_RELAYS_H

#include <linux/siphash.h>

#include "base/endpoint.h"

#define TEREDO_RELAYS_PROVEN	256
#define TEREDO_RELAYS_ANSWERED	1024

struct teredo_relays {
	siphash_key_t secret;
	u32 proven[TEREDO_RELAYS_PROVEN];
	u32 answered[TEREDO_RELAYS_ANSWERED];
};

void teredo_relays_init(struct teredo_relays *relays);

/* Its bubble was answered; anybody can have that done. Any context. */
void teredo_relay_answered(struct teredo_relays *relays,
			   union teredo_endpoint relay);

/* A native host answered a test by it. The two do not mix: nobody forgets these
 * because of the others.
 */
void teredo_relay_proven(struct teredo_relays *relays,
			 union teredo_endpoint relay);

bool teredo_relay_is_proven(const struct teredo_relays *relays,
			    union teredo_endpoint relay);

bool teredo_relay_is_answered(const struct teredo_relays *relays,
			      union teredo_endpoint relay);

#endif /* TEREDO_RELAYS_H */
