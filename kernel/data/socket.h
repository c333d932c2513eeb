/* SPDX-License-Identifier: GPL-2.0 */
/* UDP sockets of a device, its IPv4 routes, and the one way to send. */
#ifndef TEREDO_SOCKET_H
#define TEREDO_SOCKET_H

#include <linux/local_lock.h>
#include <linux/types.h>
#include <linux/rcupdate.h>
#include <linux/seqlock.h>
#include <net/dst.h>
#include <net/net_namespace.h>
#include <net/route.h>
#include <uapi/linux/teredo.h>

#include "codec/wire.h"

struct net_device;
struct sk_buff;
struct socket;
struct teredo_config;
struct teredo_dev;

/* IPv4 address and UDP port of somebody, in network byte order. One word, which is
 * compared and copied at once.
 */
union teredo_endpoint {
	struct {
		__be32 addr;
		__be16 port;
		__be16 zero;
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

/* One that is written under a lock, one writer at a time, and read without. It is
 * never half of one and half of another: packets would go to who knows whom. Where
 * a word has 32 bits, a sequence says if it changed meanwhile.
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

#define TEREDO_SOCK_PRIMARY	0
#define TEREDO_SOCK_SECONDARY	1	/* of a server */
#define TEREDO_SOCKS		2

struct teredo_sock {
	struct teredo_dev *td;
	struct socket *sock;
	__be32 addr;			/* bound, 0 is any */
	__be16 port;			/* bound, never 0 */
	u8 index;			/* TEREDO_SOCK_... */
	struct hlist_node node;		/* of all in its namespace; RCU */
	u32 demux_key;			/* odd */
	struct teredo_demux __percpu *demux;
	struct hlist_node demux_node;
};

/* Routes to where datagrams went lately, one table a CPU, so that a trusted
 * peer costs neither a route lookup nor a shared cache line. Collisions only
 * cost a lookup; which addresses collide is a secret of the device.
 */
#define TEREDO_ROUTES_BITS	6

struct teredo_route {
	struct dst_entry *dst;		/* counted, or NULL */
	__be32 daddr;
	__be32 saddr;
	u32 mark;
	u16 id;				/* of the next IPv4 header */
	u16 ids;			/* reserved, from there on */
	u32 reserved;			/* when, jiffies */
};

struct teredo_routes {
	local_lock_t lock;
	struct teredo_route slot[1 << TEREDO_ROUTES_BITS];
};

/* dst_check() for IPv4 routes: nothing that led to it has changed. */
static inline bool teredo_dst_is_valid(const struct net *net,
				       const struct dst_entry *dst)
{
	const struct rtable *rt = container_of(dst, struct rtable, dst);

	return READ_ONCE(dst->obsolete) == DST_OBSOLETE_FORCE_CHK &&
	       rt->rt_genid == rt_genid_ipv4(net);
}

struct teredo_sockets {
	struct teredo_sock __rcu *sock[TEREDO_SOCKS];	/* written: RTNL */
	struct teredo_routes __percpu *routes;
	u32 routes_key;					/* odd */
};

/* Of the module: what namespaces need. */
int teredo_sockets_register(void);
void teredo_sockets_unregister(void);

int teredo_sockets_init(struct teredo_sockets *socks);
void teredo_sockets_uninit(struct teredo_sockets *socks);

/* Open the sockets that the role needs. RTNL. -EADDRINUSE, -EADDRNOTAVAIL, ...
 * as from bind(2).
 */
int teredo_sockets_open(struct teredo_dev *td, const struct teredo_config *cfg);

/* Close them; on return no reception is under way or will come. RTNL. */
void teredo_sockets_close(struct teredo_dev *td);

/* Let the sockets follow the option df. RTNL. */
void teredo_sockets_set_df(struct teredo_dev *td,
			   const struct teredo_config *cfg);

/* Send @skb, whose data is an IPv6 packet, GSO or not, to @to from the
 * primary socket. Takes @skb, counts what went wrong, and tells its sender. RCU,
 * BH off, and no lock.
 */
void teredo_send_packet(struct teredo_dev *td, struct sk_buff *skb,
			union teredo_endpoint to);

/* Send @len octets of payload to @to from socket @index. RCU, BH off.
 * -errno is for the controller; all else may ignore it, it is counted.
 */
int teredo_send_buf(struct teredo_dev *td, unsigned int index,
		    union teredo_endpoint to, const void *buf, size_t len);

/* Answer @skb, of which nothing is needed any more, with @len octets of payload
 * to @to from socket @index, and count that with @counter. Takes @skb, and sends
 * its memory again where it can: a server does little else than this. RCU, BH off.
 */
void teredo_answer(struct teredo_dev *td, unsigned int index,
		   struct sk_buff *skb, union teredo_endpoint to,
		   const void *buf, size_t len, enum teredo_stats counter);

/* Send @len octets of payload to the discovery group, to the link @ifindex only.
 * 0 or -errno; @from is whom they come from. RCU, BH off.
 */
int teredo_send_group(struct teredo_dev *td, int ifindex, const void *buf,
		      size_t len, union teredo_endpoint *from);

/* True if @addr is a broadcast address of an attached subnet (F-51). RCU. */
bool teredo_is_broadcast(struct teredo_dev *td, __be32 addr);

/* True if something may be sent to @to because somebody said so, be it in an
 * address, an origin indication, or by sending from there (F-49). RCU.
 */
bool teredo_is_global(struct teredo_dev *td, union teredo_endpoint to);

#endif /* TEREDO_SOCKET_H */
