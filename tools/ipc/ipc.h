/* SPDX-License-Identifier: GPL-2.0 */
/* All that the tool asks of the kernel. Nothing else knows netlink.
 *
 * Functions return 0 or a negative errno; ipc_error() then says why, in the
 * words of the kernel where it has some.
 */
#ifndef TEREDO_TOOL_IPC_H
#define TEREDO_TOOL_IPC_H

#include "base/containers.h"

struct key;

/* Why the last function failed. */
const char *ipc_error(void);

/* Enter a network namespace by its name under /run/netns or its path; before
 * any other call.
 */
int ipc_enter_netns(const char *name);

/* Devices. */
int ipc_dev_get(const char *ifname, bool with_stats, struct device *dev);
/* Calls @each once for each device of the namespace, in one consistent list.
 */
int ipc_dev_dump(bool with_stats,
		 void (*each)(const struct device *dev, void *arg), void *arg);
int ipc_dev_set(const char *ifname, const struct config *config);

/* Peers. A dump is handed on message by message; *@consistent becomes false
 * if the list changed meanwhile, so that a peer may be missing or there twice.
 * @state is one of enum teredo_peer_state, or negative for all.
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

/* Secrets of a server: share one, with @replace also in place of what the
 * identifier had; change its state (enum teredo_secret_state); forget it; hand on
 * all of them, none of which comes with its key.
 */
int ipc_secret_add(const char *ifname, const char *id, const struct key *key,
		   bool replace);
int ipc_secret_set(const char *ifname, const char *id, uint8_t state);
int ipc_secret_del(const char *ifname, const char *id);
int ipc_secret_dump(const char *ifname,
		    void (*each)(const struct secret *secret, void *arg),
		    void *arg);

/* The controller. It has one socket, for which the kernel knows it; what
 * arrives while a request is under way is kept for ipc_control_recv().
 */
int ipc_control_bind(const char *ifname, struct device *dev);
int ipc_control_fd(void);
/* Waits for nothing: if the kernel cannot send a solicitation, ipc_control_recv()
 * says so; what becomes of other datagrams is not told.
 */
int ipc_control_send(uint32_t ifindex, const struct endpoint *to,
		     const void *payload, size_t len);
/* True if something is kept of which ipc_control_fd() does not tell. */
bool ipc_control_waiting(void);
/* False when nothing waits. */
bool ipc_control_recv(struct datagram *out);
/* Report those of state, nat, address, mapped, server, server2, learned_refresh
 * and mtu_configured of the device @dev->ifindex that @dev->has names.
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

/* What is there already is added, what is gone is deleted. An address that is
 * added works when this returns, unless the kernel takes longer than a second.
 */
int ipc_addr_add(uint32_t ifindex, const struct in6_addr *addr, uint8_t len);
int ipc_addr_del(uint32_t ifindex, const struct in6_addr *addr, uint8_t len);
/* Others may have the same route with the same metric: the first one is used. */
int ipc_route_add(uint32_t ifindex, const struct in6_addr *dst, uint8_t len,
		  uint32_t table, uint32_t metric);

/* The default routes of controllers, which are told from others by their protocol: a
 * controller may have been killed, and the next one be told another place for its own.
 */
#define ROUTE_PROTOCOL	84

struct place {
	uint32_t table;
	uint32_t metric;
};

int ipc_default_add(uint32_t ifindex, struct place place);
int ipc_default_del(uint32_t ifindex, struct place place);
/* Those by that link, @max at most: how many, or a negative errno. */
int ipc_default_list(uint32_t ifindex, struct place *out, unsigned int max);

/* The table of a link's routes: that of its VRF, else the main one. */
uint32_t ipc_route_table(const struct link *link);

/* Native IPv6 in a routing table: a default route by a link that is not of type
 * teredo, and a global address to go with it, which is one of that link, or one on
 * another link that stands for a network, not just for a host. Unique local
 * addresses do not count. 1 with the link of the route, 0 if there is none.
 */
int ipc_native(uint32_t table, struct link *via);

/* The link by which packets to an IPv6 address leave, 0 if they do not. */
int ipc_link_towards(const struct in6_addr *to, uint32_t *ifindex);

/* The next hop on the way to an IPv4 address. */
struct gateway {
	uint32_t ifindex;
	__be32 addr;		/* 0: none, it is on the link */
	uint8_t mac[6];		/* zero if not known */
};

int ipc_gateway(__be32 to, struct gateway *gateway);

/* Changes of the host's own network. */
struct net_event {
	enum {
		NET_EVENT_LINK,		/* @link is new or has changed */
		NET_EVENT_LINK_GONE,	/* only link.ifindex is valid */
		NET_EVENT_IPV4,		/* an address or a default route */
		NET_EVENT_IPV6,		/* the same, of IPv6 */
		NET_EVENT_LOST,		/* some did not fit: look at everything */
	} type;
	struct link link;
	/* Of NET_EVENT_IPV6: the link of the address or route, and whether that
	 * is one that has gone.
	 */
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
