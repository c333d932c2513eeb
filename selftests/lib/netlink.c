// SPDX-License-Identifier: GPL-2.0
/* The generic netlink interface, asked by a client of its own on libnl-3 that
 * shares no code with teredo-tool: netlink.sh prepares a namespace with the
 * links "client", "relay" and "server", all down, and runs it there.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/teredo.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <stdarg.h>
#include <stdbool.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <arpa/inet.h>
#include <net/if.h>

/* What came back for a request. */
struct answer {
	int error;		/* negative errno, 0 */
	char text[256];		/* of the extended ack */
	int messages;
	bool interrupted;	/* of a dump */
	struct nlattr *attrs[64];
	bool done;
	char copy[65536];	/* the first message, to which attrs point */
	void (*each)(struct nlattr **attrs);	/* called for each message */
};

static struct nl_sock *sock;
static int family;
static unsigned int client, relay, server;
static struct answer answer;
static int results, failures;

static void result(bool passed, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", passed ? "" : "not ", ++results);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	if (!passed) {
		failures++;
		printf("#   error %d (%s), text '%s', %d messages\n", answer.error,
		       strerror(-answer.error), answer.text, answer.messages);
	}
	fflush(stdout);
}

/* Requests. */

static int on_valid(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct nlattr *attrs[64];

	(void)arg;
	if (hdr->nlmsg_flags & NLM_F_DUMP_INTR)
		answer.interrupted = true;
	if (!answer.messages++ && hdr->nlmsg_len <= sizeof(answer.copy)) {
		memcpy(answer.copy, hdr, hdr->nlmsg_len);
		genlmsg_parse((struct nlmsghdr *)answer.copy, 0, answer.attrs, 63,
			      NULL);
	}
	if (answer.each && !genlmsg_parse(hdr, 0, attrs, 63, NULL))
		answer.each(attrs);
	return NL_OK;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	struct nlmsghdr *hdr = (void *)((char *)err - NLMSG_HDRLEN);
	int skip = sizeof(*err);
	struct nlattr *text;

	(void)from;
	(void)arg;
	answer.error = err->error;
	if (!(hdr->nlmsg_flags & NLM_F_CAPPED))
		skip += err->msg.nlmsg_len - NLMSG_HDRLEN;
	if (hdr->nlmsg_flags & NLM_F_ACK_TLVS) {
		text = nlmsg_find_attr(hdr, NLMSG_ALIGN(skip), NLMSGERR_ATTR_MSG);
		if (text)
			nla_strlcpy(answer.text, text, sizeof(answer.text));
	}
	return NL_STOP;
}

static struct nl_sock *open_socket(void)
{
	struct nl_sock *s = nl_socket_alloc();
	int one = 1;

	if (!s || genl_connect(s))
		return NULL;
	nl_socket_set_buffer_size(s, 1 << 20, 1 << 20);
	setsockopt(nl_socket_get_fd(s), SOL_NETLINK, NETLINK_EXT_ACK, &one,
		   sizeof(one));
	nl_socket_disable_seq_check(s);
	return s;
}

/* nl_send_auto() adds NLM_F_REQUEST and NLM_F_ACK to @flags. */
static struct nl_msg *request(int cmd, unsigned int ifindex, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(65536);

	genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, family, 0, flags, cmd,
		    TEREDO_GENL_VERSION);
	/* Of all sets of attributes, the interface index is the first. */
	if (ifindex)
		nla_put_u32(msg, TEREDO_A_DEV_IFINDEX, ifindex);
	return msg;
}

static int on_done(struct nl_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	answer.done = true;
	return NL_STOP;
}

/* Send it, free it, and have the answer in @answer. */
static int ask_on(struct nl_sock *s, struct nl_msg *msg,
		  void (*each)(struct nlattr **attrs))
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_DEFAULT);

	memset(&answer, 0, offsetof(struct answer, copy));
	answer.each = each;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, NULL);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_done, NULL);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_done, NULL);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, NULL);
	if (nl_send_auto(s, msg) < 0)
		answer.error = -EPROTO;
	nlmsg_free(msg);
	while (!answer.done && !answer.error) {
		int err = nl_recvmsgs(s, cb);

		if (err < 0 && err != -NLE_DUMP_INTR && !answer.error)
			answer.error = -EPROTO;
	}
	nl_cb_put(cb);
	return answer.error;
}

static int ask(struct nl_msg *msg)
{
	return ask_on(sock, msg, NULL);
}

/* Was it refused with this text? */
static bool says(const char *text)
{
	return answer.error < 0 && !strcmp(answer.text, text);
}

static int get(unsigned int ifindex)
{
	return ask(request(TEREDO_CMD_DEV_GET, ifindex, 0));
}

/* Configuration. */

static char config_copy[4096];
static int config_len;

static bool config_read(char *copy, int *len)
{
	if (get(client) || !answer.attrs[TEREDO_A_DEV_CONFIG])
		return false;
	*len = nla_len(answer.attrs[TEREDO_A_DEV_CONFIG]);
	memcpy(copy, nla_data(answer.attrs[TEREDO_A_DEV_CONFIG]), *len);
	return true;
}

static bool config_unchanged(void)
{
	struct answer saved = answer;
	char copy[4096];
	bool same;
	int len;

	same = config_read(copy, &len) && len == config_len &&
	       !memcmp(copy, config_copy, len);
	answer = saved;
	return same;
}

static int set(unsigned int ifindex, int type, const void *data, int len)
{
	struct nl_msg *msg = request(TEREDO_CMD_DEV_SET, ifindex,
				     0);
	struct nlattr *nest = nla_nest_start(msg, TEREDO_A_DEV_CONFIG | NLA_F_NESTED);

	nla_put(msg, type, len, data);
	nla_nest_end(msg, nest);
	return ask(msg);
}

/* What must fail, with a text, and leave the device as it is. */
static void must_fail(const char *what, int type, const void *data, int len,
		      int error)
{
	int got = set(client, type, data, len);

	result(got == error && answer.text[0] && config_unchanged(),
	       "refused: %s", what);
}

static void must_fail_u8(const char *what, int type, uint8_t value, int error)
{
	must_fail(what, type, &value, sizeof(value), error);
}

static void must_fail_u32(const char *what, int type, uint32_t value, int error)
{
	must_fail(what, type, &value, sizeof(value), error);
}

/* What is refused in so many words, a single attribute each. */
struct refused {
	unsigned int *link;
	int type;
	int len;
	unsigned char value[16];
	const char *text;
};

static void must_say(const struct refused *list, int count)
{
	for (; count--; list++) {
		set(*list->link, list->type, list->value, list->len);
		result(says(list->text) && config_unchanged(), "refused: %s",
		       list->text);
	}
}

/* Of a link that is down */
static const struct refused refused_down[] = {
	{ &client, TEREDO_A_CONFIG_MODE, 1, { TEREDO_MODE_MN },
	  "mode is not supported by this module" },
	{ &client, TEREDO_A_CONFIG_FALLBACK, 1, { 1 },
	  "fallback is not supported by this module" },
	{ &client, TEREDO_A_CONFIG_GATEWAY, 4, { 192, 0, 2, 9 },
	  "gateway is not supported by this module" },
	{ &client, TEREDO_A_CONFIG_GATEWAY_PORT, 2, { 16, 0 },
	  "gateway is not supported by this module" },
	{ &client, TEREDO_A_CONFIG_LOCAL, 4, { 224, 0, 0, 1 },
	  "local must be a unicast address" },
	{ &client, TEREDO_A_CONFIG_SERVER, 4, { 10, 0, 0, 1 },
	  "server must be a global unicast address" },
	{ &client, TEREDO_A_CONFIG_SERVER2, 4, { 10, 0, 0, 1 },
	  "server2 must be a global unicast address" },
	{ &client, TEREDO_A_CONFIG_PREFIX_LEN, 1, { 64 },
	  "prefix must be 32 bits long" },
	{ &client, TEREDO_A_CONFIG_PREFIX, 16, { 0x20, 1, 0, 0, 1 },
	  "prefix has bits set beyond its length" },
	{ &client, TEREDO_A_CONFIG_PREFIX, 16, { 0xfe, 0x80 },
	  "prefix is not of global scope" },
	{ &client, TEREDO_A_CONFIG_PEERS_MAX, 4, { 0 },
	  "peers-max must be between 1 and 16777216" },
	{ &client, TEREDO_A_CONFIG_RELAYING, 1, { 1 },
	  "relaying is for mode server, not for mode client" },
	{ &client, TEREDO_A_CONFIG_MODE, 1, { TEREDO_MODE_SERVER },
	  "a server needs local, its primary address" },
	{ &server, TEREDO_A_CONFIG_LOCAL, 4, { 10, 0, 0, 1 },
	  "local of a server must be a global unicast address" },
	{ &server, TEREDO_A_CONFIG_SERVER2, 4, { 192, 0, 2, 1 },
	  "server2 must be a different global unicast address" },
	{ &server, TEREDO_A_CONFIG_DISCOVERY, 1, { 1 },
	  "discovery is for mode client, not for mode server" },
};

/* Only while it is up */
static const struct refused refused_up[] = {
	{ &client, TEREDO_A_CONFIG_MODE, 1, { TEREDO_MODE_RELAY },
	  "mode can change only while the link is down" },
	{ &client, TEREDO_A_CONFIG_LOCAL, 4, { 192, 0, 2, 1 },
	  "local can change only while the link is down" },
	{ &client, TEREDO_A_CONFIG_PORT, 2, { 16, 0 },
	  "port can change only while the link is down" },
	{ &server, TEREDO_A_CONFIG_SERVER2, 4, { 192, 0, 2, 9 },
	  "server2 of a server can change only while the link is down" },
};

static void test_config(void)
{
	uint16_t port = htons(4711), zero = 0;
	uint32_t refresh = 25;
	char name[2000];

	config_len = 0;
	result(config_read(config_copy, &config_len), "configuration is there");

	must_fail_u8("mode 99", TEREDO_A_CONFIG_MODE, 99, -ERANGE);
	must_fail_u8("a prefix of 129 bits", TEREDO_A_CONFIG_PREFIX_LEN, 129, -ERANGE);
	must_fail_u8("secure 9", TEREDO_A_CONFIG_SECURE, 9, -ERANGE);
	must_fail_u8("discovery 2", TEREDO_A_CONFIG_DISCOVERY, 2, -ERANGE);
	must_fail_u32("refresh 0", TEREDO_A_CONFIG_REFRESH, 0, -ERANGE);
	must_fail_u32("refresh 3601", TEREDO_A_CONFIG_REFRESH, 3601, -ERANGE);
	must_fail_u32("no peers", TEREDO_A_CONFIG_PEERS_MAX, 0, -ERANGE);
	must_fail_u32("2^31 peers", TEREDO_A_CONFIG_PEERS_MAX, 1U << 31, -ERANGE);
	must_fail_u32("a queue of 1025", TEREDO_A_CONFIG_QUEUE, 1025, -ERANGE);
	must_fail_u32("a private server", TEREDO_A_CONFIG_SERVER,
		      inet_addr("10.0.0.1"), -EINVAL);
	must_fail_u32("a loopback server", TEREDO_A_CONFIG_SERVER,
		      inet_addr("127.0.0.1"), -EINVAL);
	must_fail_u32("a multicast server", TEREDO_A_CONFIG_SERVER,
		      inet_addr("224.0.0.1"), -EINVAL);
	must_fail_u32("a broadcast server", TEREDO_A_CONFIG_SERVER,
		      inet_addr("255.255.255.255"), -EINVAL);
	must_fail_u32("a multicast local address", TEREDO_A_CONFIG_LOCAL,
		      inet_addr("224.0.0.1"), -EINVAL);
	must_fail("a port of one octet", TEREDO_A_CONFIG_PORT, &port, 1, -EINVAL);
	must_fail("an address of 15 octets", TEREDO_A_CONFIG_PREFIX, name, 15, -ERANGE);
	must_fail("an unknown attribute", 60, &refresh, 4, -EINVAL);
	memset(name, 'a', sizeof(name));
	must_fail("2000 letters of names", TEREDO_A_CONFIG_SERVER_NAME, name,
		  sizeof(name), -EINVAL);
	must_say(refused_down, sizeof(refused_down) / sizeof(refused_down[0]));

	result(!set(client, TEREDO_A_CONFIG_PORT, &port, sizeof(port)) &&
	       !set(client, TEREDO_A_CONFIG_REFRESH, &refresh, sizeof(refresh)) &&
	       !config_unchanged(), "a change is made");
	result(!set(client, TEREDO_A_CONFIG_PORT, &zero, sizeof(zero)),
	       "and taken back");
	config_read(config_copy, &config_len);
}

/* The least and the most that a number may be */
static const struct range {
	const char *name;
	int type;
	uint32_t least, most;
} ranges[] = {
	{ "refresh", TEREDO_A_CONFIG_REFRESH, 1, 3600 },
	{ "peers-max", TEREDO_A_CONFIG_PEERS_MAX, 1, 1 << 24 },
	{ "queue", TEREDO_A_CONFIG_QUEUE, 0, 1024 },
};

/* On both sides of each edge of what is not global */
static const struct {
	const char *addr;
	bool taken;
} servers[] = {
	{ "0.0.0.1", false }, { "0.255.255.255", false }, { "1.0.0.0", true },
	{ "9.255.255.255", true }, { "10.0.0.0", false },
	{ "10.255.255.255", false }, { "11.0.0.0", true },
	{ "100.64.0.1", true }, { "126.255.255.255", true },
	{ "127.0.0.0", false }, { "127.255.255.255", false }, { "128.0.0.0", true },
	{ "169.253.255.255", true }, { "169.254.0.0", false },
	{ "169.254.255.255", false }, { "169.255.0.0", true },
	{ "172.15.255.255", true }, { "172.16.0.0", false },
	{ "172.31.255.255", false }, { "172.32.0.0", true },
	{ "192.88.98.255", true }, { "192.88.99.0", false },
	{ "192.88.99.255", false }, { "192.88.100.0", true },
	{ "192.167.255.255", true }, { "192.168.0.0", false },
	{ "192.168.255.255", false }, { "192.169.0.0", true },
	{ "223.255.255.255", true }, { "224.0.0.0", false },
	{ "239.255.255.255", false }, { "240.0.0.0", true },
	{ "255.255.255.254", true }, { "255.255.255.255", false },
};

static bool takes(int type, uint32_t value)
{
	return !set(client, type, &value, sizeof(value));
}

static void test_edges(void)
{
	bool good;
	unsigned int i;

	for (i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++) {
		const struct range *r = &ranges[i];
		uint32_t usual = nla_get_u32(nla_find((void *)config_copy,
						      config_len, r->type));

		good = takes(r->type, r->least) && takes(r->type, r->most) &&
		       (!r->least || !takes(r->type, r->least - 1)) &&
		       !takes(r->type, r->most + 1);
		result(takes(r->type, usual) && config_unchanged() && good,
		       "%s from %u to %u", r->name, r->least, r->most);
	}
	for (good = true, i = 0; i < sizeof(servers) / sizeof(servers[0]); i++) {
		uint32_t addr = inet_addr(servers[i].addr);

		/* One at a time: the two have to differ. */
		if (takes(TEREDO_A_CONFIG_SERVER, addr) == servers[i].taken &&
		    takes(TEREDO_A_CONFIG_SERVER, 0) &&
		    takes(TEREDO_A_CONFIG_SERVER2, addr) == servers[i].taken &&
		    takes(TEREDO_A_CONFIG_SERVER2, 0))
			continue;
		printf("# %s\n", servers[i].addr);
		good = false;
	}
	result(good, "each address is a server's, or is not");
	config_read(config_copy, &config_len);
}

/* The same attributes in IFLA_INFO_DATA: one configuration, one filler. */

static int on_link(struct nl_msg *msg, void *same)
{
	struct nlattr *info = nlmsg_find_attr(nlmsg_hdr(msg), sizeof(struct ifinfomsg),
					      IFLA_LINKINFO);
	struct nlattr *data = info ? nla_find(nla_data(info), nla_len(info),
					      IFLA_INFO_DATA) : NULL;

	*(bool *)same = data && nla_len(data) == config_len &&
			!memcmp(nla_data(data), config_copy, config_len);
	return NL_OK;
}

static void test_rtnl(void)
{
	struct ifinfomsg link = { .ifi_index = client };
	struct nl_sock *rtnl = nl_socket_alloc();
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_GETLINK, 0);
	bool same = false;

	nl_connect(rtnl, NETLINK_ROUTE);
	nl_socket_modify_cb(rtnl, NL_CB_VALID, NL_CB_CUSTOM, on_link, &same);
	nlmsg_append(msg, &link, sizeof(link), 0);
	nl_send_auto(rtnl, msg);
	nlmsg_free(msg);
	nl_recvmsgs_default(rtnl);
	nl_socket_free(rtnl);
	result(same, "rtnetlink tells the same configuration, octet for octet");
}

/* Devices. */

static void test_dev(void)
{
	struct nl_msg *msg;

	result(!get(client) && answer.attrs[TEREDO_A_DEV_IFNAME] &&
	       !strcmp(nla_get_string(answer.attrs[TEREDO_A_DEV_IFNAME]), "client") &&
	       answer.attrs[TEREDO_A_DEV_STATE] &&
	       nla_get_u8(answer.attrs[TEREDO_A_DEV_STATE]) == TEREDO_STATE_DOWN &&
	       !answer.attrs[TEREDO_A_DEV_STATS], "dev-get by index");
	msg = request(TEREDO_CMD_DEV_GET, 0, 0);
	nla_put_string(msg, TEREDO_A_DEV_IFNAME, "client");
	nla_put_flag(msg, TEREDO_A_DEV_WITH_STATS);
	result(!ask(msg) && answer.attrs[TEREDO_A_DEV_IFINDEX] &&
	       nla_get_u32(answer.attrs[TEREDO_A_DEV_IFINDEX]) == client &&
	       answer.attrs[TEREDO_A_DEV_STATS], "dev-get by name, with counters");
	result(!ask(request(TEREDO_CMD_DEV_GET, 0, NLM_F_DUMP)) &&
	       answer.messages == 3, "dev-get dump: all devices");
	get(1);
	result(says("device is not of type teredo"), "dev-get of lo: refused");
	result(get(9999) == -ENODEV && says("no such device"),
	       "dev-get of nothing: ENODEV");
	result(get(0) == -EINVAL && says("ifindex or ifname is missing"),
	       "dev-get of no device named: EINVAL");
	ask(request(TEREDO_CMD_DEV_SET, client, 0));
	result(says("config is missing"), "dev-set of nothing: refused");
	msg = request(TEREDO_CMD_DEV_GET, client, 0);
	nla_put_u32(msg, 60, 1);
	result(ask(msg) == -EINVAL, "an unknown attribute: EINVAL");
	result(ask(request(TEREDO_CMD_MAX + 5, client, 0)) ==
	       -EOPNOTSUPP, "an unknown command: EOPNOTSUPP");
}

/* By the tools everybody has. */
static void shell(const char *command)
{
	if (system(command))	/* NOLINT(cert-env33-c): its own words */
		printf("#   failed: %s\n", command);
}

static void link_set(const char *name, const char *state)
{
	char command[100];

	snprintf(command, sizeof(command), "ip link set %s %s", name, state);
	shell(command);
}

/* The controller. */

static struct nl_msg *state_set(int state, const char *address, const char *mapped)
{
	struct nl_msg *msg = request(TEREDO_CMD_STATE_SET, client,
				     0);
	struct in6_addr addr;

	if (state >= 0)
		nla_put_u8(msg, TEREDO_A_DEV_STATE, state);
	if (address) {
		inet_pton(AF_INET6, address, &addr);
		nla_put(msg, TEREDO_A_DEV_ADDRESS, sizeof(addr), &addr);
	}
	if (mapped) {
		nla_put_u32(msg, TEREDO_A_DEV_MAPPED_ADDRESS, inet_addr(mapped));
		nla_put_u16(msg, TEREDO_A_DEV_MAPPED_PORT, htons(4096));
		nla_put_u32(msg, TEREDO_A_DEV_SERVER, inet_addr("203.0.113.1"));
	}
	return msg;
}

static struct nl_msg *datagram(const char *address, int port, int len)
{
	struct nl_msg *msg = request(TEREDO_CMD_CONTROL_SEND, client,
				     0);
	static char payload[2000];

	nla_put_u32(msg, TEREDO_A_DATAGRAM_ADDRESS, inet_addr(address));
	nla_put_u16(msg, TEREDO_A_DATAGRAM_PORT, htons(port));
	nla_put(msg, TEREDO_A_DATAGRAM_PAYLOAD, len, payload);
	return msg;
}

static struct nl_msg *control_send(int len)
{
	return datagram("203.0.113.1", 3544, len);
}

/* What keeps a datagram in, and what is said then. */
static void unsent(void)
{
	static const struct {
		const char *begin, *end, *address, *text, *what;
	} causes[] = {
		{ "ip route add prohibit 203.0.113.64/28", NULL, "203.0.113.65",
		  "an IPv4 route prohibits address", "a route that prohibits" },
		{ "ip route add blackhole 203.0.113.80/28", NULL, "203.0.113.81",
		  "an IPv4 route discards packets to address, or local is no longer an address of this host",
		  "a route that discards" },
		{ "ip route add 203.0.113.96/28 dev client", NULL, "203.0.113.97",
		  "the IPv4 route to address leads back into the tunnel, or address is the device's own",
		  "a route into the tunnel" },
		{ NULL, NULL, "192.0.2.255",
		  "address is a broadcast or multicast address here", "a broadcast address" },
		{ "tc qdisc add dev dummy0 root pfifo limit 0", "tc qdisc del dev dummy0 root",
		  "203.0.113.1", "an output queue has no room for the datagram",
		  "a queue without room" },
		{ "nft 'table ip t { chain c { type filter hook output priority 0; drop; }; }'",
		  "nft delete table ip t", "203.0.113.1",
		  "a firewall or IPsec rule of this host does not let the datagram out",
		  "a firewall" },
	};
	unsigned int i;
	char what[80];

	for (i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		if (causes[i].begin)
			shell(causes[i].begin);
		ask(datagram(causes[i].address, 3544, 40));
		snprintf(what, sizeof(what), "control-send, %s: refused, and why",
			 causes[i].what);
		result(says(causes[i].text), what);
		if (causes[i].end)
			shell(causes[i].end);
	}
}

static void test_controller(void)
{
	struct nl_sock *second = open_socket();
	struct nl_msg *msg;

	ask(control_send(40));
	result(says("the link is down"), "control-send of a link that is down: refused");
	ask(state_set(TEREDO_STATE_OFFLINE, NULL, NULL));
	result(says("the link is down"), "state-set, too");
	ask(request(TEREDO_CMD_CONTROL_SEND, client, 0));
	result(says("address, port or payload is missing"),
	       "control-send without a datagram: refused");
	ask(request(TEREDO_CMD_CONTROL_BIND, relay, 0));
	result(says("only a client has a controller"),
	       "control-bind of a relay: refused");
	result(!ask(request(TEREDO_CMD_CONTROL_BIND, client, 0)),
	       "control-bind of a client");
	result(ask_on(second, request(TEREDO_CMD_CONTROL_BIND, client, 0), NULL) ==
	       -EBUSY && says("the device has a controller already"),
	       "a second controller: EBUSY");
	result(ask_on(second, state_set(TEREDO_STATE_OFFLINE, NULL, NULL), NULL) ==
	       -EBUSY && says("the device has a controller already"),
	       "another one's state: EBUSY");
	result(!get(client) && answer.attrs[TEREDO_A_DEV_CONTROLLER],
	       "the device has a controller");
	ask(control_send(0));
	result(says("payload is empty or too long"), "control-send of nothing: refused");
	ask(control_send(TEREDO_PAYLOAD_MAX + 1));
	result(says("payload is empty or too long"), "control-send of too much: refused");
	ask(datagram("203.0.113.1", 0, 40));
	result(says("address is not global unicast, or port is 0"),
	       "control-send to port 0: refused");
	ask(datagram("10.0.0.1", 3544, 40));
	result(says("address is not global unicast, or port is 0"),
	       "control-send to a private address: refused");

	link_set("client", "up");
	link_set("server", "up");
	must_say(refused_up, sizeof(refused_up) / sizeof(refused_up[0]));
	link_set("server", "down");
	result(!ask(control_send(48)), "control-send");
	ask(datagram("203.0.113.129", 3544, 40));
	result(says("no IPv4 route to address"), "control-send to nowhere: refused");
	unsent();
	result(ask(state_set(99, NULL, NULL)) < 0, "state 99: refused");
	ask(state_set(TEREDO_STATE_ACTIVE, NULL, NULL));
	result(says("state must be starting, qualified or offline"),
	       "a server's state: refused");
	ask(state_set(TEREDO_STATE_QUALIFIED, "2001:db8::1", "192.0.2.1"));
	result(says("address is not a usable Teredo address"),
	       "an address outside of the prefix: refused");
	ask(state_set(TEREDO_STATE_QUALIFIED, "2001:0:cb00:7101:0:efff:f5ff:fffe",
		      "10.0.0.1"));
	result(says("mapped-address is not global unicast"),
	       "a private mapping: refused (C-17, F-12)");
	ask(state_set(TEREDO_STATE_QUALIFIED, "2001:0:cb00:7101:0:efff:80ff:fffe",
		      "127.0.0.1"));
	result(says("mapped-address is not global unicast"),
	       "a loopback mapping: refused");
	ask(state_set(TEREDO_STATE_QUALIFIED, "2001:0:cb00:7101:0:efff:3fff:fdfe", NULL));
	result(says("mapped-address or mapped-port is missing"),
	       "qualified without a mapping: refused");
	ask(state_set(TEREDO_STATE_QUALIFIED, "2001:0:cb00:7101:0:efff:3fff:fdfe",
		      "192.0.2.9"));
	result(says("address does not hold the mapped address and port"),
	       "an address of another mapping: refused");
	msg = state_set(TEREDO_STATE_QUALIFIED, "2001:0:cb00:7101:0:efff:3fff:fdfe",
			"192.0.2.1");
	nla_put_u32(msg, TEREDO_A_DEV_SERVER2, inet_addr("10.0.0.1"));
	ask(msg);
	result(says("server and server2 must be global unicast"),
	       "a private second server: refused");
	msg = state_set(TEREDO_STATE_OFFLINE, NULL, NULL);
	nla_put_u32(msg, TEREDO_A_DEV_SERVER, inet_addr("192.0.2.50"));
	nla_put_string(msg, TEREDO_A_DEV_REASON, "silence");
	result(!ask(msg) && !get(client) && answer.attrs[TEREDO_A_DEV_REASON] &&
	       answer.attrs[TEREDO_A_DEV_SERVER] &&
	       nla_get_u32(answer.attrs[TEREDO_A_DEV_SERVER]) == inet_addr("192.0.2.50") &&
	       nla_get_u32(answer.attrs[TEREDO_A_DEV_SERVER2]) == inet_addr("192.0.2.51"),
	       "state-set with a server and a reason (C-64)");
	result(!ask(state_set(TEREDO_STATE_STARTING, NULL, NULL)) && !get(client) &&
	       !answer.attrs[TEREDO_A_DEV_REASON] && !answer.attrs[TEREDO_A_DEV_SERVER],
	       "the next state comes without those of before (C-64)");
	result(!ask(state_set(TEREDO_STATE_QUALIFIED,
			      "2001:0:cb00:7101:0:efff:3fff:fdfe", "192.0.2.1")),
	       "state-set qualified");
	result(!get(client) && answer.attrs[TEREDO_A_DEV_STATE] &&
	       nla_get_u8(answer.attrs[TEREDO_A_DEV_STATE]) == TEREDO_STATE_QUALIFIED &&
	       answer.attrs[TEREDO_A_DEV_ADDRESS], "and so it is");

	nl_socket_free(sock);
	sock = open_socket();
	result(!get(client) && !answer.attrs[TEREDO_A_DEV_CONTROLLER] &&
	       answer.attrs[TEREDO_A_DEV_ADDRESS],
	       "the controller is gone, the address is not");
	result(!ask_on(second, request(TEREDO_CMD_CONTROL_BIND, client, 0),
		       NULL), "the next controller binds");
	nl_socket_free(second);
}

/* Peers. */

#define PEERS 3000
static int seen[PEERS], other;

static void peer_seen(struct nlattr **attrs)
{
	struct nlattr *addr = attrs[TEREDO_A_PEER_ADDRESS];
	unsigned int n;

	if (!addr || nla_len(addr) != 16) {
		other++;
		return;
	}
	/* The mapped address counts, complemented. */
	memcpy(&n, (char *)nla_data(addr) + 12, 4);
	n = ~ntohl(n) - 0xc0000001;
	if (n < PEERS)
		seen[n]++;
	else
		other++;
}

static struct in6_addr peer_address(unsigned int n)
{
	struct in6_addr addr;
	uint32_t v4 = htonl(~(0xc0000001 + n));

	inet_pton(AF_INET6, "2001:0:cb00:7101:0:efff::", &addr);
	memcpy(&addr.s6_addr[12], &v4, 4);
	return addr;
}

static struct nl_msg *peer(int cmd, unsigned int n, const char *mapped)
{
	struct nl_msg *msg = request(cmd, client, 0);
	struct in6_addr addr = peer_address(n);

	nla_put(msg, TEREDO_A_PEER_ADDRESS, sizeof(addr), &addr);
	if (mapped) {
		nla_put_u32(msg, TEREDO_A_PEER_MAPPED_ADDRESS, inet_addr(mapped));
		nla_put_u16(msg, TEREDO_A_PEER_MAPPED_PORT, htons(4096));
	}
	return msg;
}

static void test_peers(void)
{
	static const char * const bad[] = {
		"10.0.0.1", "127.0.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0",
		NULL
	}, * const *where;
	int flags = NLM_F_DUMP;
	uint32_t few = 1000, one = 1, many = 1 << 20;
	struct nl_msg *msg;
	unsigned int i;
	int ok = 0;

	for (where = bad; *where; where++) {
		ask(peer(TEREDO_CMD_PEER_NEW, 0, *where));
		result(says("mapped-address is not global unicast"),
		       "a peer at %s: refused", *where);
	}
	ask(request(TEREDO_CMD_PEER_NEW, client, 0));
	result(says("address is missing"), "a peer without an address: refused");
	ask(peer(TEREDO_CMD_PEER_NEW, 0, NULL));
	result(says("mapped-address or mapped-port is missing"),
	       "a peer at no address: refused");
	msg = request(TEREDO_CMD_PEER_NEW, client, 0);
	nla_put(msg, TEREDO_A_PEER_ADDRESS, sizeof(in6addr_loopback), &in6addr_loopback);
	nla_put_u32(msg, TEREDO_A_PEER_MAPPED_ADDRESS, inet_addr("198.51.100.1"));
	nla_put_u16(msg, TEREDO_A_PEER_MAPPED_PORT, htons(4096));
	ask(msg);
	result(says("address is not of global scope"), "a peer called ::1: refused");
	msg = peer(TEREDO_CMD_PEER_NEW, 0, NULL);
	nla_put_u32(msg, TEREDO_A_PEER_MAPPED_ADDRESS, inet_addr("198.51.100.1"));
	nla_put_u16(msg, TEREDO_A_PEER_MAPPED_PORT, 0);
	ask(msg);
	result(says("mapped-port is 0"), "a peer at port 0: refused");
	ask(peer(TEREDO_CMD_PEER_NEW, 0, "192.0.2.255"));
	result(says("mapped-address is a broadcast address"),
	       "a peer at a broadcast address: refused");
	result(ask(peer(TEREDO_CMD_PEER_GET, 0, NULL)) == -ENOENT && says("no such peer"),
	       "no such peer");
	result(ask(peer(TEREDO_CMD_PEER_DEL, 0, NULL)) == -ENOENT && says("no such peer"),
	       "none to delete");

	for (i = 0; i < PEERS; i++)
		ok += !ask(peer(TEREDO_CMD_PEER_NEW, i, "198.51.100.1"));
	result(ok == PEERS, "%d peers", PEERS);
	result(!ask(peer(TEREDO_CMD_PEER_GET, 7, NULL)) &&
	       answer.attrs[TEREDO_A_PEER_STATE] &&
	       nla_get_u8(answer.attrs[TEREDO_A_PEER_STATE]) ==
	       TEREDO_PEER_STATE_TRUSTED, "peer-get: trusted");

	set(client, TEREDO_A_CONFIG_PEERS_MAX, &few, sizeof(few));
	result(says("peers-max is below the number of peers"),
	       "no more than 1000 of them: refused");

	/* Again, if the table has grown meanwhile. */
	for (i = 0; i < 10; i++) {
		memset(seen, 0, sizeof(seen));
		other = 0;
		msg = request(TEREDO_CMD_PEER_GET, client, flags);
		ask_on(sock, msg, peer_seen);
		if (!answer.interrupted)
			break;
		usleep(100000);
	}
	ok = 0;
	for (i = 0; i < PEERS; i++)
		ok += seen[i] == 1;
	result(ok == PEERS && !other && !answer.error && !answer.interrupted,
	       "a dump in many parts shows each of them once");

	msg = request(TEREDO_CMD_PEER_GET, client, flags);
	nla_put_u8(msg, TEREDO_A_PEER_STATE, TEREDO_PEER_STATE_UNREACHABLE);
	result(!ask(msg) && !answer.messages, "filter by state");
	msg = peer(TEREDO_CMD_PEER_GET, 9, NULL);
	nlmsg_hdr(msg)->nlmsg_flags |= flags;
	result(!ask(msg) && answer.messages == 1, "filter by address");
	result(!ask(peer(TEREDO_CMD_PEER_DEL, 7, NULL)) &&
	       ask(peer(TEREDO_CMD_PEER_GET, 7, NULL)) == -ENOENT, "peer-del");
	result(!ask(request(TEREDO_CMD_PEER_FLUSH, client, 0)) &&
	       !ask(request(TEREDO_CMD_PEER_GET, client, flags)) && !answer.messages,
	       "peer-flush");

	result(!set(client, TEREDO_A_CONFIG_PEERS_MAX, &one, sizeof(one)) &&
	       !ask(peer(TEREDO_CMD_PEER_NEW, 1, "198.51.100.1")) &&
	       ask(peer(TEREDO_CMD_PEER_NEW, 2, "198.51.100.1")) == -ENOSPC &&
	       says("the list of peers is full"),
	       "a peer more than there may be: refused (C-06)");
	result(!ask(request(TEREDO_CMD_PEER_FLUSH, client, 0)) &&
	       !set(client, TEREDO_A_CONFIG_PEERS_MAX, &many, sizeof(many)),
	       "after a flush there is room");
}

/* Secrets. */

#define KEY "a secret nobody shall see"
#define SECRETS 600
#define SECRETS_MAX 16384
static int told, ids[SECRETS];

static void secret_seen(struct nlattr **attrs)
{
	struct nlattr *id = attrs[TEREDO_A_SECRET_ID];
	unsigned int n;

	told += !!attrs[TEREDO_A_SECRET_KEY];
	if (id && sscanf(nla_get_string(id), "id%u", &n) == 1 && n < SECRETS)
		ids[n]++;
}

static struct nl_msg *secret(int cmd, const char *id, const void *key, int len)
{
	struct nl_msg *msg = request(cmd, server, 0);

	if (id)
		nla_put_string(msg, TEREDO_A_SECRET_ID, id);
	if (len >= 0)
		nla_put(msg, TEREDO_A_SECRET_KEY, len, key);
	return msg;
}

static int count_secrets(void)
{
	int i, once = 0;

	memset(ids, 0, sizeof(ids));
	ask_on(sock, request(TEREDO_CMD_SECRET_GET, server, NLM_F_DUMP), secret_seen);
	for (i = 0; i < SECRETS; i++)
		once += ids[i] == 1;
	return answer.error ? -1 : once;
}

static void test_secrets(void)
{
	char id[300] = "", key[300] = "";
	struct nl_msg *msg;
	int i, ok = 0;

	result(ask(secret(TEREDO_CMD_SECRET_NEW, "a", KEY, -1)) == -EINVAL &&
	       says("key is missing"), "no key, no state: refused");
	result(ask(secret(TEREDO_CMD_SECRET_NEW, "a", KEY, 0)) == -EINVAL &&
	       says("key must be 1 to 255 octets long") &&
	       ask(secret(TEREDO_CMD_SECRET_NEW, "a", key, 256)) == -EINVAL &&
	       answer.text[0], "a key of 0 or 256 octets: refused");
	memset(id, 'i', 256);
	result(ask(secret(TEREDO_CMD_SECRET_NEW, NULL, KEY, 10)) == -EINVAL &&
	       says("id is missing or empty") &&
	       ask(secret(TEREDO_CMD_SECRET_NEW, "", KEY, 10)) == -EINVAL &&
	       ask(secret(TEREDO_CMD_SECRET_NEW, id, KEY, 10)) < 0,
	       "no identifier, or one of 256 octets: refused");
	msg = secret(TEREDO_CMD_SECRET_NEW, "a", KEY, 10);
	nla_put_u8(msg, TEREDO_A_SECRET_ALGORITHM, 2);
	result(ask(msg) == -ERANGE, "an algorithm that there is not: refused");
	msg = secret(TEREDO_CMD_SECRET_NEW, "a", KEY, 10);
	nla_put_u8(msg, TEREDO_A_SECRET_STATE, 3);
	result(ask(msg) == -ERANGE, "a state that there is not: refused");
	msg = request(TEREDO_CMD_SECRET_NEW, client, 0);
	nla_put_string(msg, TEREDO_A_SECRET_ID, "a");
	nla_put(msg, TEREDO_A_SECRET_KEY, 10, KEY);
	result(ask(msg) == -EOPNOTSUPP && says("only a server has secrets"),
	       "a client has no secrets");
	result(ask(secret(TEREDO_CMD_SECRET_DEL, "a", NULL, -1)) == -ENOENT &&
	       says("there is no secret with this id"), "none of them is there");

	id[255] = 0;
	result(!ask(secret(TEREDO_CMD_SECRET_NEW, id, key, 255)) &&
	       !ask(secret(TEREDO_CMD_SECRET_DEL, id, NULL, -1)),
	       "an identifier and a key of 255 octets");
	for (i = 0; i < SECRETS; i++) {
		snprintf(id, sizeof(id), "id%d", i);
		ok += !ask(secret(TEREDO_CMD_SECRET_NEW, id, KEY, strlen(KEY)));
	}
	result(ok == SECRETS && count_secrets() == SECRETS,
	       "%d secrets, a dump shows each once (S-32)", SECRETS);
	result(!ask(secret(TEREDO_CMD_SECRET_NEW, "id5", KEY, 10)) &&
	       count_secrets() == SECRETS, "one in place of another (S-32)");
	result(!ask(secret(TEREDO_CMD_SECRET_DEL, "id7", NULL, -1)) &&
	       count_secrets() == SECRETS - 1 && !ids[7], "secret-del");
	for (ok = 0, i = SECRETS; i < SECRETS + SECRETS_MAX; i++) {
		snprintf(id, sizeof(id), "id%d", i);
		if (ask(secret(TEREDO_CMD_SECRET_NEW, id, KEY, 10)))
			break;
		ok++;
	}
	result(ok == SECRETS_MAX - (SECRETS - 1) && answer.error == -ENOSPC &&
	       says("there are 16384 secrets, which is the maximum"),
	       "as many secrets as there can be, and one more: refused");
	result(!ask(secret(TEREDO_CMD_SECRET_NEW, "id5", KEY, 10)) &&
	       count_secrets() == SECRETS - 1,
	       "one in place of another there still can be");
	result(!told && !memmem(answer.copy, sizeof(answer.copy), KEY, 10),
	       "no message tells a key (SEC-19)");
	result(ask(request(TEREDO_CMD_SECRET_GET, 9999, NLM_F_DUMP)) == -ENODEV &&
	       ask(request(TEREDO_CMD_SECRET_GET, 0, NLM_F_DUMP)) == -EINVAL &&
	       ask(request(TEREDO_CMD_PEER_GET, 9999, NLM_F_DUMP)) == -ENODEV,
	       "a dump of no device: refused");
	msg = request(TEREDO_CMD_SECRET_NEW, 9999, 0);
	nla_put_string(msg, TEREDO_A_SECRET_ID, "a");
	nla_put(msg, TEREDO_A_SECRET_KEY, 10, KEY);
	result(ask(msg) == -ENODEV, "a secret for no device: refused");
}

/* Events. */

static int heard[TEREDO_CMD_MAX + 1];

static int on_event(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *hdr = nlmsg_data(nlmsg_hdr(msg));

	(void)arg;
	if (hdr->cmd <= TEREDO_CMD_MAX)
		heard[hdr->cmd]++;
	return NL_OK;
}

static void test_events(void)
{
	struct nl_sock *events = open_socket();
	int state = genl_ctrl_resolve_grp(events, TEREDO_GENL_NAME, TEREDO_MCGRP_STATE);
	int peers = genl_ctrl_resolve_grp(events, TEREDO_GENL_NAME, TEREDO_MCGRP_PEERS);
	struct pollfd pfd = { .events = POLLIN };
	uint32_t refresh = 20;

	result(state > 0 && peers > 0, "the groups state and peers");
	nl_socket_add_memberships(events, state, peers, 0);
	nl_socket_modify_cb(events, NL_CB_VALID, NL_CB_CUSTOM, on_event, NULL);
	nl_socket_set_nonblocking(events);
	set(client, TEREDO_A_CONFIG_REFRESH, &refresh, sizeof(refresh));
	ask(peer(TEREDO_CMD_PEER_NEW, 1, "198.51.100.1"));
	ask(peer(TEREDO_CMD_PEER_DEL, 1, NULL));
	/* What happens to peers is told a moment later. */
	pfd.fd = nl_socket_get_fd(events);
	while (!heard[TEREDO_CMD_PEER_DEL_NTF] && poll(&pfd, 1, 5000) > 0)
		nl_recvmsgs_default(events);
	result(heard[TEREDO_CMD_DEV_NTF] > 0, "a change of configuration is told");
	result(heard[TEREDO_CMD_PEER_NTF] > 0, "a new trusted peer is told");
	result(heard[TEREDO_CMD_PEER_DEL_NTF] > 0, "a peer's end is told");
	nl_socket_free(events);
}

/* Whoever is not privileged may look. */
static void test_permission(void)
{
	int port = 0, status = 0;

	fflush(stdout);
	if (!fork()) {
		if (setgid(65534) || setuid(65534))
			_exit(1);
		sock = open_socket();
		if (set(client, TEREDO_A_CONFIG_PORT, &port, 2) != -EPERM ||
		    ask(peer(TEREDO_CMD_PEER_NEW, 1, "198.51.100.1")) != -EPERM ||
		    ask(request(TEREDO_CMD_CONTROL_BIND, client, 0)) !=
		    -EPERM)
			_exit(2);
		if (ask(secret(TEREDO_CMD_SECRET_NEW, "a", KEY, 10)) != -EPERM ||
		    ask(secret(TEREDO_CMD_SECRET_DEL, "id1", NULL, -1)) != -EPERM ||
		    ask(request(TEREDO_CMD_SECRET_GET, server, NLM_F_DUMP)) != -EPERM)
			_exit(4);
		_exit(get(client) ? 3 : 0);
	}
	wait(&status);
	result(!status, "without privilege: looking, no touching, no secrets, %d (SEC-19)",
	       WEXITSTATUS(status));
}

/* Noise: well-formed requests with octets of their attributes changed. */
static void test_noise(void)
{
	unsigned int seed = 20, i, flips;
	int refused = 0;

	srandom(seed);
	for (i = 0; i < 20000; i++) {
		int cmd = 1 + random() % TEREDO_CMD_MAX;
		struct nl_msg *msg = request(cmd, client, 0);
		unsigned char *data;
		int len;

		for (flips = random() % 4; flips; flips--) {
			char junk[40];
			int size = random() % sizeof(junk);

			for (len = 0; len < size; len++)
				junk[len] = random();
			nla_put(msg, (random() % 24) | (random() % 2 ? NLA_F_NESTED : 0),
				size, junk);
		}
		data = genlmsg_data(nlmsg_data(nlmsg_hdr(msg)));
		len = genlmsg_len(nlmsg_data(nlmsg_hdr(msg)));
		for (flips = random() % 3; flips && len > 8; flips--)
			data[8 + random() % (len - 8)] = random();
		refused += ask(msg) < 0;
	}
	result(!get(client) && refused > 0, "20000 requests of noise (seed %u), %d refused",
	       seed, refused);
}

#define PLAN 135

int main(void)
{
	uint8_t mode = TEREDO_MODE_RELAY;

	printf("TAP version 13\n1..%d\n", PLAN);
	sock = open_socket();
	family = sock ? genl_ctrl_resolve(sock, TEREDO_GENL_NAME) : -1;
	client = if_nametoindex("client");
	relay = if_nametoindex("relay");
	server = if_nametoindex("server");
	result(family > 0 && client && relay && server, "the family is there");
	if (family <= 0)
		return 1;
	result(!set(relay, TEREDO_A_CONFIG_MODE, &mode, sizeof(mode)), "a relay");

	test_dev();
	test_config();
	test_edges();
	test_rtnl();
	test_controller();
	test_peers();
	test_secrets();
	test_events();
	test_permission();
	test_noise();
	return failures || results != PLAN;
}
