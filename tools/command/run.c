// SPDX-License-Identifier: GPL-2.0
/* The controller of a client. The decisions are made elsewhere: qualification in
 * qualify.c, network events in netwatch.c, names in resolve.c, the refresh interval in
 * learn.c. This file carries them out.
 *
 * The kernel forwards with or without a controller. A new controller takes over the state
 * that it finds, and changes nothing that is right already.
 */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <netdb.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "command/args.h"
#include "codec/build.h"
#include "command/command.h"
#include "text/conf.h"
#include "advice/explain.h"
#include "service/handover.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "command/learn.h"
#include "text/names.h"
#include "client/netwatch.h"
#include "text/options.h"
#include "client/qualify.h"
#include "client/resolve.h"
#include "service/service.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* Linux gives default routes of routers (RFC 4191) metric 1024. Ours comes after those, and
 * with --force after everything else.
 */
#define METRIC		1029
#define METRIC_FORCED	100000

/* How often a client that does not use its first server resolves all names again: the name
 * of a preferred one may have failed to resolve, or have changed.
 */
#define LOOK_UP_MS	300000

/* How often to look at the wall clock, which may be set at any time, for the end of
 * service.
 */
#define WALL_CLOCK_MS	60000

/* Delay before an operation that failed is tried again, and before an address or route
 * that was removed is restored.
 */
#define RETRY_MS	2000
#define RESTORE_MS	500

/* Metric of the kernel's prefix routes. */
#define PREFIX_METRIC	256

/* Exit status of a controller that ends until the user changes something. */
enum {
	/* STATUS_NO_LINK: the link was deleted */
	STATUS_NO_CLIENT = 5,	/* the mode of the link has no controller */
	STATUS_NO_SERVER = 6,
	STATUS_PERMISSION = 7,
};

/* Default routes left by killed controllers. */
#define PLACES_MAX	64

/* Datagrams to read in a row. */
#define DATAGRAMS_MAX	64

/* A service may be started before its link is made. */
#define LINK_WAIT_MS	30000

struct controller {
	char ifname[IF_NAMESIZE];
	bool once;
	bool unit;		/* started by systemd */
	bool force;
	bool down;		/* the link is down */
	bool wants_up;		/* we have to set it up */
	bool away;		/* the link is in another namespace */
	bool bound;		/* registered with the kernel */
	bool started;		/* has taken over the link before */
	bool aside;		/* native IPv6 is there */
	bool stale;		/* the device has to be read again */
	bool looking;		/* resolving names while qualified */
	uint64_t look_up_at;
	int done;		/* exit status, or -1 */
	bool renew_said;	/* has said that the server wants another key */
	bool unsaid;		/* the kernel does not have the last report */
	uint64_t retry_at;	/* when to retry, UINT64_MAX for never */
	uint64_t restore_at;	/* when to restore what was removed, likewise */
	struct place route;	/* of the default route, if there is one */
	bool others;		/* there may be routes of another controller */
	struct place told;	/* for the default route, from the command line */
	uint32_t vrf;		/* table of the link's VRF, or 0 */
	uint32_t mtu;		/* the user's */
	uint32_t mtu_set;	/* ours, or 0 */
	const char *key_file;	/* NULL: credential or default path */
	int algorithm;
	struct conf conf;	/* from the configuration file */
	struct device dev;	/* as last seen in the kernel */
	struct qualify qualify;
	struct netwatch watch;
	struct resolver resolver;
	struct learner learner;
	int signals;
	int timer;
	time_t until;		/* when service ends, 0 for never */
	__be32 lost_server;	/* since we were last qualified */
	uint64_t loops;		/* counter of own bubbles at the start of the test */
	uint64_t packets;	/* counter of the link at packets_at */
	uint64_t packets_at;
	struct device report;	/* the last one */
	char reason[TEREDO_REASON_MAX + 1];	/* of the state */
};

static void say(const struct controller *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void say(const struct controller *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vannounce(c->ifname, format, args);
	va_end(args);
}

/* Set the reason of the present or next state. */
static void because(struct controller *c, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

static void because(struct controller *c, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(c->reason, sizeof(c->reason), format, args);
	va_end(args);
}

/* -- address, routes, state -- */

static void retry_later(struct controller *c)
{
	c->retry_at = host_clock() + RETRY_MS;
}

/* Return the table of the kernel's prefix routes of the link. */
static uint32_t own_table(const struct controller *c)
{
	return ipc_route_table(&(struct link){ .vrf = c->vrf });
}

/* Return table and metric of the default route: from the command line, else from the
 * configuration of the link. The default is the main table or that of the link's VRF, with
 * a metric after everything else if there may be native IPv6 too.
 */
static struct place place_of_route(const struct controller *c)
{
	const struct config *config = &c->dev.config;
	struct place place = c->told;

	if (!place.table)
		place.table = config->table;
	if (!place.table)
		place.table = own_table(c);
	if (!place.metric)
		place.metric = config->metric;
	if (!place.metric)
		place.metric = c->force ? METRIC_FORCED : METRIC;
	return place;
}

static bool same_place(struct place a, struct place b)
{
	return a.table == b.table && a.metric == b.metric;
}

static bool is_qualified(const struct controller *c)
{
	return c->dev.state == TEREDO_STATE_QUALIFIED &&
	       DEV_HAS(&c->dev, ADDRESS);
}

/* Send the report to the kernel. If that fails, try again later. */
static void send_report(struct controller *c)
{
	c->unsaid = false;
	/* A link that is down or gone has no state to be set. */
	if (c->down || !ipc_state_set(&c->report) || c->done >= 0)
		return;
	if (c->retry_at == UINT64_MAX)
		complain(c->ifname, "state: %s", ipc_error());
	c->unsaid = true;
	retry_later(c);
}

/* Report a state without an address, together with its reason and the server that it is
 * about, which may be NULL. One request sets all three, so that readers see them
 * consistent.
 */
static void report_about(struct controller *c, uint8_t state, uint8_t nat,
			 const struct qualify_server *server)
{
	struct device dev = { .ifindex = c->dev.ifindex, .state = state,
			      .nat = nat };

	dev.has = BIT(TEREDO_A_DEV_IFINDEX) | BIT(TEREDO_A_DEV_STATE) |
		  BIT(TEREDO_A_DEV_NAT);
	if (server) {
		dev.server = server->primary;
		dev.server2 = server->secondary;
		dev.has |= BIT(TEREDO_A_DEV_SERVER) | BIT(TEREDO_A_DEV_SERVER2);
	}
	memcpy(dev.reason, c->reason, sizeof(dev.reason));
	c->dev.state = state;
	c->dev.server = dev.server;
	c->dev.server2 = dev.server2;
	c->report = dev;
	send_report(c);
}

static void report(struct controller *c, uint8_t state, uint8_t nat)
{
	report_about(c, state, nat, NULL);
}

/* Take the MTU that the user wants, and the one that a controller has set instead. */
static void take_mtu(struct controller *c)
{
	bool lowered = DEV_HAS(&c->dev, MTU_CONFIGURED);

	c->mtu = lowered ? c->dev.mtu_configured : c->dev.mtu;
	c->mtu_set = lowered ? c->dev.mtu : 0;
	/* Do not report it again with the state. */
	c->dev.has &= ~BIT(TEREDO_A_DEV_MTU_CONFIGURED);
}

/* Return the user's MTU, or that of the server if it advertises less (C-18). If a server
 * advertises one, the MTU of the IPv4 path counts too. Otherwise the user's MTU stands,
 * even if packets are fragmented.
 */
static uint32_t wanted_mtu(const struct controller *c)
{
	uint32_t mtu = c->mtu, path;

	if (!c->qualify.mtu)
		return mtu;
	if (c->qualify.mtu < mtu)
		mtu = c->qualify.mtu;
	/* The path is unknown if the socket is in another namespace. */
	path = DEV_HAS(&c->dev, LINK_NETNSID) ? 0 :
	       host_path_mtu(c->qualify.server.primary);
	if (path && path < mtu + TEREDO_ENCAP_LEN)
		mtu = path > TEREDO_MTU_MIN + TEREDO_ENCAP_LEN ?
		      path - TEREDO_ENCAP_LEN : TEREDO_MTU_MIN;
	return mtu;
}

/* Set the MTU. The kernel keeps the user's value for the next controller, and forgets it
 * when anybody sets the MTU.
 */
static void change_mtu(struct controller *c, uint32_t mtu)
{
	struct device dev = { .ifindex = c->dev.ifindex,
			      .mtu_configured = c->mtu };

	if (mtu == c->dev.mtu)
		return;
	if (ipc_link_set_mtu(c->dev.ifindex, mtu)) {
		complain(c->ifname, "MTU %u: %s", mtu, ipc_error());
		return;
	}
	c->dev.mtu = mtu;
	c->mtu_set = mtu;
	dev.has = BIT(TEREDO_A_DEV_IFINDEX) | BIT(TEREDO_A_DEV_MTU_CONFIGURED);
	if (mtu != c->mtu)
		ipc_state_set(&dev);
}

/* Remove default routes of a previous controller that was killed and used another table or
 * metric.
 */
static void drop_other_routes(struct controller *c)
{
	struct place places[PLACES_MAX];
	int i, count;

	if (!c->others)
		return;
	count = ipc_default_list(c->dev.ifindex, places, PLACES_MAX);
	for (i = 0; i < count; i++)
		if (!same_place(places[i], c->route))
			ipc_default_del(c->dev.ifindex, places[i]);
	c->others = count < 0;
}

static void withdraw(struct controller *c)
{
	learn_stop(&c->learner);
	c->dev.learned_refresh = 0;
	/* The MTU that the server advertised no longer applies. */
	if (!c->down)
		change_mtu(c, c->mtu);
	if (c->route.metric && ipc_default_del(c->dev.ifindex, c->route))
		complain(c->ifname, "default route: %s", ipc_error());
	c->route.metric = 0;
	drop_other_routes(c);
	if (!is_qualified(c))
		return;
	if (ipc_addr_del(c->dev.ifindex, &c->dev.address, TEREDO_PREFIX_LEN))
		complain(c->ifname, "address: %s", ipc_error());
	c->dev.has &= ~BIT(TEREDO_A_DEV_ADDRESS);
}

/* Make the address. The random bits are kept while all other parts stay the same (F-09),
 * even if the address could not be used for a while.
 */
static void make_address(const struct controller *c, struct in6_addr *out)
{
	const struct qualify *q = &c->qualify;
	struct teredo_addr parts = {
		.server = q->server.primary,
		.client = q->mapped.addr,
		.port = q->mapped.port,
	};
	struct teredo_addr old;

	if (c->dev.address.s6_addr32[0] == q->prefix.s6_addr32[0]) {
		teredo_addr_unpack(&old, &c->dev.address);
		if (old.server == parts.server && old.client == parts.client &&
		    old.port == parts.port) {
			*out = c->dev.address;
			return;
		}
	}
	host_random(&parts.flags, sizeof(parts.flags));
	parts.flags &= TEREDO_FLAGS_RANDOM;
	teredo_addr_pack(out, &q->prefix, &parts);
}

/* Set the reason to what has changed for a qualified client. */
static void explain_news(struct controller *c)
{
	const struct qualify *q = &c->qualify;
	const struct device *dev = &c->dev;

	if (c->lost_server && c->lost_server != q->server.primary)
		because(c, "server %s lost, now %s",
			ipv4_text(c->lost_server),
			ipv4_text(q->server.primary));
	else if (!is_qualified(c))
		because(c, "server %s answered", ipv4_text(q->server.primary));
	else if (dev->server != q->server.primary)
		because(c, "server %s is preferred to %s",
			ipv4_text(q->server.primary), ipv4_text(dev->server));
	else if (dev->mapped.addr != q->mapped.addr ||
		 dev->mapped.port != q->mapped.port)
		because(c, "mapping changed from %s to %s",
			endpoint_text(&dev->mapped),
			endpoint_text(&q->mapped));
	else
		because(c, "NAT is %s, was %s", name_of(&nat_names, q->nat),
			name_of(&nat_names, dev->nat));
	c->lost_server = 0;
}

/* Report the qualified state to the kernel, unless it knows that already. */
static int report_qualified(struct controller *c, const struct in6_addr *address)
{
	const struct qualify *q = &c->qualify;
	struct device *dev = &c->dev;
	bool known = is_qualified(c) && dev->nat == q->nat &&
		     dev->mapped.addr == q->mapped.addr &&
		     dev->mapped.port == q->mapped.port &&
		     dev->server == q->server.primary &&
		     dev->server2 == q->server.secondary &&
		     teredo_addr_equal(&dev->address, address);

	c->reason[0] = 0;
	if (known)
		return 0;
	explain_news(c);
	memcpy(dev->reason, c->reason, sizeof(dev->reason));
	dev->state = TEREDO_STATE_QUALIFIED;
	dev->address = *address;
	dev->nat = q->nat;
	dev->mapped = q->mapped;
	dev->server = q->server.primary;
	dev->server2 = q->server.secondary;
	c->unsaid = false;
	dev->has |= BIT(TEREDO_A_DEV_IFINDEX) | BIT(TEREDO_A_DEV_STATE) |
		    BIT(TEREDO_A_DEV_ADDRESS) | BIT(TEREDO_A_DEV_NAT) |
		    BIT(TEREDO_A_DEV_MAPPED_ADDRESS) |
		    BIT(TEREDO_A_DEV_MAPPED_PORT) |
		    BIT(TEREDO_A_DEV_SERVER) | BIT(TEREDO_A_DEV_SERVER2);
	return ipc_state_set(dev);
}

/* Return true if the server has answered, but the address cannot be used now. */
static bool is_hindered(const struct controller *c)
{
	return c->dev.state == TEREDO_STATE_OFFLINE &&
	       (c->qualify.phase == QUALIFY_QUALIFIED ||
		c->qualify.phase == QUALIFY_CHECKING);
}

/* Add the default route with its table and metric, and remove it from the old place. */
static int set_route(struct controller *c)
{
	const struct place to = place_of_route(c), from = c->route;
	int err;

	err = ipc_default_add(c->dev.ifindex, to);
	if (err)
		return err;
	c->route = to;
	if (from.metric && !same_place(from, to))
		ipc_default_del(c->dev.ifindex, from);
	drop_other_routes(c);
	return 0;
}

/* Put the qualified state into effect: report to the kernel first, which drops packets
 * that are sent too early, then add the address, then the route. This also restores those
 * that somebody has removed. Returns 0 or a negative errno.
 */
static int apply(struct controller *c)
{
	struct in6_addr address, old = c->dev.address;
	bool had = is_qualified(c);
	int err;

	make_address(c, &address);
	/* After an error, add both before the report, so that a further failure does not
	 * show as a moment of service.
	 */
	if (is_hindered(c)) {
		err = ipc_addr_add(c->dev.ifindex, &address,
				   TEREDO_PREFIX_LEN);
		if (err)
			return err;
		err = set_route(c);
		if (err) {
			ipc_addr_del(c->dev.ifindex, &address,
				     TEREDO_PREFIX_LEN);
			return err;
		}
	}
	err = report_qualified(c, &address);
	if (err)
		return err;
	change_mtu(c, wanted_mtu(c));
	err = ipc_addr_add(c->dev.ifindex, &address, TEREDO_PREFIX_LEN);
	if (err)
		return err;
	if (had && !teredo_addr_equal(&old, &address))
		ipc_addr_del(c->dev.ifindex, &old, TEREDO_PREFIX_LEN);
	return set_route(c);
}

/* -- messages about qualification -- */

static void say_qualified(const struct controller *c)
{
	const struct qualify *q = &c->qualify;

	if (c->reason[0])
		say(c, "%s", c->reason);
	say(c, "qualified: address %s, mapped %s, NAT %s, server %s",
	    ipv6_text(&c->dev.address), endpoint_text(&q->mapped),
	    name_of(&nat_names, q->nat), ipv4_text(q->server.primary));
	if (q->target[1].sent && !q->target[1].answered)
		complain(c->ifname,
			 "the secondary address %s of the server does not answer: the kind of NAT is not known",
			 ipv4_text(q->server.secondary));
}

static void say_failed(struct controller *c)
{
	because(c, "%s", explain_failure(&c->qualify));
	complain(c->ifname, "%s", c->reason);
	if (c->qualify.failure == QUALIFY_SYMMETRIC)
		complain(c->ifname,
			 "Teredo cannot pass it, unless it forwards a UDP port to this host; then, with the link down: `teredo-tool set %s port N`",
			 c->ifname);
}

/* Say once that the server wants the client to use a new key. */
static void say_renew(struct controller *c)
{
	if (c->qualify.renew && !c->renew_said)
		complain(c->ifname,
			 "the key of \"%s\" works, but the server asks for a new one",
			 c->qualify.id);
	c->renew_said = c->qualify.renew;
}

/* -- the key -- */

/* Read the configuration file. The command line overrides it. */
static void take_conf(struct controller *c)
{
	struct conf *conf = &c->conf;

	conf_read_if_any(c->ifname,
			 c->unit ? handover_copy(HANDOVER_CONF) : NULL, conf);
	c->force = flag_given(FLAG_FORCE) || conf->no_sunset;
	c->learner.wanted = flag_given(FLAG_LEARN_REFRESH) ||
			    conf->learn_refresh;
	c->key_file = flag_value(FLAG_KEY);
	if (!c->key_file && conf->key[0])
		c->key_file = conf->key;
	c->algorithm = flag_algorithm(conf->algorithm);
	c->until = 0;
	conf_end(conf, &c->until);
}

/* Return the path of the key among the credentials of the service, or NULL. */
static const char *credential(void)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	static char path[512];

	if (!folder)
		return NULL;
	snprintf(path, sizeof(path), "%s/key", folder);
	return access(path, F_OK) ? NULL : path;
}

/* Return the path of the key: as configured, the credential of the service, or the default
 * path. *@copy becomes the path to read it from. Both are valid until the next call.
 */
static const char *key_path(const struct controller *c, const char **copy)
{
	const char *path = c->key_file ? c->key_file : credential();
	static char usual[64 + IF_NAMESIZE];
	bool copied = !path || path == c->conf.key;

	if (!path) {
		snprintf(usual, sizeof(usual), CONF_FOLDER "/%s.key",
			 c->ifname);
		path = usual;
	}
	*copy = c->unit && copied ? handover_copy(HANDOVER_KEY) : NULL;
	if (!*copy)
		*copy = path;
	return path;
}

/* Load the key if the configuration wants signatures (C-02). Returns -1 on failure. */
static int load_key(struct controller *c, bool first)
{
	const struct config *config = &c->dev.config;
	struct key key = { .algorithm = c->algorithm };
	char error[KEY_ERROR_SIZE];
	const char *path, *copy;
	bool exposed;

	if (config->secure == TEREDO_SECURE_REQUIRED && !config->id[0]) {
		because(c, "secure required, but there is no id: run `teredo-tool set %s id NAME`",
			c->ifname);
		complain(c->ifname, "%s", c->reason);
		return -1;
	}
	if (!config->id[0] || config->secure == TEREDO_SECURE_NONCE) {
		qualify_set_key(&c->qualify, "", &key);
		return 0;
	}
	path = key_path(c, &copy);
	if (key_read_copy(path, copy, &key, &exposed, error)) {
		because(c, "%.180s", error);
		complain(c->ifname, "%s", error);
		return -1;
	}
	if (exposed && first)
		warn(c->ifname, "everybody can read key file %s", path);
	qualify_set_key(&c->qualify, config->id, &key);
	explicit_bzero(&key, sizeof(key));
	return 0;
}

/* -- servers -- */

static const char *server_names(const struct controller *c)
{
	if (c->dev.config.server_name[0])
		return c->dev.config.server_name;
	return c->dev.config.server ? ipv4_text(c->dev.config.server) : "";
}

/* Return true if an adopted server may be kept: unless the list has only addresses, and it
 * is none of them. A name may have several addresses, or another one by now.
 */
static bool is_wanted(const struct controller *c, __be32 server)
{
	const char *names = server_names(c);
	char name[256];
	unsigned int i;
	__be32 addr;

	for (i = 0; ; i++) {
		list_entry(names, i, name, sizeof(name));
		if (!name[0])
			return false;
		if (inet_pton(AF_INET, name, &addr) != 1 || addr == server)
			return true;
	}
}

/* Go offline, and try again after a pause. */
static void try_later(struct controller *c)
{
	qualify_set_servers(&c->qualify, NULL, 0);
	qualify_start(&c->qualify, host_clock());
}

/* Go offline until a server is configured, which is an event. */
static void no_server(struct controller *c)
{
	because(c, "no server: run `teredo-tool set %s server HOST`",
		c->ifname);
	complain(c->ifname, "%s", c->reason);
	qualify_stop(&c->qualify);
	withdraw(c);
	report(c, TEREDO_STATE_OFFLINE, TEREDO_NAT_UNKNOWN);
}

static void resolve(struct controller *c)
{
	int err;

	if (!server_names(c)[0]) {
		no_server(c);
		return;
	}

	if (c->dev.state == TEREDO_STATE_OFFLINE) {
		because(c, "looking up %.180s", server_names(c));
		report(c, TEREDO_STATE_STARTING, TEREDO_NAT_UNKNOWN);
	}
	resolver_stop(&c->resolver);
	c->looking = false;
	err = resolver_start(&c->resolver, server_names(c));
	if (!err)
		return;
	because(c, "cannot look up the server: %s", strerror(-err));
	complain(c->ifname, "%s", c->reason);
	try_later(c);
}

/* Schedule the next look-up if the server in use is not the most preferred one. */
static void plan_look_up(struct controller *c, uint64_t now)
{
	c->look_up_at = c->qualify.server.rank ? now + LOOK_UP_MS : UINT64_MAX;
}

/* Resolve the list of servers again while qualified, if that is due. */
static void look_up(struct controller *c, uint64_t now)
{
	if (c->qualify.phase != QUALIFY_QUALIFIED || now < c->look_up_at)
		return;
	c->look_up_at = now + LOOK_UP_MS;
	resolver_stop(&c->resolver);
	c->looking = !resolver_start(&c->resolver, server_names(c));
}

static void resolved(struct controller *c)
{
	struct qualify_server servers[QUALIFY_SERVERS_MAX];
	const struct resolver *r = &c->resolver;
	uint64_t now = host_clock();
	unsigned int i, count;
	char name[256];

	count = resolver_servers(r, c->dev.config.server2, servers);
	if (c->looking) {
		/* The server in use is kept. */
		c->looking = false;
		if (count)
			qualify_set_servers(&c->qualify, servers, count);
		plan_look_up(c, now);
		return;
	}
	for (i = 0; i < r->count; i++) {
		if (!r->list[i].error)
			continue;
		list_entry(server_names(c), r->list[i].name, name,
			   sizeof(name));
		because(c, "server %.100s: %s", name,
			resolve_error(r->list[i].error));
		complain(c->ifname, "%s", c->reason);
	}
	if (!r->count)
		because(c, "the names of the servers could not be looked up");
	if (!count)
		complain(c->ifname, "no server has an IPv4 address");
	qualify_set_servers(&c->qualify, servers, count);
	qualify_start(&c->qualify, now);
}

/* Find the mapping if there is no NAT: the source address of packets to the server, and the
 * service port.
 */
static void find_local(struct controller *c)
{
	struct endpoint *local = &c->qualify.local;

	memset(local, 0, sizeof(*local));
	/* The socket is in another namespace. */
	if (DEV_HAS(&c->dev, LINK_NETNSID))
		return;
	local->addr = c->dev.local;
	if (local->addr ||
	    !host_source_address(c->qualify.server.primary, &local->addr))
		local->port = c->dev.port;
}

/* -- the device -- */

/* Become the controller, and continue from the state of the device. */
static int take_over(struct controller *c)
{
	struct qualify *q = &c->qualify;
	struct qualify_server server;
	int err;

	err = ipc_control_bind(c->ifname, &c->dev);
	if (err)
		return err;
	take_mtu(c);
	c->unsaid = false;
	c->route.metric = 0;
	c->others = true;
	if (is_qualified(c))
		c->route = place_of_route(c);
	resolver_stop(&c->resolver);
	c->looking = false;
	qualify_init(q, &c->dev.config.prefix, c->dev.config.refresh * 1000,
		     host_random);
	if (!server_names(c)[0] && !c->started)
		return -EDESTADDRREQ;
	c->started = true;
	server.primary = c->dev.server;
	server.secondary = c->dev.server2;
	server.rank = 0;
	c->reason[0] = 0;
	/* The rank is not known yet: look the list up soon. */
	c->look_up_at = 0;
	if (load_key(c, true)) {
		try_later(c);
	} else if (is_qualified(c) && is_wanted(c, server.primary)) {
		say(c, "taking over: address %s",
		    ipv6_text(&c->dev.address));
		qualify_adopt(q, host_clock(), &server, &c->dev.mapped,
			      c->dev.nat);
		learn_adopt(&c->learner, &c->dev);
	} else {
		change_mtu(c, c->mtu);
		resolve(c);
	}
	return 0;
}

/* Return the link that native IPv6 uses, in words. */
static const char *native_by(const struct controller *c)
{
	return c->watch.via.ifname[0] ? c->watch.via.ifname : "another link";
}

static void complain_native(const struct controller *c)
{
	complain(c->ifname,
		 "there is native IPv6 already, a default route through %s: Teredo is for hosts that have none",
		 native_by(c));
	complain(c->ifname,
		 "to use both, with a default route of metric %u, run `teredo-tool run %s --force`",
		 METRIC_FORCED, c->ifname);
}

static void report_aside(struct controller *c)
{
	because(c, "standing aside: there is native IPv6, through %s",
		native_by(c));
	qualify_stop(&c->qualify);
	resolver_stop(&c->resolver);
	withdraw(c);
	report(c, TEREDO_STATE_OFFLINE, TEREDO_NAT_UNKNOWN);
}

static void stand_aside(struct controller *c)
{
	complain_native(c);
	say(c, "standing aside until that is gone");
	c->aside = true;
	report_aside(c);
}

/* Return the exit status if the user has to do something about the error, else 0. */
static int end_for(const struct controller *c, int err)
{
	switch (-err) {
	case EPERM:
	case EACCES:
		return STATUS_PERMISSION;
	case EOPNOTSUPP:
		return STATUS_NO_CLIENT;
	case EDESTADDRREQ:
		return STATUS_NO_SERVER;
	case EBUSY:		/* another controller is running */
		return STATUS_FAILED;
	default:
		return c->once || (err == -ENODEV && !c->started) ?
		       STATUS_FAILED : 0;
	}
}

/* Handle an error. End if the user has to change something. Otherwise try again later, and
 * report the reason, which users see meanwhile.
 */
static void fail(struct controller *c, int err, const char *what,
		 const char *why)
{
	struct device dev = { .ifindex = c->dev.ifindex,
			      .has = BIT(TEREDO_A_DEV_IFINDEX) };
	char was[sizeof(c->reason)];
	int status = end_for(c, err);

	memcpy(was, c->reason, sizeof(was));
	if (err == -EDESTADDRREQ)
		because(c, "no server: run `teredo-tool set %s server HOST`",
			c->ifname);
	else
		because(c, "%s%.160s", what, why);
	c->done = status ? status : -1;
	retry_later(c);
	if (!strcmp(was, c->reason))
		return;
	complain(c->ifname, "%s", c->reason);
	memcpy(dev.reason, c->reason, sizeof(dev.reason));
	if (!status)
		ipc_state_set(&dev);
}

static int set_up(struct controller *c)
{
	int err = ipc_link_set_up(c->dev.ifindex, true);

	if (err)
		return err;
	say(c, "the link was down, it is up now");
	c->down = false;
	c->wants_up = false;
	return 0;
}

/* Bind unless bound. Each bind is an event that monitors see, so retries do not repeat it. */
static int bind_once(struct controller *c)
{
	int err = c->bound ? 0 : ipc_control_bind(c->ifname, &c->dev);

	c->bound = !err;
	return err;
}

/* Begin, or begin again: set the link up if necessary, then take it over. */
static void begin(struct controller *c)
{
	int err;

	c->retry_at = UINT64_MAX;
	if (c->away || c->done >= 0)
		return;
	if (c->down && c->wants_up) {
		err = bind_once(c);
		if (err) {
			fail(c, err, "", ipc_error());
			return;
		}
		err = set_up(c);
		if (err) {
			fail(c, err, "the link cannot be set up: ",
			     explain_set_up(&c->dev, err));
			return;
		}
	}
	if (c->down)
		return;
	if (c->aside) {
		err = ipc_control_bind(c->ifname, &c->dev);
		if (err)
			fail(c, err, "", ipc_error());
		else
			report_aside(c);
		return;
	}
	err = take_over(c);
	if (err)
		fail(c, err, "", ipc_error());
	else if (c->watch.native && !c->force)
		stand_aside(c);
}

/* Drop all state after the link went down: the stack and the module have done the same. */
static void forget(struct controller *c)
{
	c->down = true;
	c->dev.state = TEREDO_STATE_DOWN;
	c->dev.has &= ~BIT(TEREDO_A_DEV_ADDRESS);
	c->route.metric = 0;
	c->retry_at = UINT64_MAX;
	c->restore_at = UINT64_MAX;
	c->unsaid = false;
	qualify_stop(&c->qualify);
	resolver_stop(&c->resolver);
	learn_stop(&c->learner);
}

static void link_down(struct controller *c)
{
	if (c->down)
		return;
	say(c, "the link is down, waiting");
	forget(c);
}

static void link_up(struct controller *c)
{
	if (!c->down || c->away)
		return;
	say(c, "the link is up again");
	c->down = false;
	c->wants_up = false;
	begin(c);
}

/* The link has left the namespace. End if it was deleted; a moved one may come back. */
static void link_gone(struct controller *c, bool moved)
{
	if (!moved || c->once) {
		complain(c->ifname, "the link is gone: %s",
			 moved ? "moved to another namespace" :
				 "it was deleted");
		c->done = STATUS_NO_LINK;
		return;
	}
	say(c, "the link is in another namespace, waiting until it comes back");
	forget(c);
	c->away = true;
}

static void link_back(struct controller *c, const struct link *link)
{
	say(c, "the link has come back");
	c->away = false;
	c->bound = false;
	c->dev.ifindex = link->ifindex;
	c->wants_up = true;
}

static void restore_soon(struct controller *c)
{
	if (c->restore_at == UINT64_MAX)
		c->restore_at = host_clock() + RESTORE_MS;
}

/* Move the default route, and look for native IPv6 in its new table. */
static void move_route(struct controller *c)
{
	const struct net_event event = { .type = NET_EVENT_IPV6 };
	uint32_t table = place_of_route(c).table;

	if (table != c->watch.table) {
		c->watch.table = table;
		netwatch_event(&c->watch, &event, c->dev.ifindex,
			       host_clock());
	}
	restore_soon(c);
}

/* Process a change of the link. The route follows it into and out of a VRF. */
static void link_changed(struct controller *c, const struct link *link)
{
	snprintf(c->ifname, sizeof(c->ifname), "%s", link->ifname);
	/* Somebody else has set the MTU: that is what the user wants now. */
	if (link->mtu != c->mtu_set)
		c->mtu = link->mtu;
	c->dev.mtu = link->mtu;
	if (c->vrf != link->vrf) {
		c->vrf = link->vrf;
		move_route(c);
	}
	if (link->flags & IFF_UP)
		link_up(c);
	else
		link_down(c);
	if (c->down && c->wants_up)
		begin(c);
}

/* Read the device again. It may have been configured, or set down and up before we saw it
 * down.
 */
static void refresh(struct controller *c)
{
	const struct config *old = &c->dev.config;
	struct device dev;
	bool other_server, other_key;

	if (c->away || c->done >= 0)
		return;
	if (ipc_dev_get(c->ifname, false, &dev))
		return;
	if (dev.config.mode != TEREDO_MODE_CLIENT) {
		complain(c->ifname, "mode %s, which the link has now, needs no controller",
			 name_of(&mode_names, dev.config.mode));
		c->done = STATUS_NO_CLIENT;
		return;
	}
	if (c->down)
		return;
	if (dev.state == TEREDO_STATE_DOWN) {
		link_down(c);
		return;
	}
	other_server = strcmp(dev.config.server_name, old->server_name) ||
		       dev.config.server != old->server ||
		       dev.config.server2 != old->server2 ||
		       !teredo_addr_equal(&dev.config.prefix, &old->prefix);
	other_key = strcmp(dev.config.id, old->id) ||
		    dev.config.secure != old->secure;
	if (dev.config.refresh != old->refresh)
		learn_overrule(&c->learner, c->ifname, dev.config.refresh);
	c->dev.config = dev.config;
	c->dev.local = dev.local;
	c->dev.port = dev.port;
	if (c->route.metric && !same_place(c->route, place_of_route(c)))
		move_route(c);
	if (c->aside)
		return;
	if (is_qualified(c) && dev.state != TEREDO_STATE_QUALIFIED) {
		say(c, "the link was down");
		forget(c);
		c->down = false;
		begin(c);
	} else if (other_server || other_key) {
		say(c, "another %s: %s", other_server ? "server" : "identity",
		    other_server ? server_names(c) :
		    dev.config.id[0] ? dev.config.id : "none");
		/* The old address stays until there is a new one. */
		qualify_stop(&c->qualify);
		c->qualify.prefix = dev.config.prefix;
		if (other_key && load_key(c, true))
			try_later(c);
		else
			resolve(c);
	}
}

/* -- events -- */

/* Return how many bubbles from our own address have arrived. */
static uint64_t count_loops(const struct controller *c)
{
	struct device dev;

	return ipc_dev_get(c->ifname, true, &dev) ? 0 :
	       dev.stats[TEREDO_A_STATS_RX_LOOP];
}

/* Send a bubble to our own address. If the server forwards it and it arrives, the address
 * works, others can reach us, and it was not made up by an attacker (SEC-10).
 */
static void send_echo(const struct controller *c, const struct endpoint *to)
{
	uint8_t bubble[TEREDO_IPV6_LEN];

	teredo_build_bubble(bubble, &c->dev.address, &c->dev.address);
	ipc_control_send(c->dev.ifindex, to, bubble, sizeof(bubble));
}

/* Nothing arrives at the new address, and there is no other server to try. Report the
 * reason only.
 */
static void handle_unheard(struct controller *c)
{
	struct device dev = { .ifindex = c->dev.ifindex,
			      .has = BIT(TEREDO_A_DEV_IFINDEX) };

	say_failed(c);
	memcpy(dev.reason, c->reason, sizeof(dev.reason));
	ipc_state_set(&dev);
}

/* Go offline, although the server answers, until the address can be used. */
static void hinder(struct controller *c)
{
	bool off = access("/proc/net/if_inet6", F_OK) ||
		   host_sysctl("net/ipv6/conf/%s/disable_ipv6",
			       c->ifname) == 1;

	because(c, "cannot use the address: %.150s",
		off ? "IPv6 is switched off" : ipc_error());
	if (!is_hindered(c) || strcmp(c->report.reason, c->reason)) {
		complain(c->ifname, "%s", c->reason);
		withdraw(c);
		report_about(c, TEREDO_STATE_OFFLINE, c->qualify.nat,
			     &c->qualify.server);
	}
	/* Do not test an address that we do not have. */
	qualify_echoed(&c->qualify);
	if (c->once)
		c->done = STATUS_FAILED;
	retry_later(c);
}

static void handle_up(struct controller *c, bool changed)
{
	bool hindered = is_hindered(c);
	uint64_t now = host_clock();
	int err = apply(c);

	/* The link is down or deleted meanwhile: there will be an event. */
	if (err == -ENETDOWN || err == -ENODEV)
		return;
	if (err) {
		hinder(c);
		return;
	}
	if (changed || hindered) {
		say_qualified(c);
		plan_look_up(c, now);
		c->loops = count_loops(c);
	}
	say_renew(c);
	if (c->once) {
		if (!changed)
			say_qualified(c);
		c->done = 0;
	} else {
		learn_up(&c->learner, &c->qualify, &c->dev);
	}
}

/* Restore an address or a route that somebody may have removed. */
static void restore(struct controller *c)
{
	c->restore_at = UINT64_MAX;
	if (!is_qualified(c))
		return;
	handle_up(c, false);
	/* The kernel adds the prefix route only once, with the address. */
	if (is_qualified(c))
		ipc_route_add(c->dev.ifindex, &c->qualify.prefix,
			      TEREDO_PREFIX_LEN,
			      own_table(c),
			      PREFIX_METRIC);
}

/* Restore and retry what is due. */
static void retry(struct controller *c)
{
	uint64_t now = host_clock();

	if (now >= c->restore_at)
		restore(c);
	if (now < c->retry_at)
		return;
	c->retry_at = UINT64_MAX;
	if (c->unsaid)
		send_report(c);
	else if (is_hindered(c))
		handle_up(c, false);
	else
		begin(c);
}

/* Use the refresh interval that was determined, if any, and report it. */
static void handle_learning(struct controller *c)
{
	struct device dev = { .ifindex = c->dev.ifindex };
	uint32_t seconds = learn_poll(&c->learner, c->ifname);

	c->qualify.refresh = (seconds ? seconds : c->dev.config.refresh) * 1000;
	if (!is_qualified(c) || seconds == c->dev.learned_refresh)
		return;
	c->dev.learned_refresh = seconds;
	dev.learned_refresh = seconds;
	dev.has = BIT(TEREDO_A_DEV_IFINDEX) | BIT(TEREDO_A_DEV_LEARNED_REFRESH);
	/* A link that is down or gone has forgotten it. */
	if (ipc_state_set(&dev) && !c->down && c->done < 0)
		complain(c->ifname, "refresh: %s", ipc_error());
}

/* Report which server a client without an address asks. */
static void tell_asking(struct controller *c)
{
	const struct qualify_server *server = &c->qualify.server;

	if (c->dev.state == TEREDO_STATE_QUALIFIED ||
	    c->qualify.phase != QUALIFY_STARTING ||
	    (c->dev.state == TEREDO_STATE_STARTING &&
	     c->dev.server == server->primary))
		return;
	if (c->lost_server && c->lost_server != server->primary)
		because(c, "server %s lost, asking %s",
			ipv4_text(c->lost_server), ipv4_text(server->primary));
	else
		because(c, "asking server %s", ipv4_text(server->primary));
	report_about(c, TEREDO_STATE_STARTING, TEREDO_NAT_UNKNOWN, server);
}

static void handle_pause(struct controller *c, uint32_t pause)
{
	const struct qualify *q = &c->qualify;

	withdraw(c);
	/* If there are no servers, the reason is about none. */
	report_about(c, TEREDO_STATE_OFFLINE, q->nat,
		     q->servers_count ? &q->server : NULL);
	if (c->once)
		c->done = 1;
	else
		say(c, "offline, next try in %u s", (pause + 999) / 1000);
}

static void handle_qualify(struct controller *c)
{
	struct qualify *q = &c->qualify;
	struct qualify_event ev;
	int err;

	while (c->done < 0 && qualify_poll(q, host_clock(), &ev)) {
		switch (ev.type) {
		case QUALIFY_SEND:
			tell_asking(c);
			if (ev.to.addr == q->server.primary)
				find_local(c);
			err = ipc_control_send(c->dev.ifindex, &ev.to,
					       ev.payload, ev.len);
			if (err)
				qualify_send_failed(q, -err);
			break;
		case QUALIFY_UP:
			handle_up(c, ev.changed);
			break;
		case QUALIFY_DOWN:
			say(c, "service lost: address withdrawn");
			because(c, "%s", explain_failure(q));
			c->lost_server = q->server.primary;
			withdraw(c);
			report_about(c, TEREDO_STATE_STARTING,
				     TEREDO_NAT_UNKNOWN, &q->server);
			break;
		case QUALIFY_FAILED:
			say_failed(c);
			break;
		case QUALIFY_ECHO:
			send_echo(c, &ev.to);
			break;
		case QUALIFY_UNHEARD:
			handle_unheard(c);
			break;
		case QUALIFY_PAUSE:
			handle_pause(c, ev.pause);
			break;
		case QUALIFY_RESOLVE:
			/* The key may have changed, too. */
			if (load_key(c, false))
				try_later(c);
			else
				resolve(c);
			break;
		}
	}
}

static void handle_netwatch(struct controller *c)
{
	enum netwatch_change change;

	while ((change = netwatch_poll(&c->watch, host_clock()))) {
		switch (change) {
		case NETWATCH_NOTHING:
			break;
		case NETWATCH_IPV4:
			qualify_recheck(&c->qualify, host_clock());
			break;
		case NETWATCH_NATIVE:
			if (c->force || c->aside)
				break;
			stand_aside(c);
			if (c->once)
				c->done = 1;
			break;
		case NETWATCH_NATIVE_GONE:
			if (!c->aside)
				break;
			say(c, "native IPv6 is gone, starting again");
			c->aside = false;
			begin(c);
			break;
		}
	}
}

/* Return true if @link is our link, which was away. Its index may have changed. */
static bool is_ours(const struct controller *c, const struct link *link)
{
	return !strcmp(link->kind, "teredo") &&
	       (link->ifindex == c->dev.ifindex ||
		!strcmp(link->ifname, c->ifname));
}

static void take_link_event(struct controller *c, int type,
			    const struct link *link)
{
	if (c->away && type == NET_EVENT_LINK && is_ours(c, link))
		link_back(c, link);
	if (c->away || link->ifindex != c->dev.ifindex)
		return;
	if (type == NET_EVENT_LINK_GONE)
		link_gone(c, link->moved);
	else if (type == NET_EVENT_LINK)
		link_changed(c, link);
}

/* Read the present state of the link. */
static void look_at_link(struct controller *c)
{
	struct link link = { 0 };
	int err = ipc_link_get(c->dev.ifindex, &link);

	link.ifindex = c->dev.ifindex;
	if (!err)
		take_link_event(c, NET_EVENT_LINK, &link);
	else if (err == -ENODEV)
		take_link_event(c, NET_EVENT_LINK_GONE, &link);
}

static void take_net_event(const struct net_event *event, void *arg)
{
	struct controller *c = arg;

	netwatch_event(&c->watch, event, c->dev.ifindex, host_clock());
	if (c->done >= 0)
		return;
	switch (event->type) {
	case NET_EVENT_LINK:
	case NET_EVENT_LINK_GONE:
		take_link_event(c, event->type, &event->link);
		break;
	case NET_EVENT_IPV4:
		break;
	case NET_EVENT_IPV6:
		if (event->gone && event->ifindex == c->dev.ifindex)
			restore_soon(c);
		break;
	case NET_EVENT_LOST:
		look_at_link(c);
		restore_soon(c);
		break;
	}
}

static void take_dev_event(const struct ipc_event *event, void *arg)
{
	struct controller *c = arg;

	if (event->type == IPC_EVENT_LOST ||
	    (event->type == IPC_EVENT_DEV &&
	     event->dev.ifindex == c->dev.ifindex))
		c->stale = true;
}

/* Report that a solicitation was rejected. The attempt goes on. */
static void handle_rejected(struct controller *c, const struct datagram *dg)
{
	struct qualify *q = &c->qualify;
	const struct qualify_target *t =
		qualify_rejected(q, &dg->peer, &dg->rejected);

	if (!t)
		return;
	complain(c->ifname, "%s", explain_rejected(t));
	if (c->dev.state != TEREDO_STATE_STARTING)
		return;
	because(c, "%s", explain_rejected(t));
	report_about(c, TEREDO_STATE_STARTING, TEREDO_NAT_UNKNOWN, &q->server);
}

static void take_datagrams(struct controller *c)
{
	struct datagram dg;
	unsigned int i;

	/* A sender as fast as we read must not block everything else. */
	for (i = 0; i < DATAGRAMS_MAX && ipc_control_recv(&dg); i++) {
		if (dg.error)
			qualify_send_failed(&c->qualify, dg.error);
		else if (dg.rejected.from)
			handle_rejected(c, &dg);
		else
			qualify_receive(&c->qualify, host_clock(), &dg.peer,
					dg.payload, dg.len);
	}
}

/* End at the user's request: remove address and route. */
static void take_back(struct controller *c)
{
	say(c, "stopping: address and route are removed");
	because(c, "the controller was stopped");
	withdraw(c);
	if (!c->down)
		report(c, TEREDO_STATE_STARTING, TEREDO_NAT_UNKNOWN);
	c->done = c->once;
}

static void take_signal(struct controller *c)
{
	struct signalfd_siginfo info;

	if (read(c->signals, &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		take_conf(c);
		c->aside = c->aside && !c->force;
		begin(c);
		break;
	case SIGUSR1:
	case SIGQUIT:
		/* The next controller takes them over. */
		say(c, "leaving: everything stays as it is");
		c->done = c->once;
		break;
	default:
		take_back(c);
		break;
	}
}

/* End if the configured end of service has come (C-99). */
static void check_end(struct controller *c)
{
	if (!c->until || time(NULL) < c->until)
		return;
	say(c, "the service has ended: its last day was %s",
	    conf_end(&c->conf, NULL));
	because(c, "the service has ended");
	withdraw(c);
	if (!c->down)
		report(c, TEREDO_STATE_OFFLINE, TEREDO_NAT_UNKNOWN);
	c->done = c->once;
}

/* Find out whether the link is in use: whether packets have passed within about a refresh
 * interval. A shorter time would mean little.
 */
static void look_for_traffic(struct controller *c, uint64_t now)
{
	struct qualify *q = &c->qualify;
	struct link link;

	if (now < c->packets_at + q->interval / 2 ||
	    ipc_link_get(c->dev.ifindex, &link))
		return;
	q->busy = link.packets != c->packets;
	c->packets = link.packets;
	c->packets_at = now;
}

/* Before qualify.c needs it, provide what it cannot see itself: whether the kernel heard
 * from the server or sent to it, whether the link is in use, whether our bubble arrived.
 */
static void before_qualify(struct controller *c)
{
	struct qualify *q = &c->qualify;
	uint64_t now = host_clock();
	struct device dev;

	if (q->fresh && q->echoes && now >= q->echo_at &&
	    count_loops(c) != c->loops)
		qualify_echoed(q);
	if (q->phase == QUALIFY_QUALIFIED && now >= q->candidates_at)
		look_for_traffic(c, now);
	if (q->phase != QUALIFY_QUALIFIED || now < q->check_at ||
	    ipc_dev_get(c->ifname, false, &dev))
		return;
	if (DEV_HAS(&dev, SERVER_IDLE))
		qualify_heard(q, now, dev.server_idle);
	if (DEV_HAS(&dev, SERVER_SENT))
		qualify_sent(q, now, dev.server_sent);
}

static void set_timer(const struct controller *c)
{
	uint64_t at = qualify_deadline(&c->qualify), wall;
	struct itimerspec when = { 0 };

	wall = c->until ? host_clock() + WALL_CLOCK_MS : UINT64_MAX;
	if (wall < at)
		at = wall;
	if (c->qualify.phase == QUALIFY_QUALIFIED && c->look_up_at < at)
		at = c->look_up_at;

	if (netwatch_deadline(&c->watch) < at)
		at = netwatch_deadline(&c->watch);
	if (learn_deadline(&c->learner) < at)
		at = learn_deadline(&c->learner);
	if (c->retry_at < at)
		at = c->retry_at;
	if (c->restore_at < at)
		at = c->restore_at;
	if (at != UINT64_MAX) {
		/* All zero would mean never. */
		when.it_value.tv_sec = at / 1000;
		when.it_value.tv_nsec = at % 1000 * 1000000 + 1;
	}
	timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void loop(struct controller *c)
{
	uint64_t expirations;

	while (c->done < 0) {
		struct pollfd fds[] = {
			{ .fd = c->signals, .events = POLLIN },
			{ .fd = c->timer, .events = POLLIN },
			{ .fd = ipc_control_fd(), .events = POLLIN },
			{ .fd = ipc_watch_fd(), .events = POLLIN },
			{ .fd = ipc_monitor_fd(), .events = POLLIN },
			{ .fd = c->resolver.fd, .events = POLLIN },
			{ .fd = c->learner.fd, .events = POLLIN },
		};

		take_datagrams(c);
		netwatch_suspended(&c->watch, host_suspended(), host_clock());
		before_qualify(c);
		handle_qualify(c);
		look_up(c, host_clock());
		check_end(c);
		handle_netwatch(c);
		retry(c);
		handle_learning(c);
		if (c->done >= 0)
			break;
		/* The calls above may have opened or closed these. */
		fds[5].fd = c->resolver.fd;
		fds[6].fd = c->learner.fd;
		set_timer(c);
		/* An answer may have been read while a request was being sent. Then poll()
		 * would not report it.
		 */
		if (poll(fds, sizeof(fds) / sizeof(fds[0]),
			 ipc_control_waiting() ? 0 : -1) < 0)
			continue;
		if (fds[0].revents)
			take_signal(c);
		if (fds[1].revents &&
		    read(c->timer, &expirations, sizeof(expirations)) < 0)
			complain(c->ifname, "timer: %s", strerror(errno));
		if (fds[3].revents)
			ipc_watch_read(take_net_event, c);
		if (fds[4].revents)
			ipc_monitor_read(take_dev_event, c);
		if (c->stale) {
			c->stale = false;
			refresh(c);
		}
		if (fds[5].revents && c->resolver.fd == fds[5].fd &&
		    resolver_read(&c->resolver))
			resolved(c);
	}
}

static int prepare(struct controller *c)
{
	sigset_t signals;
	struct link link;
	int native;

	/* Subscribe before reading, so that no change is missed. */
	if (ipc_watch_open() || ipc_monitor_open(false) ||
	    ipc_dev_get(c->ifname, false, &c->dev) ||
	    ipc_link_get(c->dev.ifindex, &link)) {
		complain(c->ifname, "%s", ipc_error());
		return -1;
	}
	if (c->dev.config.mode != TEREDO_MODE_CLIENT) {
		complain(c->ifname,
			 "mode %s needs no controller: `ip link set %s up` is enough",
			 name_of(&mode_names, c->dev.config.mode), c->ifname);
		c->done = STATUS_NO_CLIENT;
		return -1;
	}
	take_mtu(c);
	c->vrf = link.vrf;
	c->watch.table = place_of_route(c).table;
	c->down = c->dev.state == TEREDO_STATE_DOWN;
	c->wants_up = c->down;
	native = ipc_native(c->watch.table, &c->watch.via);
	c->watch.native = native > 0;
	if (native > 0 && !c->force && c->once) {
		complain_native(c);
		return -1;
	}

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigaddset(&signals, SIGQUIT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	c->signals = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	c->timer = timerfd_create(CLOCK_BOOTTIME, TFD_CLOEXEC | TFD_NONBLOCK);
	if (c->signals < 0 || c->timer < 0) {
		complain(c->ifname, "cannot set up signals or the timer: %s",
			 strerror(errno));
		return -1;
	}
	return 0;
}

/* Wait for the link, which may not have been created yet. */
static int wait_for_link(const char *ifname)
{
	uint64_t end = host_clock() + LINK_WAIT_MS;
	struct device dev;
	bool said = false;

	while (ipc_dev_get(ifname, false, &dev) == -ENODEV) {
		if (!said)
			announce(ifname, "there is no such link yet, waiting");
		said = true;
		if (host_clock() >= end) {
			complain(ifname, "there is no such link");
			return STATUS_NO_LINK;
		}
		poll(NULL, 0, 200);
	}
	return 0;
}

/* Return the exit status of a service. If the link is gone, a restart is of no use. */
static int service_status(const struct controller *c)
{
	struct device dev;

	return c->done && ipc_dev_get(c->ifname, false, &dev) == -ENODEV ?
	       STATUS_NO_LINK : c->done;
}

/* Parse "table N" and "metric N", after DEV. */
static int take_place(int argc, char **argv, struct place *out)
{
	static char words[][sizeof("metric")] = { "table", "metric" };
	char error[OPTIONS_ERROR_SIZE];
	struct config config = { 0 };
	size_t len;
	int i;

	/* Expand abbreviations here: options_parse() knows more options, which must not be
	 * accepted, nor make an abbreviation of these two ambiguous.
	 */
	for (i = 1; i < argc; i += 2) {
		len = strlen(argv[i]);
		if (len && !strncmp(words[0], argv[i], len))
			argv[i] = words[0];
		else if (len && !strncmp(words[1], argv[i], len))
			argv[i] = words[1];
		else
			return misuse("\"%s\" is one word too many", argv[i]);
	}
	if (argc < 2)
		return 0;
	if (options_parse(argc - 1, argv + 1, &config, error))
		return usage_error("%s", error);
	out->table = config.table;
	out->metric = config.metric;
	return 0;
}

int run_main(int argc, char **argv)
{
	struct controller c = {
		.done = -1,
		.signals = -1,
		.timer = -1,
		.resolver.fd = -1,
		.learner.fd = -1,
		.watch.suspended = host_suspended(),
		.retry_at = UINT64_MAX,
		.restore_at = UINT64_MAX,
	};

	if (take_name(argc, argv, c.ifname) ||
	    take_place(argc, argv, &c.told))
		return STATUS_USAGE;
	if (flag_given(FLAG_COPY_FILES))
		return handover(c.ifname);
	c.once = flag_given(FLAG_ONCE);
	if (c.once && flag_given(FLAG_LEARN_REFRESH))
		return usage_error("--learn-refresh takes longer than --once runs");
	if (flag_algorithm(0) < 0)
		return STATUS_USAGE;
	c.unit = !argc;
	take_conf(&c);
	if (c.unit && wait_for_link(c.ifname))
		return STATUS_NO_LINK;
	if (!prepare(&c))
		begin(&c);
	else if (c.done < 0)
		c.done = STATUS_FAILED;
	if (c.done < 0)
		service_ready();
	loop(&c);
	resolver_stop(&c.resolver);
	learn_stop(&c.learner);
	if (c.signals >= 0)
		close(c.signals);
	if (c.timer >= 0)
		close(c.timer);
	return c.unit ? service_status(&c) : c.done;
}

/* Remove what a controller has left: after `run --once`, or when it was killed. */
int release_main(int argc, char **argv)
{
	struct controller c = { .done = -1, .learner.fd = -1 };
	bool unit = !argc;
	enum service_job job;
	const char *result;
	struct link link;

	if (take_name(argc, argv, c.ifname))
		return STATUS_USAGE;
	if (unit) {
		/* The next controller takes it over. */
		job = service_job(SERVICE_CONTROLLER, flag_value(FLAG_UNIT));
		result = getenv("SERVICE_RESULT");
		if (job == SERVICE_JOB_RESTART ||
		    (job == SERVICE_JOB_NONE && result &&
		     strcmp(result, "success")))
			return STATUS_DONE;
		if (ipc_dev_get(c.ifname, false, &c.dev) == -ENODEV)
			return STATUS_DONE;
	}
	/* Become the controller, so that nobody else is. */
	if (ipc_control_bind(c.ifname, &c.dev))
		return request_failed(c.ifname);
	c.down = c.dev.state == TEREDO_STATE_DOWN;
	take_mtu(&c);
	if (!is_qualified(&c))
		return STATUS_DONE;
	if (!ipc_link_get(c.dev.ifindex, &link))
		c.vrf = link.vrf;
	c.route = place_of_route(&c);
	c.others = true;
	take_back(&c);
	return STATUS_DONE;
}
