/* SPDX-License-Identifier: GPL-2.0 */
/* UDP endpoints. */
#ifndef TEREDO_ENDPOINT_H
#define TEREDO_ENDPOINT_H

#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/seqlock.h>
#include <linux/types.h>

#include "codec/wire.h"

/* IPv4 address and UDP port of a remote host, in network byte order, and the local socket
 * that it is reached by (TEREDO_SOCK_...): a NAT may let datagrams from one of our ports
 * pass and not from another. Compared and copied as one word.
 */
union teredo_endpoint {
	struct {
		__be32 addr;
		__be16 port;
		u16 via;
	};
	u64 word;
};

static_assert(sizeof(union teredo_endpoint) == sizeof(u64));

static inline union teredo_endpoint teredo_endpoint(__be32 addr, __be16 port)
{
	union teredo_endpoint ep = { .word = 0 };

	ep.addr = addr;
	ep.port = port;
	return ep;
}

/* Read an endpoint without a lock, never torn; writers hold the lock that protects it. On
 * 32 bits, where a word takes two accesses, a seqlock makes readers retry.
 */
#if BITS_PER_LONG == 64
static inline union teredo_endpoint
teredo_endpoint_read(const union teredo_endpoint *from)
{
	return (union teredo_endpoint){ .word = READ_ONCE(from->word) };
}

static inline void teredo_endpoint_write(union teredo_endpoint *to,
					 union teredo_endpoint value)
{
	WRITE_ONCE(to->word, value.word);
}
#else
extern seqlock_t teredo_endpoint_lock;

static inline union teredo_endpoint
teredo_endpoint_read(const union teredo_endpoint *from)
{
	union teredo_endpoint ep;
	unsigned int seq;

	do {
		seq = read_seqbegin(&teredo_endpoint_lock);
		ep.word = READ_ONCE(from->word);
	} while (read_seqretry(&teredo_endpoint_lock, seq));
	return ep;
}

static inline void teredo_endpoint_write(union teredo_endpoint *to,
					 union teredo_endpoint value)
{
	write_seqlock_bh(&teredo_endpoint_lock);
	WRITE_ONCE(to->word, value.word);
	write_sequnlock_bh(&teredo_endpoint_lock);
}
#endif

#define TEREDO_NOWHERE	((union teredo_endpoint){ .word = 0 })

static inline union teredo_endpoint teredo_discovery_group(void)
{
	return teredo_endpoint(htonl(TEREDO_DISCOVERY_GROUP),
			       htons(TEREDO_PORT));
}

#endif /* TEREDO_ENDPOINT_H */
