// SPDX-License-Identifier: GPL-2.0
/* The module's generic netlink family */
#include "ipc/ipc-priv.h"

#include <errno.h>
#include <stdlib.h>
#include <linux/genetlink.h>
#include "text/key.h"
#include "text/options.h"
#include "codec/parse.h"

#define NO_MODULE \
	"this kernel has no Teredo: load the module (modprobe teredo); " \
	"where there is none, build and install it from its source folder " \
	"(make; make dkms-install)"

/* Times a list of devices is read until it does not change meanwhile */
#define DUMP_TRIES	8

/* Datagrams kept for ipc_control_recv() */
#define CONTROL_WAITING	32

static struct {
	uint16_t id;
	uint32_t group_state;
	uint32_t group_peers;
} family;

static struct ipc_socket requests;
static struct ipc_socket control;
static struct ipc_socket monitor;

/* Ring of datagrams that arrived during a request. If it is full, answers to solicitations
 * replace others.
 */
static struct waiting {
	struct datagram dg;
	bool answer;
} waiting[CONTROL_WAITING];
static unsigned int waiting_first, waiting_count;

/* The last solicitations sent: more than all tries with two servers */
static struct asked {
	uint32_t seq;		/* of the request; 0: unused */
	uint8_t nonce[TEREDO_NONCE_LEN];
} asked[32];
static unsigned int asked_next;

struct request {
	struct nlmsghdr *nlh;
	char buf[REQUEST_SIZE] __attribute__((aligned(NLMSG_ALIGNTO)));
};

static void start_message(struct request *req, uint16_t type, uint8_t cmd,
			  uint8_t version, uint16_t flags)
{
	struct genlmsghdr *genl;

	/* Padding is sent, too. */
	memset(req->buf, 0, sizeof(req->buf));
	req->nlh = mnl_nlmsg_put_header(req->buf);
	req->nlh->nlmsg_type = type;
	req->nlh->nlmsg_flags = flags;
	genl = mnl_nlmsg_put_extra_header(req->nlh, sizeof(*genl));
	genl->cmd = cmd;
	genl->version = version;
}

static uint8_t command_of(const struct nlmsghdr *nlh)
{
	const struct genlmsghdr *genl = mnl_nlmsg_get_payload(nlh);

	if (nlh->nlmsg_type != family.id ||
	    mnl_nlmsg_get_payload_len(nlh) < sizeof(*genl))
		return 0;
	return genl->cmd;
}

static void take_group(const struct nlattr *group)
{
	char name[GENL_NAMSIZ] = "";
	const struct nlattr *attr;
	uint32_t id = 0, has = 0;

	mnl_attr_for_each_nested(attr, group) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_NAME)
			ipc_take_string(attr, name, sizeof(name));
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GRP_ID)
			ipc_take(attr, &id, sizeof(id), &has);
	}
	if (!strcmp(name, TEREDO_MCGRP_STATE))
		family.group_state = id;
	else if (!strcmp(name, TEREDO_MCGRP_PEERS))
		family.group_peers = id;
}

static void take_family(const struct nlmsghdr *nlh, void *arg)
{
	const struct nlattr *attr, *group;
	uint32_t has = 0;

	(void)arg;
	if (mnl_nlmsg_get_payload_len(nlh) < sizeof(struct genlmsghdr))
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == CTRL_ATTR_FAMILY_ID)
			ipc_take(attr, &family.id, sizeof(family.id), &has);
		else if (mnl_attr_get_type(attr) == CTRL_ATTR_MCAST_GROUPS)
			mnl_attr_for_each_nested(group, attr)
				take_group(group);
	}
}

/* Open a socket, and resolve the number of the family. */
static int open_family(struct ipc_socket *s)
{
	struct request req;
	int err;

	err = ipc_socket_open(s, NETLINK_GENERIC);
	if (err || family.id)
		return err;
	start_message(&req, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1, 0);
	ipc_put(req.nlh, CTRL_ATTR_FAMILY_NAME, TEREDO_GENL_NAME,
		sizeof(TEREDO_GENL_NAME));
	err = ipc_request(s, req.nlh, take_family, NULL);
	if (err == -ENOENT || (!err && !family.id))
		return ipc_fail(ENOENT, NO_MODULE);
	return err;
}

bool ipc_has_teredo(void)
{
	return !open_family(&requests);
}

static int start(struct request *req, struct ipc_socket *s, uint8_t cmd,
		 uint16_t flags)
{
	int err = open_family(s);

	if (!err)
		start_message(req, family.id, cmd, TEREDO_GENL_VERSION, flags);
	return err;
}

/* Begin a request about one device. All attribute sets name a device in the same way. */
static int start_for(struct request *req, struct ipc_socket *s, uint8_t cmd,
		     uint16_t flags, const char *ifname)
{
	int err = start(req, s, cmd, flags);

	_Static_assert((int)TEREDO_A_DEV_IFNAME == (int)TEREDO_A_PEER_IFNAME,
		       "one name for the name");
	if (!err && ifname)
		ipc_put(req->nlh, TEREDO_A_DEV_IFNAME, ifname,
			strlen(ifname) + 1);
	return err;
}

static void take_stats(struct device *dev, const struct nlattr *nest)
{
	const struct nlattr *attr;

	_Static_assert(TEREDO_A_STATS_MAX < 64, "a bit for each counter");
	mnl_attr_for_each_nested(attr, nest) {
		uint16_t type = mnl_attr_get_type(attr);

		if (!type || type > TEREDO_A_STATS_MAX ||
		    mnl_attr_get_payload_len(attr) != sizeof(uint64_t))
			continue;
		memcpy(&dev->stats[type], mnl_attr_get_payload(attr),
		       sizeof(uint64_t));
		dev->stats_has |= 1ULL << type;
	}
}

#define DEV_MEMBER(name, member)	IPC_MEMBER(DEV, name, struct device, member)

static const struct ipc_member dev_members[TEREDO_A_DEV_MAX + 1] = {
	DEV_MEMBER(IFINDEX, ifindex),
	DEV_MEMBER(STATE, state),
	DEV_MEMBER(ADDRESS, address),
	DEV_MEMBER(MAPPED_ADDRESS, mapped.addr),
	DEV_MEMBER(MAPPED_PORT, mapped.port),
	DEV_MEMBER(NAT, nat),
	DEV_MEMBER(SERVER, server),
	DEV_MEMBER(SERVER2, server2),
	DEV_MEMBER(PORT, port),
	DEV_MEMBER(LOCAL, local),
	DEV_MEMBER(MTU, mtu),
	DEV_MEMBER(PEERS, peers),
	DEV_MEMBER(CONTROLLER, controller),
	DEV_MEMBER(SERVER_IDLE, server_idle),
	DEV_MEMBER(SERVER_SENT, server_sent),
	DEV_MEMBER(LINK_NETNSID, link_netnsid),
	DEV_MEMBER(LEARNED_REFRESH, learned_refresh),
	DEV_MEMBER(STATE_AGE, state_age),
	DEV_MEMBER(CONTROLLER_LEFT, controller_left),
	DEV_MEMBER(MTU_CONFIGURED, mtu_configured),
};

static void take_dev(struct device *dev, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	memset(dev, 0, sizeof(*dev));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		switch (mnl_attr_get_type(attr)) {
		case TEREDO_A_DEV_IFNAME:
			ipc_take_string(attr, dev->ifname,
					sizeof(dev->ifname));
			break;
		case TEREDO_A_DEV_REASON:
			ipc_take_string(attr, dev->reason,
					sizeof(dev->reason));
			break;
		case TEREDO_A_DEV_CONFIG:
			ipc_take_config(&dev->config, attr);
			break;
		case TEREDO_A_DEV_STATS:
			take_stats(dev, attr);
			break;
		default:
			ipc_take_member(attr, dev_members, TEREDO_A_DEV_MAX,
					dev, &dev->has);
		}
	}
}

/* Read the answer to a request that has a single message as its answer. */
static void take_one_dev(const struct nlmsghdr *nlh, void *arg)
{
	if (command_of(nlh))
		take_dev(arg, nlh);
}

int ipc_dev_get(const char *ifname, bool with_stats, struct device *dev)
{
	struct request req;
	int err;

	memset(dev, 0, sizeof(*dev));
	err = start_for(&req, &requests, TEREDO_CMD_DEV_GET, 0, ifname);
	if (err)
		return err;
	if (with_stats)
		ipc_put(req.nlh, TEREDO_A_DEV_WITH_STATS, NULL, 0);
	return ipc_request(&requests, req.nlh, take_one_dev, dev);
}

struct dev_list {
	struct device *dev;
	size_t count;
	bool no_memory;
};

static void append_dev(const struct nlmsghdr *nlh, void *arg)
{
	struct dev_list *list = arg;
	struct device *dev;

	if (!command_of(nlh))
		return;
	dev = realloc(list->dev, (list->count + 1) * sizeof(*dev));
	if (!dev) {
		list->no_memory = true;
		return;
	}
	list->dev = dev;
	take_dev(&dev[list->count++], nlh);
}

int ipc_dev_dump(bool with_stats,
		 void (*each)(const struct device *dev, void *arg), void *arg)
{
	struct dev_list list = { 0 };
	unsigned int tries = 0;
	struct request req;
	size_t i;
	int err;

	do {
		list.count = 0;
		err = start(&req, &requests, TEREDO_CMD_DEV_GET, NLM_F_DUMP);
		if (err)
			break;
		if (with_stats)
			ipc_put(req.nlh, TEREDO_A_DEV_WITH_STATS, NULL, 0);
		err = ipc_request(&requests, req.nlh, append_dev, &list);
	} while (!err && requests.interrupted && ++tries < DUMP_TRIES);

	if (!err && list.no_memory)
		err = ipc_fail(ENOMEM, NULL);
	if (!err && requests.interrupted)
		err = ipc_fail(EINTR, "the devices change faster than they can be listed");
	for (i = 0; !err && i < list.count; i++)
		each(&list.dev[i], arg);
	free(list.dev);
	return err;
}

int ipc_dev_set(const char *ifname, const struct config *config)
{
	struct request req;
	struct nlattr *nest;
	int err;

	err = start_for(&req, &requests, TEREDO_CMD_DEV_SET, 0, ifname);
	if (err)
		return err;
	nest = mnl_attr_nest_start(req.nlh, TEREDO_A_DEV_CONFIG);
	config_put(config, ipc_put_config, req.nlh);
	mnl_attr_nest_end(req.nlh, nest);
	return ipc_request(&requests, req.nlh, NULL, NULL);
}

#define PEER_MEMBER(name, member)	IPC_MEMBER(PEER, name, struct peer, member)

static const struct ipc_member peer_members[TEREDO_A_PEER_MAX + 1] = {
	PEER_MEMBER(IFINDEX, ifindex),
	PEER_MEMBER(ADDRESS, address),
	PEER_MEMBER(MAPPED_ADDRESS, mapped.addr),
	PEER_MEMBER(MAPPED_PORT, mapped.port),
	PEER_MEMBER(STATE, state),
	PEER_MEMBER(KIND, kind),
	PEER_MEMBER(PATH, path),
	PEER_MEMBER(IDLE_RX, idle_rx),
	PEER_MEMBER(IDLE_TX, idle_tx),
	PEER_MEMBER(QUEUED, queued),
	PEER_MEMBER(BUBBLES, bubbles),
	PEER_MEMBER(CAUSE, cause),
};

static void take_peer(struct peer *peer, const struct nlmsghdr *nlh)
{
	const struct nlattr *attr;

	memset(peer, 0, sizeof(*peer));
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == TEREDO_A_PEER_PERMANENT)
			peer->has |= BIT(TEREDO_A_PEER_PERMANENT);
		else
			ipc_take_member(attr, peer_members, TEREDO_A_PEER_MAX,
					peer, &peer->has);
	}
}

static void take_one_peer(const struct nlmsghdr *nlh, void *arg)
{
	if (command_of(nlh))
		take_peer(arg, nlh);
}

/* Begin a request about one peer of a device. */
static int start_for_peer(struct request *req, uint8_t cmd,
			  const char *ifname, const struct in6_addr *addr)
{
	int err = start_for(req, &requests, cmd, 0, ifname);

	if (!err)
		ipc_put(req->nlh, TEREDO_A_PEER_ADDRESS, addr, sizeof(*addr));
	return err;
}

int ipc_peer_get(const char *ifname, const struct in6_addr *addr,
		 struct peer *peer)
{
	struct request req;
	int err;

	memset(peer, 0, sizeof(*peer));
	err = start_for_peer(&req, TEREDO_CMD_PEER_GET, ifname, addr);
	if (err)
		return err;
	return ipc_request(&requests, req.nlh, take_one_peer, peer);
}

struct peer_walk {
	void (*each)(const struct peer *peer, void *arg);
	void *arg;
};

static void hand_on_peer(const struct nlmsghdr *nlh, void *arg)
{
	const struct peer_walk *walk = arg;
	struct peer peer;

	if (!command_of(nlh))
		return;
	take_peer(&peer, nlh);
	walk->each(&peer, walk->arg);
}

/* Older kernels give no reason when they refuse a dump. Ask for the device itself, so that
 * ipc_error() has the reason.
 */
static int fail_dump(int err, const char *ifname)
{
	struct device dev;

	if (ifname && (err == -EOPNOTSUPP || err == -ENODEV))
		ipc_dev_get(ifname, false, &dev);
	return err;
}

int ipc_peer_dump(const char *ifname, int state,
		  void (*each)(const struct peer *peer, void *arg), void *arg,
		  bool *consistent)
{
	struct peer_walk walk = { .each = each, .arg = arg };
	uint8_t filter = state;
	struct request req;
	int err;

	err = start_for(&req, &requests, TEREDO_CMD_PEER_GET, NLM_F_DUMP,
			ifname);
	if (err)
		return err;
	if (state >= 0)
		ipc_put(req.nlh, TEREDO_A_PEER_STATE, &filter, sizeof(filter));
	err = ipc_request(&requests, req.nlh, hand_on_peer, &walk);
	if (requests.interrupted)
		*consistent = false;
	return fail_dump(err, ifname);
}

int ipc_peer_new(const char *ifname, const struct in6_addr *addr,
		 const struct endpoint *mapped)
{
	struct request req;
	int err;

	err = start_for_peer(&req, TEREDO_CMD_PEER_NEW, ifname, addr);
	if (err)
		return err;
	ipc_put(req.nlh, TEREDO_A_PEER_MAPPED_ADDRESS, &mapped->addr,
		sizeof(mapped->addr));
	ipc_put(req.nlh, TEREDO_A_PEER_MAPPED_PORT, &mapped->port,
		sizeof(mapped->port));
	ipc_put(req.nlh, TEREDO_A_PEER_PERMANENT, NULL, 0);
	return ipc_request(&requests, req.nlh, NULL, NULL);
}

int ipc_peer_del(const char *ifname, const struct in6_addr *addr)
{
	struct request req;
	int err;

	err = start_for_peer(&req, TEREDO_CMD_PEER_DEL, ifname, addr);
	if (err)
		return err;
	return ipc_request_once(&requests, req.nlh);
}

int ipc_peer_flush(const char *ifname)
{
	struct request req;
	int err;

	err = start_for(&req, &requests, TEREDO_CMD_PEER_FLUSH, 0, ifname);
	if (err)
		return err;
	return ipc_request(&requests, req.nlh, NULL, NULL);
}

/* Begin a request about one secret of a device. */
static int start_for_secret(struct request *req, uint8_t cmd,
			    const char *ifname, const char *id)
{
	int err = start_for(req, &requests, cmd, 0, ifname);

	if (!err)
		ipc_put(req->nlh, TEREDO_A_SECRET_ID, id, strlen(id) + 1);
	return err;
}

int ipc_secret_add(const char *ifname, const char *id, const struct key *key,
		   bool replace)
{
	struct request req;
	int err;

	err = start_for_secret(&req, TEREDO_CMD_SECRET_NEW, ifname, id);
	if (err)
		return err;
	ipc_put(req.nlh, TEREDO_A_SECRET_KEY, key->octets, key->len);
	ipc_put(req.nlh, TEREDO_A_SECRET_ALGORITHM, &key->algorithm,
		sizeof(key->algorithm));
	if (!replace)
		ipc_put(req.nlh, TEREDO_A_SECRET_ONLY_NEW, NULL, 0);
	err = ipc_request(&requests, req.nlh, NULL, NULL);
	explicit_bzero(&req, sizeof(req));
	return err;
}

int ipc_secret_set(const char *ifname, const char *id, uint8_t state)
{
	struct request req;
	int err;

	err = start_for_secret(&req, TEREDO_CMD_SECRET_NEW, ifname, id);
	if (err)
		return err;
	ipc_put(req.nlh, TEREDO_A_SECRET_STATE, &state, sizeof(state));
	return ipc_request(&requests, req.nlh, NULL, NULL);
}

int ipc_secret_del(const char *ifname, const char *id)
{
	struct request req;
	int err;

	err = start_for_secret(&req, TEREDO_CMD_SECRET_DEL, ifname, id);
	if (err)
		return err;
	return ipc_request_once(&requests, req.nlh);
}

static const struct ipc_member secret_members[TEREDO_A_SECRET_MAX + 1] = {
	IPC_MEMBER(SECRET, STATE, struct secret, state),
	IPC_MEMBER(SECRET, ALGORITHM, struct secret, algorithm),
};

struct secret_walk {
	void (*each)(const struct secret *secret, void *arg);
	void *arg;
};

static void hand_on_secret(const struct nlmsghdr *nlh, void *arg)
{
	const struct secret_walk *walk = arg;
	struct secret secret = { 0 };
	const struct nlattr *attr;

	if (!command_of(nlh))
		return;
	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		if (mnl_attr_get_type(attr) == TEREDO_A_SECRET_ID)
			ipc_take_string(attr, secret.id, sizeof(secret.id));
		else
			ipc_take_member(attr, secret_members,
					TEREDO_A_SECRET_MAX, &secret,
					&secret.has);
	}
	walk->each(&secret, walk->arg);
}

int ipc_secret_dump(const char *ifname,
		    void (*each)(const struct secret *secret, void *arg),
		    void *arg)
{
	struct secret_walk walk = { .each = each, .arg = arg };
	struct request req;
	int err;

	err = start_for(&req, &requests, TEREDO_CMD_SECRET_GET, NLM_F_DUMP,
			ifname);
	if (err)
		return err;
	return fail_dump(ipc_request(&requests, req.nlh, hand_on_secret, &walk),
			 ifname);
}

/* Remember a solicitation by its nonce. Other datagrams have no nonce. */
static void note_asked(uint32_t seq, const uint8_t *payload, size_t len)
{
	struct asked *entry = &asked[asked_next];
	struct teredo_packet pkt;

	if (teredo_parse(&pkt, payload, len, len) != TEREDO_PARSE_OK ||
	    !pkt.has_auth)
		return;
	entry->seq = seq;
	memcpy(entry->nonce, payload + pkt.nonce, sizeof(entry->nonce));
	asked_next = (asked_next + 1) % (sizeof(asked) / sizeof(asked[0]));
}

static bool was_asked_for(const struct datagram *dg)
{
	struct teredo_packet pkt;
	size_t i;

	if (teredo_parse(&pkt, dg->payload, dg->len, dg->len) !=
	    TEREDO_PARSE_OK || !pkt.has_auth)
		return false;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (asked[i].seq && !memcmp(asked[i].nonce,
					    dg->payload + pkt.nonce,
					    sizeof(asked[i].nonce)))
			return true;
	return false;
}

static bool is_solicitation(uint32_t seq)
{
	size_t i;

	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++)
		if (asked[i].seq && asked[i].seq == seq)
			return true;
	return false;
}

static struct waiting *waiting_at(unsigned int n)
{
	return &waiting[(waiting_first + n) % CONTROL_WAITING];
}

/* Keep a datagram for ipc_control_recv(). If the ring is full, drop the oldest that is not an
 * answer in favour of an answer; otherwise drop @dg.
 */
static void keep(const struct datagram *dg)
{
	bool answer = dg->error || dg->rejected.from || was_asked_for(dg);
	unsigned int i;

	if (waiting_count == CONTROL_WAITING) {
		for (i = 0; answer && i < CONTROL_WAITING; i++)
			if (!waiting_at(i)->answer)
				break;
		if (!answer || i == CONTROL_WAITING)
			return;
		for (; i + 1 < CONTROL_WAITING; i++)
			*waiting_at(i) = *waiting_at(i + 1);
		waiting_count--;
	}
	waiting_at(waiting_count)->dg = *dg;
	waiting_at(waiting_count++)->answer = answer;
}

static void keep_datagram(const struct nlmsghdr *nlh)
{
	struct datagram dg = { 0 };
	const struct nlattr *attr;
	uint32_t has = 0;

	mnl_attr_for_each(attr, nlh, sizeof(struct genlmsghdr)) {
		uint16_t len = mnl_attr_get_payload_len(attr);

		switch (mnl_attr_get_type(attr)) {
		case TEREDO_A_DATAGRAM_ADDRESS:
			ipc_take(attr, &dg.peer.addr, sizeof(dg.peer.addr),
				 &has);
			break;
		case TEREDO_A_DATAGRAM_PORT:
			ipc_take(attr, &dg.peer.port, sizeof(dg.peer.port),
				 &has);
			break;
		case TEREDO_A_DATAGRAM_ICMP_FROM:
			ipc_take(attr, &dg.rejected.from,
				 sizeof(dg.rejected.from), &has);
			break;
		case TEREDO_A_DATAGRAM_ICMP_TYPE:
			ipc_take(attr, &dg.rejected.type,
				 sizeof(dg.rejected.type), &has);
			break;
		case TEREDO_A_DATAGRAM_ICMP_CODE:
			ipc_take(attr, &dg.rejected.code,
				 sizeof(dg.rejected.code), &has);
			break;
		case TEREDO_A_DATAGRAM_PAYLOAD:
			if (len > sizeof(dg.payload))
				break;
			memcpy(dg.payload, mnl_attr_get_payload(attr), len);
			dg.len = len;
			break;
		}
	}
	keep(&dg);
}

/* Handle an unsolicited message to the controller's socket: a datagram, or the news that a
 * solicitation could not be sent or was rejected.
 */
static void keep_message(const struct nlmsghdr *nlh)
{
	struct datagram failure = { 0 };

	if (command_of(nlh) == TEREDO_CMD_CONTROL_RECV ||
	    command_of(nlh) == TEREDO_CMD_CONTROL_ERROR) {
		keep_datagram(nlh);
	} else if (nlh->nlmsg_type == NLMSG_ERROR &&
		   is_solicitation(nlh->nlmsg_seq)) {
		failure.error = -ipc_read_error(nlh);
		if (failure.error)
			keep(&failure);
	}
}

static void keep_drained(const struct nlmsghdr *nlh, void *arg)
{
	(void)arg;
	keep_message(nlh);
}

bool ipc_control_waiting(void)
{
	return waiting_count;
}

int ipc_control_bind(const char *ifname, struct device *dev)
{
	struct request req;
	int err;

	memset(dev, 0, sizeof(*dev));
	control.async = keep_message;
	err = start_for(&req, &control, TEREDO_CMD_CONTROL_BIND, 0, ifname);
	if (err)
		return err;
	return ipc_request(&control, req.nlh, take_one_dev, dev);
}

int ipc_control_fd(void)
{
	return mnl_socket_get_fd(control.nl);
}

int ipc_control_send(uint32_t ifindex, const struct endpoint *to,
		     const void *payload, size_t len)
{
	struct request req;
	int err;

	err = start(&req, &control, TEREDO_CMD_CONTROL_SEND, 0);
	if (err)
		return err;
	ipc_put(req.nlh, TEREDO_A_DATAGRAM_IFINDEX, &ifindex, sizeof(ifindex));
	ipc_put(req.nlh, TEREDO_A_DATAGRAM_ADDRESS, &to->addr,
		sizeof(to->addr));
	ipc_put(req.nlh, TEREDO_A_DATAGRAM_PORT, &to->port, sizeof(to->port));
	ipc_put(req.nlh, TEREDO_A_DATAGRAM_PAYLOAD, payload, len);
	err = ipc_post(&control, req.nlh);
	if (!err)
		note_asked(control.seq, payload, len);
	return err;
}

bool ipc_control_recv(struct datagram *out)
{
	if (!waiting_count)
		ipc_drain(&control, keep_drained, NULL);
	if (!waiting_count)
		return false;
	*out = waiting[waiting_first].dg;
	waiting_first = (waiting_first + 1) % CONTROL_WAITING;
	waiting_count--;
	return true;
}

int ipc_state_set(const struct device *dev)
{
	static const uint16_t attrs[] = {
		TEREDO_A_DEV_IFINDEX, TEREDO_A_DEV_STATE,
		TEREDO_A_DEV_ADDRESS, TEREDO_A_DEV_MAPPED_ADDRESS,
		TEREDO_A_DEV_MAPPED_PORT, TEREDO_A_DEV_NAT,
		TEREDO_A_DEV_SERVER, TEREDO_A_DEV_SERVER2,
		TEREDO_A_DEV_LEARNED_REFRESH,
		TEREDO_A_DEV_MTU_CONFIGURED,
	};
	struct request req;
	size_t i;
	int err;

	err = start(&req, &control, TEREDO_CMD_STATE_SET, 0);
	if (err)
		return err;
	for (i = 0; i < sizeof(attrs) / sizeof(attrs[0]); i++) {
		const struct ipc_member *m = &dev_members[attrs[i]];

		if (dev->has & BIT(attrs[i]))
			ipc_put(req.nlh, attrs[i], (const char *)dev + m->offset,
				m->size);
	}
	if (dev->reason[0])
		ipc_put(req.nlh, TEREDO_A_DEV_REASON, dev->reason,
			strlen(dev->reason) + 1);
	return ipc_request(&control, req.nlh, NULL, NULL);
}

int ipc_monitor_open(bool with_peers)
{
	int err = open_family(&monitor);
	int fd;

	if (err)
		return err;
	fd = mnl_socket_get_fd(monitor.nl);
	if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &family.group_state, sizeof(family.group_state)))
		return ipc_fail(errno, NULL);
	if (with_peers &&
	    setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP,
		       &family.group_peers, sizeof(family.group_peers)))
		return ipc_fail(errno, NULL);
	return 0;
}

int ipc_monitor_fd(void)
{
	return mnl_socket_get_fd(monitor.nl);
}

struct event_walk {
	void (*each)(const struct ipc_event *event, void *arg);
	void *arg;
};

static void hand_on_event(const struct nlmsghdr *nlh, void *arg)
{
	const struct event_walk *walk = arg;
	struct ipc_event event;

	switch (command_of(nlh)) {
	case TEREDO_CMD_DEV_NTF:
		event.type = IPC_EVENT_DEV;
		take_dev(&event.dev, nlh);
		break;
	case TEREDO_CMD_DEV_DEL_NTF:
		event.type = IPC_EVENT_DEV_DEL;
		take_dev(&event.dev, nlh);
		break;
	case TEREDO_CMD_PEER_NTF:
		event.type = IPC_EVENT_PEER;
		take_peer(&event.peer, nlh);
		break;
	case TEREDO_CMD_PEER_DEL_NTF:
		event.type = IPC_EVENT_PEER_DEL;
		take_peer(&event.peer, nlh);
		break;
	default:
		return;
	}
	walk->each(&event, walk->arg);
}

void ipc_monitor_read(void (*each)(const struct ipc_event *event, void *arg),
		      void *arg)
{
	struct event_walk walk = { .each = each, .arg = arg };
	static const struct ipc_event lost = { .type = IPC_EVENT_LOST };

	if (!ipc_drain(&monitor, hand_on_event, &walk))
		each(&lost, arg);
}
