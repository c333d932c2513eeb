/* SPDX-License-Identifier: GPL-2.0 */
/* Tracepoints. Each costs a patched-out jump until it is enabled. IPv4 addresses and ports
 * are numbers in host byte order, so that filters can compare them.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM teredo

#if !defined(TEREDO_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TEREDO_TRACE_H

#include <linux/in6.h>
#include <linux/netdevice.h>
#include <linux/tracepoint.h>
#include <net/net_namespace.h>
#include <uapi/linux/teredo.h>

#include "base/endpoint.h"
#include "base/names-gen.h"

#ifndef TEREDO_TRACE_ONCE
#define TEREDO_TRACE_ONCE

/* Call a tracepoint with the inner addresses of the payload at skb->data. */
void teredo_trace_xmit(const struct net_device *dev, const struct sk_buff *skb,
		       union teredo_endpoint src, union teredo_endpoint dst);
void teredo_trace_drop_tx(const struct net_device *dev,
			  const struct sk_buff *skb, enum teredo_stats reason,
			  union teredo_endpoint dst);

/* Inner addresses of a packet, saved before it is freed */
struct teredo_trace_inner {
	bool known;			/* set only while drops are traced */
	struct in6_addr saddr, daddr;
};

/* Save the inner addresses of the payload at skb->data. */
void teredo_trace_inner(struct teredo_trace_inner *inner,
			const struct sk_buff *skb);

#endif

/* Export the values of the enumerations to tools that read the format. */
#define EM(name, text)	TRACE_DEFINE_ENUM(TEREDO_A_STATS_##name);
#define EMe(name, text)	TRACE_DEFINE_ENUM(TEREDO_A_STATS_##name);
TEREDO_STATS_NAMES(EM, EMe)
#undef EM
#undef EMe
#define EM(name, text)	TRACE_DEFINE_ENUM(TEREDO_PEER_STATE_##name);
#define EMe(name, text)	TRACE_DEFINE_ENUM(TEREDO_PEER_STATE_##name);
TEREDO_PEER_STATE_NAMES(EM, EMe)
#undef EM
#undef EMe

#define show_reason(value)						\
	__print_symbolic(value, TEREDO_STATS_NAMES(STATS, STATSe))
#define STATS(name, text)	{ TEREDO_A_STATS_##name, text },
#define STATSe(name, text)	{ TEREDO_A_STATS_##name, text }
#define show_state(value)						\
	__print_symbolic(value, TEREDO_PEER_STATE_NAMES(STATE, STATEe))
#define STATE(name, text)	{ TEREDO_PEER_STATE_##name, text },
#define STATEe(name, text)	{ TEREDO_PEER_STATE_##name, text }

/* The name of a link is unique only within its namespace. */
#define DEV_FIELDS							\
	__array(char, dev, IFNAMSIZ)					\
	__field(unsigned int, netns)
#define DEV_ASSIGN(from)						\
	memcpy(__entry->dev, (from)->name, IFNAMSIZ);			\
	__entry->netns = dev_net(from)->ns.inum
#define DEV_FORMAT	"dev=%s netns=%u "
#define DEV_ARGS	__entry->dev, __entry->netns

/* One octet at a time, as perf cannot parse the address of a field that %pI4 takes. */
#define IPV4_FORMAT	"%u.%u.%u.%u:%u"
#define IPV4_ARGS(addr, port)						\
	(addr) >> 24, ((addr) >> 16) & 255, ((addr) >> 8) & 255,	\
	(addr) & 255, port

#define OUTER_FIELDS							\
	__field(u32, outer_saddr)					\
	__field(u32, outer_daddr)					\
	__field(u16, outer_sport)					\
	__field(u16, outer_dport)
#define OUTER_ASSIGN(from, to)						\
	__entry->outer_saddr = ntohl((from).addr);			\
	__entry->outer_daddr = ntohl((to).addr);			\
	__entry->outer_sport = ntohs((from).port);			\
	__entry->outer_dport = ntohs((to).port)
#define OUTER_FORMAT	"outer=" IPV4_FORMAT "->" IPV4_FORMAT " "
#define OUTER_ARGS							\
	IPV4_ARGS(__entry->outer_saddr, __entry->outer_sport),		\
	IPV4_ARGS(__entry->outer_daddr, __entry->outer_dport)

#define INNER_FIELDS							\
	__array(u8, saddr, sizeof(struct in6_addr))			\
	__array(u8, daddr, sizeof(struct in6_addr))
#define INNER_ASSIGN(from, to)						\
	memcpy(__entry->saddr, from, sizeof(struct in6_addr));		\
	memcpy(__entry->daddr, to, sizeof(struct in6_addr))
#define INNER_FORMAT	"inner=%pI6c->%pI6c"
#define INNER_ARGS	__entry->saddr, __entry->daddr

DECLARE_EVENT_CLASS(teredo_datagram,
	TP_PROTO(const struct net_device *device, union teredo_endpoint src,
		 union teredo_endpoint dst, const struct in6_addr *saddr,
		 const struct in6_addr *daddr, unsigned int len),
	TP_ARGS(device, src, dst, saddr, daddr, len),
	TP_STRUCT__entry(
		DEV_FIELDS
		OUTER_FIELDS
		INNER_FIELDS
		__field(unsigned int, len)
	),
	TP_fast_assign(
		DEV_ASSIGN(device);
		OUTER_ASSIGN(src, dst);
		INNER_ASSIGN(saddr, daddr);
		__entry->len = len;
	),
	TP_printk(DEV_FORMAT OUTER_FORMAT INNER_FORMAT " len=%u",
		  DEV_ARGS, OUTER_ARGS, INNER_ARGS, __entry->len)
);

/* A datagram is sent: a packet, a bubble, or one of the controller. */
DEFINE_EVENT(teredo_datagram, teredo_xmit,
	TP_PROTO(const struct net_device *device, union teredo_endpoint src,
		 union teredo_endpoint dst, const struct in6_addr *saddr,
		 const struct in6_addr *daddr, unsigned int len),
	TP_ARGS(device, src, dst, saddr, daddr, len)
);

/* An inner packet is delivered to the stack. */
DEFINE_EVENT(teredo_datagram, teredo_rcv,
	TP_PROTO(const struct net_device *device, union teredo_endpoint src,
		 union teredo_endpoint dst, const struct in6_addr *saddr,
		 const struct in6_addr *daddr, unsigned int len),
	TP_ARGS(device, src, dst, saddr, daddr, len)
);

/* A server forwards a datagram: @src is where it came from, @dst where it is sent. */
DEFINE_EVENT(teredo_datagram, teredo_forward,
	TP_PROTO(const struct net_device *device, union teredo_endpoint src,
		 union teredo_endpoint dst, const struct in6_addr *saddr,
		 const struct in6_addr *daddr, unsigned int len),
	TP_ARGS(device, src, dst, saddr, daddr, len)
);

/* A packet is dropped. An outer endpoint that is not known is TEREDO_NOWHERE. */
TRACE_EVENT(teredo_drop,
	TP_PROTO(const struct net_device *device, bool rx,
		 enum teredo_stats reason, union teredo_endpoint src,
		 union teredo_endpoint dst, const struct in6_addr *saddr,
		 const struct in6_addr *daddr),
	TP_ARGS(device, rx, reason, src, dst, saddr, daddr),
	TP_STRUCT__entry(
		DEV_FIELDS
		__field(bool, rx)
		__field(int, reason)
		OUTER_FIELDS
		INNER_FIELDS
	),
	TP_fast_assign(
		DEV_ASSIGN(device);
		__entry->rx = rx;
		__entry->reason = reason;
		OUTER_ASSIGN(src, dst);
		INNER_ASSIGN(saddr, daddr);
	),
	TP_printk(DEV_FORMAT "dir=%s reason=%s " OUTER_FORMAT INNER_FORMAT,
		  DEV_ARGS, __entry->rx ? "rx" : "tx",
		  show_reason(__entry->reason), OUTER_ARGS, INNER_ARGS)
);

/* A bubble was received from @there, or sent to it. */
TRACE_EVENT(teredo_bubble,
	TP_PROTO(const struct net_device *device, bool rx,
		 union teredo_endpoint there, const struct in6_addr *saddr,
		 const struct in6_addr *daddr),
	TP_ARGS(device, rx, there, saddr, daddr),
	TP_STRUCT__entry(
		DEV_FIELDS
		__field(bool, rx)
		__field(u32, addr)
		__field(u16, port)
		INNER_FIELDS
	),
	TP_fast_assign(
		DEV_ASSIGN(device);
		__entry->rx = rx;
		__entry->addr = ntohl(there.addr);
		__entry->port = ntohs(there.port);
		INNER_ASSIGN(saddr, daddr);
	),
	TP_printk(DEV_FORMAT "%s " IPV4_FORMAT " " INNER_FORMAT,
		  DEV_ARGS, __entry->rx ? "from" : "to",
		  IPV4_ARGS(__entry->addr, __entry->port), INNER_ARGS)
);

DECLARE_EVENT_CLASS(teredo_peer_change,
	TP_PROTO(const struct net_device *device, const struct in6_addr *who,
		 enum teredo_peer_state state, union teredo_endpoint mapped,
		 bool proven),
	TP_ARGS(device, who, state, mapped, proven),
	TP_STRUCT__entry(
		DEV_FIELDS
		__array(u8, peer, sizeof(struct in6_addr))
		__field(int, state)
		__field(u32, addr)
		__field(u16, port)
		__field(bool, proven)
	),
	TP_fast_assign(
		DEV_ASSIGN(device);
		memcpy(__entry->peer, who, sizeof(struct in6_addr));
		__entry->state = state;
		__entry->addr = ntohl(mapped.addr);
		__entry->port = ntohs(mapped.port);
		__entry->proven = proven;
	),
	TP_printk(DEV_FORMAT "peer=%pI6c state=%s at=" IPV4_FORMAT " proven=%d",
		  DEV_ARGS, __entry->peer, show_state(__entry->state),
		  IPV4_ARGS(__entry->addr, __entry->port), __entry->proven)
);

/* A peer is new, or its state, mapping or proof has changed. */
DEFINE_EVENT(teredo_peer_change, teredo_peer,
	TP_PROTO(const struct net_device *device, const struct in6_addr *who,
		 enum teredo_peer_state state, union teredo_endpoint mapped,
		 bool proven),
	TP_ARGS(device, who, state, mapped, proven)
);

/* A peer is removed. */
DEFINE_EVENT(teredo_peer_change, teredo_peer_del,
	TP_PROTO(const struct net_device *device, const struct in6_addr *who,
		 enum teredo_peer_state state, union teredo_endpoint mapped,
		 bool proven),
	TP_ARGS(device, who, state, mapped, proven)
);

#endif /* TEREDO_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH base
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
