// SPDX-License-Identifier: GPL-2.0
/* The controller of a client: qualification by qualify.c, network events by
 * netwatch.c, names by resolve.c, the refresh interval by learn.c; what they
 * decide is done here.
 *
 * The kernel forwards with or without a controller. One that starts takes over
 * what it finds; nothing that is right already is touched.
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

/* A router's default route has 1024 (RFC 4191, in Linux): ours comes second,
 * and with --force far behind everything.
 */
#define METRIC		1029
#define METRIC_FORCED	100000

/* A client that is not with its first server looks all of them up so often:
 * the name of a preferred one may have led nowhere, or elsewhere.
 */
#define LOOK_UP_MS	300000

/* The wall clock, by which a service ends, may be set at any time. */
#define WALL_CLOCK_MS	60000

/* What keeps us from our work is tried again so often, and what is taken from us
 * comes back so soon.
 */
#define RETRY_MS	2000
#define RESTORE_MS	500

/* Of the kernel's routes to where an address is. */
#define PREFIX_METRIC	256

/* Why a controller ends by itself: what a person has to change. */
enum {
	/* STATUS_NO_LINK: it was deleted */
	STATUS_NO_CLIENT = 5,	/* it has a mode without a controller */
	STATUS_NO_SERVER = 6,
	STATUS_PERMISSION = 7,
};

/* Default routes that killed controllers have left. */
#define PLACES_MAX	64

/* Datagrams that are taken in a row. */
#define DATAGRAMS_MAX	64

/* A service may be started before its link is made. */
#define LINK_WAIT_MS	30000

struct controller {
	char ifname[IF_NAMESIZE];
	bool once;
	bool unit;		/* it is a service */
	bool force;
	bool down;		/* the link is */
	bool wants_up;		/* and it is for us to set it up */
	bool away;		/* it is in another namespace */
	bool bound;		/* the kernel knows us */
	bool started;		/* it was ours already */
	bool aside;		/* native IPv6 is there */
	bool stale;		/* the kernel's device has changed */
	bool looking;		/* names up, while qualified */
	uint64_t look_up_at;
	int done;		/* exit status, or -1 */
	bool renew_said;	/* that the server wants another key */
	bool unsaid;		/* the kernel does not have the last report */
	uint64_t retry_at;	/* what failed, UINT64_MAX for nothing */
	uint64_t restore_at;	/* what was taken away, the same */
	struct place route;	/* where the default route is, if there is one */
	bool others;		/* there may be routes of another controller */
	struct place told;	/* where to have it; 0: not told */
	uint32_t vrf;		/* table of the link's VRF, or 0 */
	uint32_t mtu;		/* the user's */
	uint32_t mtu_set;	/* ours, or 0 */
	const char *key_file;	/* NULL: where keys are */
	int algorithm;
	struct conf conf;	/* what its file says */
	struct device dev;	/* as the kernel had it last */
	struct qualify qualify;
	struct netwatch watch;
	struct resolver resolver;
	struct learner learner;
	int signals;
	int timer;
	time_t until;		/* when service ends, 0 for never */
	__be32 lost_server;	/* since we were qualified last */
	uint64_t loops;		/* bubbles to ourselves, when the test began */
	uint64_t packets;	/* by the link, when it was looked at last */
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

/* Remember why things are, or will be, as they are, for whoever asks. */
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

/* Where the kernel puts the route that an address brings along. */
static uint32_t own_table(const struct controller *c)
{
	return ipc_route_table(&(struct link){ .vrf = c->vrf });
}

/* As told to us, or as the link was told; else the main table or that of the link's VRF,
 * and far behind everything if there may be native IPv6 beside us.
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

/* Without memory, for example, once more later. */
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

/* Report a state without an address, its reason, and the server that it is about, if
 * it is about one: all three at once, since whoever asks gets all three.
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

/* What does the user want, and have we, or one before us, set something else? */
static void take_mtu(struct controller *c)
{
	bool lowered = DEV_HAS(&c->dev, MTU_CONFIGURED);

	c->mtu = lowered ? c->dev.mtu_configured : c->dev.mtu;
	c->mtu_set = lowered ? c->dev.mtu : 0;
	/* Not to be said again with the state. */
	c->dev.has &= ~BIT(TEREDO_A_DEV_MTU_CONFIGURED);
}

/* What the user has said, but for a server that advertises less (C-18). Who heeds
 * a server heeds the IPv4 path, too: otherwise, fragments are the user's own wish.
 */
static uint32_t wanted_mtu(const struct controller *c)
{
	uint32_t mtu = c->mtu, path;

	if (!c->qualify.mtu)
		return mtu;
	if (c->qualify.mtu < mtu)
		mtu = c->qualify.mtu;
	/* The socket may be in another namespace. */
	path = DEV_HAS(&c->dev, LINK_NETNSID) ? 0 :
	       host_path_mtu(c->qualify.server.primary);
	if (path && path < mtu + TEREDO_ENCAP_LEN)
		mtu = path > TEREDO_MTU_MIN + TEREDO_ENCAP_LEN ?
		      path - TEREDO_ENCAP_LEN : TEREDO_MTU_MIN;
	return mtu;
}

/* The kernel keeps for the next controller what the user said, and forgets it when
 * somebody sets the MTU.
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

/* The controller of before may have been told another place, and have been killed. */
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
	/* What a server advertised goes with it. */
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

/* The random bits stay while the rest does (F-09), also where the address could not
 * be used for a while.
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

/* What is new about a client that is qualified. */
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

/* Tell the kernel, unless it knows all of it. */
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

/* The server has answered, but the address cannot be used: for now. */
static bool is_hindered(const struct controller *c)
{
	return c->dev.state == TEREDO_STATE_OFFLINE &&
	       (c->qualify.phase == QUALIFY_QUALIFIED ||
		c->qualify.phase == QUALIFY_CHECKING);
}

/* Have the default route where it belongs, and no longer where it was. */
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

/* Qualified: tell the kernel first, which drops what is sent too early, then
 * give the link the address, then lead packets to it. What somebody took away
 * meanwhile comes back, too. Returns 0 or a negative errno.
 */
static int apply(struct controller *c)
{
	struct in6_addr address, old = c->dev.address;
	bool had = is_qualified(c);
	int err;

	make_address(c, &address);
	/* If nothing has changed, nobody wants to hear of a moment's service. */
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

/* The server of a client with a key says to get a new one; once. */
static void say_renew(struct controller *c)
{
	if (c->qualify.renew && !c->renew_said)
		complain(c->ifname,
			 "the key of \"%s\" works, but the server wants a new one to be used",
			 c->qualify.id);
	c->renew_said = c->qualify.renew;
}

/* -- the key -- */

/* What the file says, but for what the command line has said. */
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

/* A key that the service manager has for us, NULL if it has none. */
static const char *credential(void)
{
	const char *folder = getenv("CREDENTIALS_DIRECTORY");
	static char path[512];

	if (!folder)
		return NULL;
	snprintf(path, sizeof(path), "%s/key", folder);
	return access(path, F_OK) ? NULL : path;
}

/* Where the key is: as told, as the service manager has it, or in its place; and
 * @copy, where it is read.
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

/* Sign as the configuration says, or not (C-02); -1 if that cannot be. */
static int load_key(struct controller *c, bool first)
{
	const struct config *config = &c->dev.config;
	struct key key = { .algorithm = c->algorithm };
	char error[KEY_ERROR_SIZE];
	const char *path, *copy;
	bool exposed;

	if (config->secure == TEREDO_SECURE_REQUIRED && !config->id[0]) {
		because(c, "secure required, but there is no id: say `teredo-tool set %s id NAME`",
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

/* An adopted server is kept, unless the list has addresses only and it is
 * none of them: a name may stand for several, or for another one by now.
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

/* Offline, for a while. */
static void try_later(struct controller *c)
{
	qualify_set_servers(&c->qualify, NULL, 0);
	qualify_start(&c->qualify, host_clock());
}

/* Until somebody names one, of which there will be an event. */
static void no_server(struct controller *c)
{
	because(c, "no server: say `teredo-tool set %s server HOST`",
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

/* Is there anything to be preferred to the server in use? */
static void plan_look_up(struct controller *c, uint64_t now)
{
	c->look_up_at = c->qualify.server.rank ? now + LOOK_UP_MS : UINT64_MAX;
}

/* Look at the list again, while it does not matter. */
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
		/* What is in use stays. */
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

/* What a host without NAT is mapped to: the address that packets to the
 * server come from, and the service port.
 */
static void find_local(struct controller *c)
{
	struct endpoint *local = &c->qualify.local;

	memset(local, 0, sizeof(*local));
	/* The socket of the device may be in another namespace. */
	if (DEV_HAS(&c->dev, LINK_NETNSID))
		return;
	local->addr = c->dev.local;
	if (local->addr ||
	    !host_source_address(c->qualify.server.primary, &local->addr))
		local->port = c->dev.port;
}

/* -- the device -- */

/* Become the controller, and go on from the state that the device is in. */
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
	/* Which one of the list it is will soon be known. */
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

/* Native IPv6 is there. */
static const char *native_by(const struct controller *c)
{
	return c->watch.via.ifname[0] ? c->watch.via.ifname : "another link";
}

static void complain_native(const struct controller *c)
{
	complain(c->ifname,
		 "there is native IPv6 already, a default route by %s: Teredo is for hosts that have none",
		 native_by(c));
	complain(c->ifname,
		 "to run beside it, with a default route of metric %u, say `teredo-tool run %s --force`",
		 METRIC_FORCED, c->ifname);
}

static void report_aside(struct controller *c)
{
	because(c, "standing aside: there is native IPv6, by %s",
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

/* Why we cannot go on unless a person does something, or 0. */
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
	case EBUSY:		/* there is another controller */
		return STATUS_FAILED;
	default:
		return c->once || (err == -ENODEV && !c->started) ?
		       STATUS_FAILED : 0;
	}
}

/* What a person has to change is the end. All else passes: try again, and tell those
 * who ask why it takes so long.
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
		because(c, "no server: say `teredo-tool set %s server HOST`",
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

/* Whoever watches is told each time. */
static int bind_once(struct controller *c)
{
	int err = c->bound ? 0 : ipc_control_bind(c->ifname, &c->dev);

	c->bound = !err;
	return err;
}

/* Begin, or begin anew, with whatever has to come first. */
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

/* The stack and the module have forgotten all of it. */
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

/* Deleted is the end; who has moved may come back. */
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

/* The route belongs elsewhere, and native IPv6 counts there. */
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

/* Who is in another VRF, or in none any more, has its route there. */
static void link_changed(struct controller *c, const struct link *link)
{
	snprintf(c->ifname, sizeof(c->ifname), "%s", link->ifname);
	/* Not by us: that is what the user wants now. */
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

/* Look at the device once more: somebody may have configured it, or set it
 * down and up faster than we looked.
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
		/* The old address works until there is a new one. */
		qualify_stop(&c->qualify);
		c->qualify.prefix = dev.config.prefix;
		if (other_key && load_key(c, true))
			try_later(c);
		else
			resolve(c);
	}
}

/* -- events -- */

/* Bubbles from our own address that have arrived. */
static uint64_t count_loops(const struct controller *c)
{
	struct device dev;

	return ipc_dev_get(c->ifname, true, &dev) ? 0 :
	       dev.stats[TEREDO_A_STATS_RX_LOOP];
}

/* A bubble to ourselves: that the server passes it on, and that it arrives, shows
 * that the address is good and others can reach us, and that not somebody
 * else has made it up (SEC-10).
 */
static void send_echo(const struct controller *c, const struct endpoint *to)
{
	uint8_t bubble[TEREDO_IPV6_LEN];

	teredo_build_bubble(bubble, &c->dev.address, &c->dev.address);
	ipc_control_send(c->dev.ifindex, to, bubble, sizeof(bubble));
}

/* No other server would do better; but whoever wonders may know. */
static void handle_unheard(struct controller *c)
{
	struct device dev = { .ifindex = c->dev.ifindex,
			      .has = BIT(TEREDO_A_DEV_IFINDEX) };

	say_failed(c);
	memcpy(dev.reason, c->reason, sizeof(dev.reason));
	ipc_state_set(&dev);
}

/* Offline, with a server that answers, until whatever it is has passed. */
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
	/* No bubble to an address that we do not have. */
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

	/* Down or deleted under our hands: there will be an event. */
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

/* Somebody took away an address or a route of ours. */
static void restore(struct controller *c)
{
	c->restore_at = UINT64_MAX;
	if (!is_qualified(c))
		return;
	handle_up(c, false);
	/* That to other clients is the kernel's, who makes it only once. */
	if (is_qualified(c))
		ipc_route_add(c->dev.ifindex, &c->qualify.prefix,
			      TEREDO_PREFIX_LEN,
			      own_table(c),
			      PREFIX_METRIC);
}

/* Do again what did not succeed, and what is due. */
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

/* Keep to the interval that was found out, if one was. */
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

/* A client without an address turns to a server. */
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
	/* Without servers the reason is about none. */
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
			/* There may be another key by now, too. */
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

/* Is the link that is away back? Its index may be another one. */
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

/* What is the link like now? */
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

/* It goes on trying, but people may know at once. */
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

	/* Whoever sends as fast as we read must not keep us from all else. */
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

/* The end, as somebody wants it: address and route are taken back. */
static void take_back(struct controller *c)
{
	say(c, "stopping: address and route are taken back");
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
		/* For another one to go on with */
		say(c, "leaving: everything stays as it is");
		c->done = c->once;
		break;
	default:
		take_back(c);
		break;
	}
}

/* The end of service that its file tells (C-99). */
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

/* Does anybody use the link? What passes within a refresh interval, more or
 * less, says so; a shorter time would say nothing.
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

/* What qualify.c cannot see itself, when it will want to know: has the kernel
 * heard of the server or sent to it, is the link in use, did our bubble arrive?
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
		/* What was just done may have brought more to do at once. */
		fds[5].fd = c->resolver.fd;
		fds[6].fd = c->learner.fd;
		set_timer(c);
		/* An answer may have come while its question was being sent;
		 * it makes no noise.
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

	/* From here on, every change is an event. */
	if (ipc_watch_open() || ipc_monitor_open(false) ||
	    ipc_dev_get(c->ifname, false, &c->dev) ||
	    ipc_link_get(c->dev.ifindex, &link)) {
		complain(c->ifname, "%s", ipc_error());
		return -1;
	}
	if (c->dev.config.mode != TEREDO_MODE_CLIENT) {
		complain(c->ifname,
			 "mode %s needs no controller: `ip link set %s up` is all",
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
		complain(c->ifname, "no signals or no timer for the controller: %s",
			 strerror(errno));
		return -1;
	}
	return 0;
}

/* Whoever makes the link may not have come to it yet. */
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

/* The link of a service that fails may be gone, which no other try would change. */
static int service_status(const struct controller *c)
{
	struct device dev;

	return c->done && ipc_dev_get(c->ifname, false, &dev) == -ENODEV ?
	       STATUS_NO_LINK : c->done;
}

/* "table N" and "metric N", behind DEV */
static int take_place(int argc, char **argv, struct place *out)
{
	static char words[][sizeof("metric")] = { "table", "metric" };
	char error[OPTIONS_ERROR_SIZE];
	struct config config = { 0 };
	size_t len;
	int i;

	/* What other options there are makes no word too many one of them, nor one of
	 * these two ambiguous that is cut short.
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
		return usage_error("--learn-refresh takes longer than --once stays");
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

/* What a controller has left behind: after `run --once`, or when it was killed. */
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
		/* The next controller goes on with it. */
		job = service_job(SERVICE_CONTROLLER, flag_value(FLAG_UNIT));
		result = getenv("SERVICE_RESULT");
		if (job == SERVICE_JOB_RESTART ||
		    (job == SERVICE_JOB_NONE && result &&
		     strcmp(result, "success")))
			return STATUS_DONE;
		if (ipc_dev_get(c.ifname, false, &c.dev) == -ENODEV)
			return STATUS_DONE;
	}
	/* Nobody else may be its controller, so become it. */
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
