// SPDX-License-Identifier: GPL-2.0
/* Links, addresses and routes, by rtnetlink */
#include "ipc/ipc-priv.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include "base/host.h"
#include "text/options.h"

#define KIND	"teredo"

/* The kernel activates a new address in a work item, soon. If it does not, waiting longer does
 * not help.
 */
#define ADDR_TIMEOUT_MS	1000

static struct ipc_socket requests;
static struct ipc_socket watch;

struct request {
	struct nlmsghdr *nlh;
	char buf[REQUEST_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

/* Begin a request, zeroed including padding. Returns the header after the netlink header. */
static void *start(struct request *req, uint16_t type, uint16_t flags,
		   size_t len)
{
	memset(req->buf, 0, sizeof(req->buf));
	req->nlh = mnl_nlmsg_put_header(req->buf);
	req->nlh->nlmsg_type = type;
	req->nlh->nlmsg_flags = flags;
	return mnl_nlmsg_put_extra_header(req->nlh, len);
}

static int talk(struct request *req,
		void (*each)(const struct nlmsghdr *nlh, void *arg), void *arg)
{
	int err = ipc_socket_open(&requests, NETLINK_ROUTE);

	return err ? err : ipc_request(&requests, req->nlh, each, arg);
}

/* Send a request that would fail, or have another effect, if repeated. */
static int talk_once(struct request *req)
{
	int err = ipc_socket_open(&requests, NETLINK_ROUTE);

	return err ? err : ipc_request_once(&requests, req->nlh);
}

int ipc_link_add(const char *ifname, const struct config *config)
{
	struct nlattr *info, *data;
	struct request req;
	int err;

	start(&req, RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL,
	      sizeof(struct ifinfomsg));
	ipc_put(req.nlh, IFLA_IFNAME, ifname, strlen(ifname) + 1);
	info = mnl_attr_nest_start(req.nlh, IFLA_LINKINFO);
	ipc_put(req.nlh, IFLA_INFO_KIND, KIND, sizeof(KIND));
	data = mnl_attr_nest_start(req.nlh, IFLA_INFO_DATA);
	config_put(config, ipc_put_config, req.nlh);
	mnl_attr_nest_end(req.nlh, data);
	mnl_attr_nest_end(req.nlh, info);
	err = talk_once(&req);
	/* The kernel says "Unknown device type": say how to get it. */
	if (err == -EOPNOTSUPP)
		ipc_has_teredo();
	else if (err == -EEXIST)
		ipc_fail(EEXIST,
			 "there is a link of that name already; `set` changes a Teredo one");
	return err;
}

int ipc_link_del(uint32_t ifindex)
{
	struct ifinfomsg *ifi;
	struct request req;

	ifi = start(&req, RTM_DELLINK, 0, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	return talk_once(&req);
}

/* Read the kind of a link, and if it is a port of a VRF, the table of that. */
static void take_kind(const struct nlattr *info, struct link *link)
{
	const struct nlattr *attr, *port = NULL, *inner;
	char master[16] = "";
	uint32_t has = 0;

	mnl_attr_for_each_nested(attr, info) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_INFO_KIND:
			ipc_take_string(attr, link->kind, sizeof(link->kind));
			break;
		case IFLA_INFO_SLAVE_KIND:
			ipc_take_string(attr, master, sizeof(master));
			break;
		case IFLA_INFO_SLAVE_DATA:
			port = attr;
			break;
		}
	}
	if (!port || strcmp(master, "vrf"))
		return;
	mnl_attr_for_each_nested(inner, port)
		if (mnl_attr_get_type(inner) == IFLA_VRF_PORT_TABLE)
			ipc_take(inner, &link->vrf, sizeof(link->vrf), &has);
}

static void take_link(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	struct rtnl_link_stats64 stats;
	struct link *link = arg;
	uint32_t has = 0;

	memset(link, 0, sizeof(*link));
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi))
		return;
	link->ifindex = ifi->ifi_index;
	link->flags = ifi->ifi_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifi)) {
		switch (mnl_attr_get_type(attr)) {
		case IFLA_IFNAME:
			ipc_take_string(attr, link->ifname,
					sizeof(link->ifname));
			break;
		case IFLA_MTU:
			ipc_take(attr, &link->mtu, sizeof(link->mtu), &has);
			break;
		case IFLA_STATS64:
			if (mnl_attr_get_payload_len(attr) <
			    sizeof(struct rtnl_link_stats64) / 2)
				break;
			memcpy(&stats, mnl_attr_get_payload(attr),
			       offsetof(struct rtnl_link_stats64, rx_bytes));
			link->packets = stats.rx_packets + stats.tx_packets;
			break;
		case IFLA_LINKINFO:
			take_kind(attr, link);
			break;
		case IFLA_NEW_NETNSID:
			link->moved = true;
			break;
		}
	}
}

int ipc_link_get(uint32_t ifindex, struct link *link)
{
	struct ifinfomsg *ifi;
	struct request req;

	memset(link, 0, sizeof(*link));
	ifi = start(&req, RTM_GETLINK, 0, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	return talk(&req, take_link, link);
}

int ipc_link_set_up(uint32_t ifindex, bool up)
{
	struct ifinfomsg *ifi;
	struct request req;

	ifi = start(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	ifi->ifi_change = IFF_UP;
	ifi->ifi_flags = up ? IFF_UP : 0;
	return talk(&req, NULL, NULL);
}

int ipc_link_set_mtu(uint32_t ifindex, uint32_t mtu)
{
	struct ifinfomsg *ifi;
	struct request req;

	ifi = start(&req, RTM_NEWLINK, 0, sizeof(*ifi));
	ifi->ifi_index = ifindex;
	ipc_put(req.nlh, IFLA_MTU, &mtu, sizeof(mtu));
	return talk(&req, NULL, NULL);
}

/* Join multicast groups. */
static int join(struct ipc_socket *s, const int *groups, size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		if (setsockopt(mnl_socket_get_fd(s->nl), SOL_NETLINK,
			       NETLINK_ADD_MEMBERSHIP, &groups[i],
			       sizeof(groups[i])))
			return ipc_fail(errno, NULL);
	return 0;
}

static int change_addr(uint16_t type, uint16_t nl_flags, uint32_t ifindex,
		       const struct in6_addr *addr, uint8_t len)
{
	/* No host on the link could answer duplicate address detection. */
	uint32_t flags = IFA_F_NODAD;
	struct ifaddrmsg *ifa;
	struct request req;

	ifa = start(&req, type, nl_flags, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	ifa->ifa_prefixlen = len;
	ifa->ifa_index = ifindex;
	ipc_put(req.nlh, IFA_LOCAL, addr, sizeof(*addr));
	if (type == RTM_NEWADDR)
		ipc_put(req.nlh, IFA_FLAGS, &flags, sizeof(flags));
	return talk(&req, NULL, NULL);
}

struct new_addr {
	uint32_t ifindex;
	const struct in6_addr *addr;
	bool works;
};

static void find_new_addr(const struct nlmsghdr *nlh, void *arg)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct new_addr *new = arg;
	const struct nlattr *attr;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    ifa->ifa_index != new->ifindex)
		return;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa))
		if (mnl_attr_get_type(attr) == IFA_ADDRESS &&
		    mnl_attr_get_payload_len(attr) == sizeof(*new->addr) &&
		    !memcmp(mnl_attr_get_payload(attr), new->addr,
			    sizeof(*new->addr)))
			new->works = true;
}

/* Explain an error about an address or a route: missing IPv6, or a value that a link cannot
 * have. Missing privileges give EPERM.
 */
static int fail_ipv6(int err)
{
	switch (-err) {
	case EACCES:
		return ipc_fail(EACCES,
				"IPv6 is switched off on this link: see sysctl disable_ipv6");
	case EOPNOTSUPP:
	case EAFNOSUPPORT:
		return ipc_fail(-err, "no IPv6 in this kernel, or ipv6.disable=1");
	case EADDRNOTAVAIL:
		return ipc_fail(EADDRNOTAVAIL, "a link cannot have that address");
	default:
		return err;
	}
}

int ipc_addr_add(uint32_t ifindex, const struct in6_addr *addr, uint8_t len)
{
	struct new_addr new = { .ifindex = ifindex, .addr = addr };
	const int group = RTNLGRP_IPV6_IFADDR;
	struct ipc_socket news = { 0 };
	uint64_t now, end;
	int err;

	/* Listen before the address is added, to miss no event. */
	err = ipc_socket_open(&news, NETLINK_ROUTE);
	if (err)
		return err;
	err = join(&news, &group, 1);
	if (!err)
		err = change_addr(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL,
				  ifindex, addr, len);
	now = host_clock();
	end = now + ADDR_TIMEOUT_MS;
	while (!err && !new.works && now < end) {
		struct pollfd fd = { mnl_socket_get_fd(news.nl), POLLIN, 0 };

		poll(&fd, 1, end - now);
		if (!ipc_drain(&news, find_new_addr, &new))
			break;
		now = host_clock();
	}
	ipc_socket_close(&news);
	return err == -EEXIST ? 0 : fail_ipv6(err);
}

int ipc_addr_del(uint32_t ifindex, const struct in6_addr *addr, uint8_t len)
{
	int err = change_addr(RTM_DELADDR, 0, ifindex, addr, len);

	return err == -EADDRNOTAVAIL || err == -ENODEV || err == -ENXIO ?
	       0 : err;
}

static int change_route(uint16_t type, uint16_t flags, uint8_t protocol,
			uint32_t ifindex, const struct in6_addr *dst,
			uint8_t len, uint32_t table, uint32_t metric)
{
	struct request req;
	struct rtmsg *rtm;

	rtm = start(&req, type, flags, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = len;
	/* The field has only 8 bits; RTA_TABLE has the number in full. */
	rtm->rtm_table = table <= UINT8_MAX ? table : RT_TABLE_UNSPEC;
	rtm->rtm_protocol = protocol;
	rtm->rtm_scope = RT_SCOPE_UNIVERSE;
	rtm->rtm_type = RTN_UNICAST;
	if (len)
		ipc_put(req.nlh, RTA_DST, dst, sizeof(*dst));
	ipc_put(req.nlh, RTA_OIF, &ifindex, sizeof(ifindex));
	ipc_put(req.nlh, RTA_TABLE, &table, sizeof(table));
	if (metric)
		ipc_put(req.nlh, RTA_PRIORITY, &metric, sizeof(metric));
	return talk(&req, NULL, NULL);
}

/* No NLM_F_EXCL: that would fail, too, if another link has a route with the same metric. */
static int add_route(uint8_t protocol, uint32_t ifindex,
		     const struct in6_addr *dst, uint8_t len, uint32_t table,
		     uint32_t metric)
{
	int err = change_route(RTM_NEWROUTE, NLM_F_CREATE, protocol, ifindex,
			       dst, len, table, metric);

	return err == -EEXIST ? 0 : fail_ipv6(err);
}

int ipc_route_add(uint32_t ifindex, const struct in6_addr *dst, uint8_t len,
		  uint32_t table, uint32_t metric)
{
	return add_route(RTPROT_STATIC, ifindex, dst, len, table, metric);
}

int ipc_default_add(uint32_t ifindex, struct place place)
{
	return add_route(ROUTE_PROTOCOL, ifindex, NULL, 0, place.table,
			 place.metric);
}

int ipc_default_del(uint32_t ifindex, struct place place)
{
	/* Any protocol: the route may have been there before ipc_default_add(). */
	int err = change_route(RTM_DELROUTE, 0, RTPROT_UNSPEC, ifindex, NULL, 0,
			       place.table, place.metric);

	return err == -ESRCH || err == -ENODEV ? 0 : err;
}

uint32_t ipc_route_table(const struct link *link)
{
	return link->vrf ? link->vrf : RT_TABLE_MAIN;
}

/* The parts of a route that matter here */
struct route {
	uint8_t family;
	uint8_t dst_len;
	uint8_t type;
	uint8_t protocol;
	uint32_t table;
	uint32_t metric;
	uint32_t oif;		/* 0 if not known */
};

static bool take_route(const struct nlmsghdr *nlh, struct route *route)
{
	const struct rtmsg *rtm = mnl_nlmsg_get_payload(nlh);
	const struct nlattr *attr;
	uint32_t has = 0;

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*rtm))
		return false;
	route->family = rtm->rtm_family;
	route->dst_len = rtm->rtm_dst_len;
	route->type = rtm->rtm_type;
	route->protocol = rtm->rtm_protocol;
	route->table = rtm->rtm_table;
	route->metric = 0;
	route->oif = 0;
	mnl_attr_for_each(attr, nlh, sizeof(*rtm)) {
		const struct rtnexthop *hop = mnl_attr_get_payload(attr);

		switch (mnl_attr_get_type(attr)) {
		case RTA_TABLE:
			ipc_take(attr, &route->table, sizeof(route->table),
				 &has);
			break;
		case RTA_PRIORITY:
			ipc_take(attr, &route->metric, sizeof(route->metric),
				 &has);
			break;
		case RTA_OIF:
			ipc_take(attr, &route->oif, sizeof(route->oif), &has);
			break;
		case RTA_MULTIPATH:
			/* Use only the first next hop of a multipath route. */
			if (mnl_attr_get_payload_len(attr) >= sizeof(*hop))
				route->oif = hop->rtnh_ifindex;
			break;
		}
	}
	return true;
}

static bool is_default_route(const struct route *route)
{
	return !route->dst_len && route->type == RTN_UNICAST;
}

struct places {
	uint32_t ifindex;
	struct place *list;
	unsigned int count, max;
};

static void collect_place(const struct nlmsghdr *nlh, void *arg)
{
	struct places *places = arg;
	struct route route;

	/* Older kernels do not filter dumps. */
	if (nlh->nlmsg_type != RTM_NEWROUTE || !take_route(nlh, &route) ||
	    route.family != AF_INET6 || !is_default_route(&route) ||
	    route.protocol != ROUTE_PROTOCOL ||
	    route.oif != places->ifindex || places->count == places->max)
		return;
	places->list[places->count++] = (struct place){
		.table = route.table,
		.metric = route.metric,
	};
}

int ipc_default_list(uint32_t ifindex, struct place *out, unsigned int max)
{
	struct places places = { .ifindex = ifindex, .list = out, .max = max };
	struct request req;
	struct rtmsg *rtm;
	int err;

	rtm = start(&req, RTM_GETROUTE, NLM_F_DUMP, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_protocol = ROUTE_PROTOCOL;
	ipc_put(req.nlh, RTA_OIF, &ifindex, sizeof(ifindex));
	err = talk(&req, collect_place, &places);
	return err ? err : (int)places.count;
}

struct default_routes {
	uint32_t table;
	uint32_t oif[16];
	unsigned int count;
};

static void collect_default(const struct nlmsghdr *nlh, void *arg)
{
	struct default_routes *routes = arg;
	struct route route;

	if (nlh->nlmsg_type == RTM_NEWROUTE && take_route(nlh, &route) &&
	    route.family == AF_INET6 && is_default_route(&route) &&
	    route.table == routes->table &&
	    routes->count < sizeof(routes->oif) / sizeof(routes->oif[0]))
		routes->oif[routes->count++] = route.oif;
}

/* Global addresses and their links */
struct global_addrs {
	struct {
		uint32_t ifindex;
		bool network;	/* not just a host */
	} on[32];
	unsigned int count;
};

/* 2000::/3 without 2001::/32, Teredo's prefix */
static bool is_native(const struct in6_addr *addr)
{
	return (addr->s6_addr[0] & 0xe0) == 0x20 &&
	       addr->s6_addr32[0] != htonl(0x20010000);
}

static void collect_addr(const struct nlmsghdr *nlh, void *arg)
{
	const uint32_t useless = IFA_F_TENTATIVE | IFA_F_DADFAILED |
				 IFA_F_DEPRECATED;
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);
	struct global_addrs *addrs = arg;
	const struct nlattr *attr;
	struct in6_addr addr = { 0 }, local = { 0 };
	uint32_t flags, has = 0;

	if (nlh->nlmsg_type != RTM_NEWADDR ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa) ||
	    addrs->count == sizeof(addrs->on) / sizeof(addrs->on[0]))
		return;
	flags = ifa->ifa_flags;
	mnl_attr_for_each(attr, nlh, sizeof(*ifa)) {
		switch (mnl_attr_get_type(attr)) {
		case IFA_ADDRESS:
			ipc_take(attr, &addr, sizeof(addr), &has);
			break;
		case IFA_LOCAL:
			ipc_take(attr, &local, sizeof(local), &has);
			break;
		case IFA_FLAGS:
			ipc_take(attr, &flags, sizeof(flags), &has);
			break;
		}
	}
	/* On a point-to-point link, IFA_ADDRESS is the address of the other end. */
	if (!is_native(has & BIT(IFA_LOCAL) ? &local : &addr) ||
	    flags & useless)
		return;
	addrs->on[addrs->count].ifindex = ifa->ifa_index;
	addrs->on[addrs->count++].network = ifa->ifa_prefixlen < 128;
}

/* Check that the link is up and may be native. Returns 1, 0, or a negative errno. */
static int get_native_link(uint32_t ifindex, struct link *link)
{
	int err = ipc_link_get(ifindex, link);

	if (err)
		return err == -ENODEV ? 0 : err;
	return strcmp(link->kind, KIND) && !(link->flags & IFF_LOOPBACK) &&
	       link->flags & IFF_UP;
}

/* Check for an address that can be the source of packets through the link @via. Returns 1, 0,
 * or a negative errno.
 */
static int has_address(const struct global_addrs *addrs, uint32_t via)
{
	struct link link;
	unsigned int i;
	int err;

	for (i = 0; i < addrs->count; i++) {
		if (addrs->on[i].ifindex == via)
			return 1;
		if (!addrs->on[i].network)
			continue;
		err = get_native_link(addrs->on[i].ifindex, &link);
		if (err)
			return err;
	}
	return 0;
}

int ipc_native(uint32_t table, struct link *via)
{
	struct default_routes routes = { .table = table };
	struct global_addrs addrs = { 0 };
	struct ifaddrmsg *ifa;
	struct request req;
	struct rtmsg *rtm;
	unsigned int i;
	int err;

	memset(via, 0, sizeof(*via));
	rtm = start(&req, RTM_GETROUTE, NLM_F_DUMP, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_table = table <= UINT8_MAX ? table : RT_TABLE_UNSPEC;
	ipc_put(req.nlh, RTA_TABLE, &table, sizeof(table));
	err = talk(&req, collect_default, &routes);
	/* A table does not exist before its first use. */
	if (err == -ENOENT)
		err = 0;
	if (err || !routes.count)
		return err;
	ifa = start(&req, RTM_GETADDR, NLM_F_DUMP, sizeof(*ifa));
	ifa->ifa_family = AF_INET6;
	err = talk(&req, collect_addr, &addrs);
	if (err)
		return err;

	/* Only now, as a socket handles one request at a time. */
	for (i = 0; i < routes.count; i++) {
		err = get_native_link(routes.oif[i], via);
		if (err > 0)
			err = has_address(&addrs, via->ifindex);
		if (err)
			return err;
	}
	return 0;
}

static void take_gateway(const struct nlmsghdr *nlh, void *arg)
{
	struct gateway *gateway = arg;
	const struct nlattr *attr;
	uint32_t has = 0;

	if (nlh->nlmsg_type != RTM_NEWROUTE ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct rtmsg))
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct rtmsg)) {
		switch (mnl_attr_get_type(attr)) {
		case RTA_GATEWAY:
			ipc_take(attr, &gateway->addr, sizeof(gateway->addr),
				 &has);
			break;
		case RTA_OIF:
			ipc_take(attr, &gateway->ifindex,
				 sizeof(gateway->ifindex), &has);
			break;
		}
	}
}

static void take_mac(const struct nlmsghdr *nlh, void *arg)
{
	struct gateway *gateway = arg;
	const struct nlattr *attr;
	uint32_t has = 0;

	if (nlh->nlmsg_type != RTM_NEWNEIGH ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(struct ndmsg))
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct ndmsg))
		if (mnl_attr_get_type(attr) == NDA_LLADDR)
			ipc_take(attr, gateway->mac, sizeof(gateway->mac),
				 &has);
}

int ipc_gateway(__be32 to, struct gateway *gateway)
{
	struct request req;
	struct rtmsg *rtm;
	struct ndmsg *ndm;
	int err;

	memset(gateway, 0, sizeof(*gateway));
	rtm = start(&req, RTM_GETROUTE, 0, sizeof(*rtm));
	rtm->rtm_family = AF_INET;
	rtm->rtm_dst_len = 32;
	ipc_put(req.nlh, RTA_DST, &to, sizeof(to));
	err = talk(&req, take_gateway, gateway);
	if (err || !gateway->addr)
		return err;

	ndm = start(&req, RTM_GETNEIGH, 0, sizeof(*ndm));
	ndm->ndm_family = AF_INET;
	ndm->ndm_ifindex = gateway->ifindex;
	ipc_put(req.nlh, NDA_DST, &gateway->addr, sizeof(gateway->addr));
	err = talk(&req, take_mac, gateway);
	return err == -ENOENT ? 0 : err;
}

int ipc_link_towards(const struct in6_addr *to, uint32_t *ifindex)
{
	struct gateway gateway = { 0 };
	struct request req;
	struct rtmsg *rtm;
	int err;

	rtm = start(&req, RTM_GETROUTE, 0, sizeof(*rtm));
	rtm->rtm_family = AF_INET6;
	rtm->rtm_dst_len = 128;
	ipc_put(req.nlh, RTA_DST, to, sizeof(*to));
	err = talk(&req, take_gateway, &gateway);
	*ifindex = err ? 0 : gateway.ifindex;
	return err == -ENETUNREACH || err == -EHOSTUNREACH ? 0 : err;
}

int ipc_watch_open(void)
{
	static const int groups[] = {
		RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_IFADDR, RTNLGRP_IPV6_ROUTE,
		RTNLGRP_IPV4_RULE,
	};
	int err = ipc_socket_open(&watch, NETLINK_ROUTE);

	return err ? err : join(&watch, groups, sizeof(groups) / sizeof(groups[0]));
}

int ipc_watch_fd(void)
{
	return mnl_socket_get_fd(watch.nl);
}

struct watch_walk {
	void (*each)(const struct net_event *event, void *arg);
	void *arg;
};

/* Return true for an IPv4 route that covers at least half of the Internet. VPN programs add two
 * halves, or use a table of their own.
 */
static bool is_half_route(const struct route *route)
{
	return route->dst_len <= 1 && route->type == RTN_UNICAST;
}

/* Read an event about an address. */
static bool take_addr_event(const struct nlmsghdr *nlh,
			    struct net_event *event)
{
	const struct ifaddrmsg *ifa = mnl_nlmsg_get_payload(nlh);

	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifa))
		return false;
	event->type = ifa->ifa_family == AF_INET6 ?
		      NET_EVENT_IPV6 : NET_EVENT_IPV4;
	event->ifindex = ifa->ifa_index;
	return true;
}

/* Read an event about a route. Of interest are default routes, of IPv4 also halves of it, and
 * of IPv6 also removed routes to a prefix as long as Teredo's.
 */
static bool take_route_event(const struct nlmsghdr *nlh,
			     struct net_event *event)
{
	struct route route;

	if (!take_route(nlh, &route))
		return false;
	event->ifindex = route.oif;
	event->type = route.family == AF_INET6 ?
		      NET_EVENT_IPV6 : NET_EVENT_IPV4;
	if (route.family == AF_INET)
		return is_half_route(&route);
	return is_default_route(&route) ||
	       (event->gone && route.dst_len == TEREDO_PREFIX_LEN);
}

static bool take_net_event(const struct nlmsghdr *nlh,
			   struct net_event *event)
{
	const struct ifinfomsg *ifi = mnl_nlmsg_get_payload(nlh);

	memset(event, 0, sizeof(*event));
	event->gone = nlh->nlmsg_type == RTM_DELADDR ||
		      nlh->nlmsg_type == RTM_DELROUTE;
	switch (nlh->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		/* With another family, it says that a link has left a bridge. */
		if (mnl_nlmsg_get_payload_len(nlh) < sizeof(*ifi) ||
		    ifi->ifi_family != AF_UNSPEC)
			return false;
		event->type = nlh->nlmsg_type == RTM_NEWLINK ?
			      NET_EVENT_LINK : NET_EVENT_LINK_GONE;
		take_link(nlh, &event->link);
		return true;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		return take_addr_event(nlh, event);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return take_route_event(nlh, event);
	case RTM_NEWRULE:
	case RTM_DELRULE:
		event->type = NET_EVENT_IPV4;
		return true;
	}
	return false;
}

static void hand_on_net_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct watch_walk *walk = arg;
	struct net_event event;

	if (take_net_event(nlh, &event))
		walk->each(&event, walk->arg);
}

void ipc_watch_read(void (*each)(const struct net_event *event, void *arg),
		    void *arg)
{
	static const struct net_event lost = { .type = NET_EVENT_LOST };
	struct watch_walk walk = { .each = each, .arg = arg };

	if (!ipc_drain(&watch, hand_on_net_event, &walk))
		each(&lost, arg);
}
