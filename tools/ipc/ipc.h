/* SPDX-License-Identifier: GPL-2.0 */
/* Requests to the kernel. Nothing else uses netlink.
 *
 * Functions return 0 or a negative errno; ipc_error() then has the reason, in the words of the
 * kernel if it gave any.
 */
#ifndef TEREDO_TOOL_IPC_H
#define TEREDO_TOOL_IPC_H

#include "base/containers.h"

struct key;

/* Return why the last function failed. */
const char *ipc_error(void);

/* Enter a network namespace by its name under /run/netns or its path, before any other
 * call.
 */
int ipc_enter_netns(const char *name);

/* Devices. */
int ipc_dev_get(const char *ifname, bool with_stats, struct device *dev);
/* Call @each once for each device of the namespace, from one consistent list. */
int ipc_dev_dump(bool with_stats,
		 void (*each)(const struct device *dev, void *arg), void *arg);
int ipc_dev_set(const char *ifname, const struct config *config);

/* Peers. A dump is passed on message by message. *@consistent becomes false if the list
 * changed meanwhile, so that a peer may be missing or shown twice. @state is an enum
 * teredo_peer_state, or negative for all.
 */
int ipc_peer_get(const char *ifname, const struct in6_addr *addr,
		 struct peer *peer);
int ipc_peer_dump(const char *ifname, int state,
		  void (*each)(const struct peer *peer, void *arg), void *arg,
		  bool *consistent);
int ipc_peer_new(const char *ifname, const struct in6_addr *addr,
		 const struct endpoint *mapped);
int ipc_peer_del(const char *ifname, const struct in6_addr *addr);
int ipc_peer_flush(const char *ifname);

/* Secrets of a server: add one, or with @replace also replace the one that the identifier
 * had; change its state (enum teredo_secret_state); delete it; list all of them, without
 * their keys.
 */
int ipc_secret_add(const char *ifname, const char *id, const struct key *key,
		   bool replace);
int ipc_secret_set(const char *ifname, const char *id, uint8_t state);
int ipc_secret_del(const char *ifname, const char *id);
int ipc_secret_dump(const char *ifname,
		    void (*each)(const struct secret *secret, void *arg),
		    void *arg);

/* The controller. The kernel knows it by its socket; what arrives during a request is kept
 * for ipc_control_recv().
 */
int ipc_control_bind(const char *ifname, struct device *dev);
int ipc_control_fd(void);
/* Does not wait: if the kernel cannot send a solicitation, ipc_control_recv() reports that; for
 * other datagrams nothing is reported.
 */
int ipc_control_send(uint32_t ifindex, const struct endpoint *to,
		     const void *payload, size_t len);
/* Return true if a datagram is kept that ipc_control_fd() does not signal. */
bool ipc_control_waiting(void);
/* Returns false if there is none. */
bool ipc_control_recv(struct datagram *out);
/* Report those of state, nat, address, mapped, server, server2, learned_refresh and
 * mtu_configured that are in @dev->has, for the device @dev->ifindex.
 */
int ipc_state_set(const struct device *dev);

/* Events of the kernel's Teredo devices. */
struct ipc_event {
	enum {
		IPC_EVENT_DEV,
		IPC_EVENT_DEV_DEL,
		IPC_EVENT_PEER,
		IPC_EVENT_PEER_DEL,
		IPC_EVENT_LOST,		/* some events did not fit */
	} type;
	struct device dev;
	struct peer peer;
};

int ipc_monitor_open(bool with_peers);
int ipc_monitor_fd(void);
void ipc_monitor_read(void (*each)(const struct ipc_event *event, void *arg),
		      void *arg);

/* Links, addresses and routes. */
struct link {
	uint32_t ifindex;
	uint32_t flags;		/* IFF_* */
	uint32_t mtu;
	char ifname[IF_NAMESIZE];
	char kind[16];
	uint64_t packets;	/* in and out */
	uint32_t vrf;		/* table of the VRF that it belongs to, or 0 */
	bool moved;		/* one that is gone: to another namespace */
};

int ipc_link_add(const char *ifname, const struct config *config);
int ipc_link_del(uint32_t ifindex);
int ipc_link_get(uint32_t ifindex, struct link *link);
int ipc_link_set_up(uint32_t ifindex, bool up);
int ipc_link_set_mtu(uint32_t ifindex, uint32_t mtu);

/* Adding what exists, and deleting what does not, succeeds. An added address works on
 * return, unless the kernel takes longer than a second.
 */
int ipc_addr_add(uint32_t ifindex, const struct in6_addr *addr, uint8_t len);
int ipc_addr_del(uint32_t ifindex, const struct in6_addr *addr, uint8_t len);
/* If others have the same route with the same metric, the first one is used. */
int ipc_route_add(uint32_t ifindex, const struct in6_addr *dst, uint8_t len,
		  uint32_t table, uint32_t metric);

/* Default routes of controllers, which have a protocol of their own. A controller that was
 * killed may leave one, in another table than the next controller uses.
 */
#define ROUTE_PROTOCOL	84

struct place {
	uint32_t table;
	uint32_t metric;
};

int ipc_default_add(uint32_t ifindex, struct place place);
int ipc_default_del(uint32_t ifindex, struct place place);
/* List those through that link, @max at most. Returns how many, or a negative errno. */
int ipc_default_list(uint32_t ifindex, struct place *out, unsigned int max);

/* Return the routing table of a link: that of its VRF, else the main one. */
uint32_t ipc_route_table(const struct link *link);

/* Look for native IPv6 in a routing table: a default route through a link that is not of type
 * teredo, and a global address for it, on that link, or on another link if it stands for a
 * network and not just for a host. Unique local addresses do not count. Returns 1 with the link
 * of the route, or 0 if there is none.
 */
int ipc_native(uint32_t table, struct link *via);

/* Return the link through which packets to an IPv6 address leave, or 0. */
int ipc_link_towards(const struct in6_addr *to, uint32_t *ifindex);

/* Find the next hop to an IPv4 address. */
struct gateway {
	uint32_t ifindex;
	__be32 addr;		/* 0: none, it is on the link */
	uint8_t mac[6];		/* zero if not known */
};

int ipc_gateway(__be32 to, struct gateway *gateway);

/* Changes of the network of the host */
struct net_event {
	enum {
		NET_EVENT_LINK,		/* @link is new or has changed */
		NET_EVENT_LINK_GONE,	/* only link.ifindex is valid */
		NET_EVENT_IPV4,		/* an address or a default route */
		NET_EVENT_IPV6,		/* the same, of IPv6 */
		NET_EVENT_LOST,		/* some did not fit: look at everything */
	} type;
	struct link link;
	/* For NET_EVENT_IPV6: the link of the address or route, and whether that has gone */
	uint32_t ifindex;
	bool gone;
};

int ipc_watch_open(void);
int ipc_watch_fd(void);
void ipc_watch_read(void (*each)(const struct net_event *event, void *arg),
		    void *arg);

/* Close all sockets. */
void ipc_close(void);

#endif /* TEREDO_TOOL_IPC_H */
