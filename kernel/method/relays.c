// SPDX-License-Identifier: GPL-2.0
#include "method/relays.h"

#include <linux/random.h>

void teredo_relays_init(struct teredo_relays *relays)
{
	get_random_bytes(&relays->secret, sizeof(relays->secret));
}

static u64 hash_of(const struct teredo_relays *relays,
		   union teredo_endpoint relay)
{
	return siphash_1u64(relay.word, &relays->secret);
}

/* Return the value that stands for a relay in a table, never 0, which means none. */
static u32 tag_of(u64 hash)
{
	return hash >> 32 | 1;
}

void teredo_relay_answered(struct teredo_relays *relays,
			   union teredo_endpoint relay)
{
	u64 hash = hash_of(relays, relay);

	WRITE_ONCE(relays->answered[hash % TEREDO_RELAYS_ANSWERED],
		   tag_of(hash));
}

/* Return the index of a relay. All ports of an address share one place: a host that answers
 * tests from many ports overwrites only its own entry, not those of all other relays.
 */
static unsigned int place_of_proven(const struct teredo_relays *relays,
				    union teredo_endpoint relay)
{
	return hash_of(relays, teredo_endpoint(relay.addr, 0)) %
	       TEREDO_RELAYS_PROVEN;
}

void teredo_relay_proven(struct teredo_relays *relays,
			 union teredo_endpoint relay)
{
	WRITE_ONCE(relays->proven[place_of_proven(relays, relay)],
		   tag_of(hash_of(relays, relay)));
}

bool teredo_relay_is_proven(const struct teredo_relays *relays,
			    union teredo_endpoint relay)
{
	return READ_ONCE(relays->proven[place_of_proven(relays, relay)]) ==
	       tag_of(hash_of(relays, relay));
}

bool teredo_relay_is_answered(const struct teredo_relays *relays,
			      union teredo_endpoint relay)
{
	u64 hash = hash_of(relays, relay);

	return READ_ONCE(relays->answered[hash % TEREDO_RELAYS_ANSWERED]) ==
	       tag_of(hash);
}
