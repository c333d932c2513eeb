// SPDX-License-Identifier: GPL-2.0
/* fuzz-netlink COUNT SEED: send COUNT netlink messages that are nearly right, in
 * the network namespace that it runs in, where there is to be a link "dummy0"
 * with the IPv4 address 192.0.2.1.
 *
 * Every command of the family with every attribute, and links of type teredo that
 * are made, changed and deleted with all that IFLA_INFO_DATA takes. The tables in
 * fuzz-netlink-gen.h say what would be right; then, mostly, some of it is made
 * wrong: values, lengths, nesting, what belongs where, the octets themselves.
 * Several sockets take part, are closed while they control a client or while a
 * dump is under way, and do not always read what comes. The same seed sends the same
 * messages.
 *
 * A change of configuration that is refused has to leave all of it as it was, and
 * at the end each command has to have succeeded at least once: otherwise nothing of
 * this was near enough.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <linux/genetlink.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/teredo.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define SIZE		16384

struct attr_set;

struct attr {
	const char *name;
	uint16_t type;
	enum { NUMBER, IPV4, IPV6, STRING, BINARY, NEST, FLAG } kind;
	uint16_t size;		/* of strings and binaries the most, 0: any */
	uint32_t min, max;
	const struct attr_set *nested;
};

struct attr_set {
	const struct attr *attrs;
	unsigned int count;
};

struct command {
	const char *name;
	uint8_t number;
	bool dump;
	const struct attr_set *set;
	const unsigned short *attrs;	/* that it takes */
	unsigned int count;
};

#include "fuzz-netlink-gen.h"

/* Commands, and what can be done to links. */
enum { LINK_NEW, LINK_CHANGE, LINK_UP, LINK_DEL, LINK_KINDS };

static const char *const link_kinds[] = {
	"link-new", "link-change", "link-up", "link-del",
};

static const char *const links[] = {
	"client", "relay", "server", "host", "fuzz0", "fuzz1",
};

static uint16_t family;
static int genl[4], rtnl;
static uint32_t seq;
static unsigned long accepted[ARRAY_SIZE(commands) + LINK_KINDS];
static unsigned long refused[ARRAY_SIZE(commands) + LINK_KINDS];
static unsigned long compared;

/* -- a growing message -- */

struct message {
	union {
		struct nlmsghdr nlh;
		uint8_t data[SIZE];
	};
};

/* Random octets without @data. */
static void *put(struct message *m, const void *data, size_t len)
{
	uint8_t *p = m->data + m->nlh.nlmsg_len;
	static struct nlattr nowhere;

	if (m->nlh.nlmsg_len + NLMSG_ALIGN(len) > SIZE)
		return &nowhere;
	memset(p, 0, NLMSG_ALIGN(len));
	if (data)
		memcpy(p, data, len);
	else
		randomize(p, len);
	m->nlh.nlmsg_len += NLMSG_ALIGN(len);
	return p;
}

static void start(struct message *m, uint16_t type, uint16_t flags,
		  const void *header, size_t len)
{
	memset(m, 0, sizeof(m->nlh));
	m->nlh.nlmsg_len = NLMSG_HDRLEN;
	m->nlh.nlmsg_type = type;
	m->nlh.nlmsg_flags = NLM_F_REQUEST | flags;
	m->nlh.nlmsg_seq = ++seq;
	put(m, header, len);
}

static struct nlattr *put_attr(struct message *m, uint16_t type,
			       const void *data, size_t len)
{
	struct nlattr nla = { .nla_len = NLA_HDRLEN + len, .nla_type = type };
	struct nlattr *p = put(m, &nla, sizeof(nla));

	put(m, data, len);
	return p;
}

static void end_nest(struct message *m, struct nlattr *nest)
{
	nest->nla_len = m->data + m->nlh.nlmsg_len - (uint8_t *)nest;
}

/* -- values -- */

static unsigned int find_link(const char *name);

static uint32_t some_ipv4(void)
{
	static const char *const list[] = {
		"192.0.2.1", "192.0.2.1", "203.0.113.1", "203.0.113.1",
		"203.0.113.2", "198.51.100.1", "198.51.100.17", "0.0.0.0",
		"10.0.0.1", "127.0.0.1", "224.0.0.253", "255.255.255.255",
	};

	return inet_addr(list[below(one_in(8) ? ARRAY_SIZE(list) : 7)]);
}

static struct in6_addr some_ipv6(void)
{
	static const char *const list[] = {
		"2001::", "2001:0:cb00:7101:0:efff:3fff:fdfe",
		"2001:0:cb00:7101:0:efff:39cc:9bfe", "2001:db8::1",
		"2001:db8::2", "fe80::1", "ff02::1", "::", "3ffe:831f::",
	};
	struct in6_addr addr;

	inet_pton(AF_INET6, list[below(ARRAY_SIZE(list))], &addr);
	if (one_in(3))
		addr.s6_addr[9 + below(7)] = rng();
	return addr;
}

static uint32_t some_number(const struct attr *attr)
{
	if (!strcmp(attr->name, "ifindex"))
		return find_link(links[below(ARRAY_SIZE(links))]) ?:
		       below(20);
	if (!strcmp(attr->name, "mapped-port") || !strcmp(attr->name, "port"))
		return htons(one_in(8) ? 0 : 3000 + below(1000));
	/* As much as one link has to bear here. */
	if (!strcmp(attr->name, "peers-max") && !one_in(10))
		return 1 + below(5000);
	switch (below(10)) {
	case 0:
		return attr->min - one_in(3);
	case 1:
		return attr->max + one_in(3);
	case 2:
		return rng();
	default:
		return attr->min + (attr->max < 10000 ?
				    below(attr->max - attr->min + 1) :
				    below(10000));
	}
}

static size_t some_string(const struct attr *attr, char *out)
{
	static const char *const texts[] = {
		"", "a", "client1", "client2", "203.0.113.1",
		"teredo.example,203.0.113.2", "%s%n", "\xff\xfe\n",
	};
	size_t len;

	if (!strcmp(attr->name, "ifname"))
		return sprintf(out, "%s", links[below(ARRAY_SIZE(links))]) + 1;
	if (one_in(3)) {
		len = one_in(2) ? below(attr->size + 3) : attr->size;
		memset(out, 'a' + below(26), len);
		out[len] = 0;
		return len + !one_in(8);
	}
	return sprintf(out, "%s", texts[below(ARRAY_SIZE(texts))]) + !one_in(8);
}

static void put_set(struct message *m, const struct attr_set *set,
		    unsigned int chance);

static void put_value(struct message *m, /* NOLINT(misc-no-recursion) */
		      const struct attr *attr)
{
	uint16_t type = attr->type;
	struct in6_addr ipv6;
	char text[2048] = "";
	struct nlattr *nest;
	uint64_t number;
	size_t len;

	if (one_in(60))
		type |= one_in(2) ? NLA_F_NESTED : NLA_F_NET_BYTEORDER;
	switch (attr->kind) {
	case NUMBER:
	case IPV4:
		number = attr->kind == IPV4 ? some_ipv4() : some_number(attr);
		put_attr(m, type, &number, one_in(60) ? below(9) : attr->size);
		break;
	case IPV6:
		ipv6 = some_ipv6();
		put_attr(m, type, &ipv6, one_in(60) ? below(17) : 16);
		break;
	case STRING:
		put_attr(m, type, text, some_string(attr, text));
		break;
	case BINARY:
		len = one_in(4) ? below(300) : 1 + below(40);
		if (one_in(10))
			len = 1450 + below(100);
		randomize(text, len);
		put_attr(m, type, text, len);
		break;
	case FLAG:
		put_attr(m, type, text, one_in(30) ? below(5) : 0);
		break;
	case NEST:
		nest = put_attr(m, one_in(30) ? attr->type :
				attr->type | NLA_F_NESTED, NULL, 0);
		put_set(m, attr->nested, 1 + below(12));
		end_nest(m, nest);
		break;
	}
}

/* Each with a chance of one in @chance. */
static void put_set(struct message *m, /* NOLINT(misc-no-recursion) */
		    const struct attr_set *set, unsigned int chance)
{
	unsigned int i;

	for (i = 0; i < set->count; i++) {
		/* What this module has not makes all of it useless. */
		bool strange = !strncmp(set->attrs[i].name, "gateway", 7) ||
			       !strcmp(set->attrs[i].name, "fallback");

		if (one_in(strange ? 50 : chance))
			put_value(m, &set->attrs[i]);
	}
	if (one_in(50))
		put_attr(m, rng(), NULL, below(100));
}

/* -- what is broken afterwards -- */

/* All attributes from @from to @end, one of them with another length */
static void break_length(struct message *m, size_t from)
{
	unsigned int left = below(5);
	struct nlattr *nla;

	while (from + NLA_HDRLEN <= m->nlh.nlmsg_len) {
		nla = (struct nlattr *)(m->data + from);
		if (!left--) {
			nla->nla_len = one_in(2) ? rng() :
				       nla->nla_len + below(9) - 4;
			return;
		}
		/* Into a nest, at times. */
		if (nla->nla_type & NLA_F_NESTED && one_in(2))
			from += NLA_HDRLEN;
		else
			from += NLMSG_ALIGN(nla->nla_len) ?: NLA_HDRLEN;
	}
}

static void damage(struct message *m, size_t from)
{
	unsigned int n;

	switch (below(5)) {
	case 0:
		break_length(m, from);
		break;
	case 1:		/* cut, perhaps in an attribute */
		m->nlh.nlmsg_len -= below(m->nlh.nlmsg_len - NLMSG_HDRLEN + 1);
		break;
	case 2:
		for (n = below(4) + 1; n && m->nlh.nlmsg_len > from; n--)
			m->data[from + below(m->nlh.nlmsg_len - from)] = rng();
		break;
	case 3:
		put_attr(m, rng(), NULL, below(40));
		break;
	case 4:		/* a nest in a nest in a nest */
		for (n = below(200); n; n--)
			put_attr(m, (rng() & 31) | NLA_F_NESTED, NULL,
				 one_in(9) ? 4 * n : 0);
		break;
	}
}

/* -- talk -- */

static int open_socket(int protocol)
{
	struct sockaddr_nl addr = { .nl_family = AF_NETLINK };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol), one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(1, "netlink socket");
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &one, sizeof(one));
	if (one_in(2))
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &one, sizeof(one));
	return fd;
}

/* Groups of the family; what they tell is read with the answers, or not. */
static void subscribe(int fd)
{
	int group;

	for (group = 1; group < 64; group++)
		setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group, sizeof(group));
}

/* Read what is there; the errno of the answer to @number, -1 if there was
 * none. @each looks at the messages before.
 */
static int read_all(int fd, uint32_t number, void (*each)(const struct nlmsghdr *nlh))
{
	static union {
		struct nlmsghdr nlh;
		uint8_t data[65536];
	} buf;
	int result = -1;
	ssize_t n;

	while ((n = recv(fd, &buf, sizeof(buf), MSG_DONTWAIT)) >= 0 ||
	       errno == ENOBUFS) {
		struct nlmsghdr *nlh = &buf.nlh;

		for (; n >= 0 && NLMSG_OK(nlh, (size_t)n); nlh = NLMSG_NEXT(nlh, n)) {
			if (nlh->nlmsg_seq != number)
				continue;
			if (nlh->nlmsg_type == NLMSG_ERROR ||
			    nlh->nlmsg_type == NLMSG_DONE)
				result = -*(int *)NLMSG_DATA(nlh);
			else if (each)
				each(nlh);
		}
	}
	return result;
}

static void transmit_octets(int fd, const struct message *m, size_t len)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };

	if (sendto(fd, m, len, 0, (struct sockaddr *)&kernel,
		   sizeof(kernel)) < 0 && errno != ENOBUFS)
		err(1, "sendto");
}

static void transmit(int fd, const struct message *m)
{
	transmit_octets(fd, m, m->nlh.nlmsg_len);
}

/* The length in the header may be a lie. */
static void transmit_liar(int fd, struct message *m)
{
	size_t len = m->nlh.nlmsg_len;

	if (one_in(300))
		m->nlh.nlmsg_len = one_in(2) ? rng() : len + below(9) - 4;
	transmit_octets(fd, m, len);
}

static unsigned int found;

static void take_index(const struct nlmsghdr *nlh)
{
	found = ((struct ifinfomsg *)NLMSG_DATA(nlh))->ifi_index;
}

/* The index of a link, or 0. if_nametoindex() would have the kernel look for a
 * module each time that there is no such link.
 */
static unsigned int find_link(const char *name)
{
	struct ifinfomsg ifm = { .ifi_family = AF_UNSPEC };
	static struct message m;

	found = 0;
	start(&m, RTM_GETLINK, NLM_F_ACK, &ifm, sizeof(ifm));
	put_attr(&m, IFLA_IFNAME, name, strlen(name) + 1);
	transmit(rtnl, &m);
	read_all(rtnl, m.nlh.nlmsg_seq, take_index);
	return found;
}

/* -- configurations -- */

struct config {
	unsigned int len;
	uint8_t data[4096];
};

static struct config *reading;

static void take_config(const struct nlmsghdr *nlh)
{
	const uint8_t *end = (const uint8_t *)nlh + nlh->nlmsg_len;
	const uint8_t *p = (const uint8_t *)NLMSG_DATA(nlh) + GENL_HDRLEN;

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *nla = (const void *)p;

		if ((nla->nla_type & NLA_TYPE_MASK) == TEREDO_A_DEV_CONFIG &&
		    nla->nla_len <= sizeof(reading->data)) {
			reading->len = nla->nla_len;
			memcpy(reading->data, nla, nla->nla_len);
		}
		p += NLMSG_ALIGN(nla->nla_len);
	}
}

static void read_config(unsigned int ifindex, struct config *out)
{
	struct genlmsghdr ghdr = { .cmd = TEREDO_CMD_DEV_GET, .version = 1 };
	static struct message m;

	out->len = 0;
	reading = out;
	start(&m, family, NLM_F_ACK, &ghdr, sizeof(ghdr));
	put_attr(&m, TEREDO_A_DEV_IFINDEX, &ifindex, sizeof(ifindex));
	read_all(genl[0], 0, NULL);
	transmit(genl[0], &m);
	read_all(genl[0], m.nlh.nlmsg_seq, take_config);
}

static void dump(const char *name, const struct config *config)
{
	unsigned int i;

	printf("# %s:", name);
	for (i = 0; i < config->len; i++)
		printf("%s%02x", i % 4 ? "" : " ", config->data[i]);
	printf("\n");
}

static void must_be_same(unsigned int ifindex, const struct config *before,
			 const char *what, int error)
{
	struct config after;

	read_config(ifindex, &after);
	compared++;
	if (after.len != before->len ||
	    memcmp(after.data, before->data, after.len)) {
		dump("before", before);
		dump("after", &after);
		errx(1, "%s was refused (%s), but changed the configuration",
		     what, strerror(error));
	}
}

/* -- messages -- */

static void count(unsigned int kind, int result)
{
	if (!result)
		accepted[kind]++;
	else if (result > 0)
		refused[kind]++;
}

/* Commands that never succeeded, or never failed */
static unsigned int unheard(void)
{
	unsigned int i, n = 0;

	for (i = 0; i < ARRAY_SIZE(accepted); i++)
		n += !accepted[i] || !refused[i];
	return n;
}

static const struct attr *find_attr(const struct attr_set *set, uint16_t type)
{
	unsigned int i;

	for (i = 0; i < set->count; i++)
		if (set->attrs[i].type == type)
			return &set->attrs[i];
	abort();
}

static void ask_family(void)
{
	unsigned int kind = below(ARRAY_SIZE(commands)), i, ifindex = 0;
	const struct command *command = &commands[kind];
	struct genlmsghdr ghdr = { .cmd = command->number, .version = 1 };
	struct config before = { 0 };
	static struct message m;
	int fd = genl[below(ARRAY_SIZE(genl))], result;
	const uint32_t index_of = find_link(links[below(ARRAY_SIZE(links))]);

	if (one_in(100))
		ghdr.cmd = rng();
	if (one_in(100))
		randomize(&ghdr.version, 3);
	start(&m, family, NLM_F_ACK | (command->dump ? NLM_F_DUMP : 0), &ghdr,
	      sizeof(ghdr));
	if (one_in(40))
		m.nlh.nlmsg_flags = rng();
	for (i = 0; i < command->count; i++) {
		const struct attr *attr = find_attr(command->set, command->attrs[i]);

		/* Which device is always first, and mostly there. */
		if (!strcmp(attr->name, "ifindex") && !one_in(8)) {
			ifindex = index_of;
			put_attr(&m, attr->type, &index_of, sizeof(index_of));
		} else if (!strcmp(attr->name, "ifname") ? one_in(10) : !one_in(4)) {
			put_value(&m, attr);
		}
	}
	if (one_in(20))
		put_set(&m, command->set, 5);
	if (one_in(4))
		damage(&m, NLMSG_HDRLEN + GENL_HDRLEN);
	if (command->number == TEREDO_CMD_DEV_SET && ifindex)
		read_config(ifindex, &before);
	transmit_liar(fd, &m);
	/* Who does not read is not told everything; dumps wait. */
	if (one_in(16))
		return;
	result = read_all(fd, m.nlh.nlmsg_seq, NULL);
	count(kind, result);
	if (result > 0 && before.len)
		must_be_same(ifindex, &before, "dev-set", result);
}

static void put_info(struct message *m, bool alone)
{
	struct nlattr *info, *data;

	info = put_attr(m, IFLA_LINKINFO | (one_in(2) ? NLA_F_NESTED : 0), NULL, 0);
	put_attr(m, IFLA_INFO_KIND, "teredo", one_in(50) ? below(8) : 7);
	if (!one_in(10)) {
		data = put_attr(m, IFLA_INFO_DATA | (one_in(9) ? 0 : NLA_F_NESTED),
				NULL, 0);
		put_set(m, &config_set, 2 + below(20));
		end_nest(m, data);
	}
	if (!alone && one_in(20))
		put_attr(m, 1 + below(6), NULL, below(20));
	end_nest(m, info);
}

static void ask_link(void)
{
	const char *name = links[below(ARRAY_SIZE(links))];
	unsigned int kind = one_in(8) ? LINK_DEL : one_in(3) ? LINK_UP :
			    one_in(2) ? LINK_NEW : LINK_CHANGE;
	struct ifinfomsg ifm = { .ifi_family = AF_UNSPEC };
	struct config before = { 0 };
	static struct message m;
	uint32_t mtu = one_in(2) ? 1280 + below(300) : below(70000);
	/* Of what else a message asks for, rtnetlink does one after the other, and
	 * takes nothing back.
	 */
	bool alone = one_in(2);
	int result;

	if (kind != LINK_NEW) {
		ifm.ifi_index = find_link(name);
		if (!ifm.ifi_index)
			kind = LINK_NEW;
	}
	if (kind == LINK_UP || (!alone && one_in(10))) {
		ifm.ifi_change = IFF_UP;
		ifm.ifi_flags = one_in(3) ? 0 : IFF_UP;
	}
	if (kind == LINK_DEL && one_in(5))
		ifm.ifi_index = 1000 + below(1000);	/* nobody's */
	start(&m, kind == LINK_DEL ? RTM_DELLINK : RTM_NEWLINK,
	      NLM_F_ACK | (kind == LINK_NEW ? NLM_F_CREATE | NLM_F_EXCL : 0),
	      &ifm, sizeof(ifm));
	if (kind == LINK_NEW)
		put_attr(&m, IFLA_IFNAME, name, strlen(name) + 1);
	if (kind == LINK_NEW || kind == LINK_CHANGE)
		put_info(&m, alone);
	if (!alone && one_in(6))
		put_attr(&m, IFLA_MTU, &mtu, sizeof(mtu));
	if (!alone && one_in(20))
		put_attr(&m, IFLA_ADDRESS, NULL, below(20));
	if (!alone && one_in(20))
		put_attr(&m, IFLA_TXQLEN, &mtu, sizeof(mtu));
	if (kind != LINK_DEL && !alone && one_in(3))
		damage(&m, NLMSG_HDRLEN + sizeof(ifm));
	if (kind == LINK_CHANGE && alone)
		read_config(ifm.ifi_index, &before);
	transmit_liar(rtnl, &m);
	result = read_all(rtnl, m.nlh.nlmsg_seq, NULL);
	count(ARRAY_SIZE(commands) + kind, result);
	if (result > 0 && before.len)
		must_be_same(ifm.ifi_index, &before, "link-change", result);
}

/* Whoever goes may have been a controller, or have had a dump under way. */
static void change_sockets(void)
{
	unsigned int i = 1 + below(ARRAY_SIZE(genl) - 1);

	close(genl[i]);
	genl[i] = open_socket(NETLINK_GENERIC);
	if (one_in(3))
		subscribe(genl[i]);
}

/* -- set-up and result -- */

static void take_family(const struct nlmsghdr *nlh)
{
	const uint8_t *p = (const uint8_t *)NLMSG_DATA(nlh) + GENL_HDRLEN;
	const uint8_t *end = (const uint8_t *)nlh + nlh->nlmsg_len;

	while (p + NLA_HDRLEN <= end) {
		const struct nlattr *nla = (const void *)p;

		if (nla->nla_type == CTRL_ATTR_FAMILY_ID)
			memcpy(&family, nla + 1, sizeof(family));
		p += NLMSG_ALIGN(nla->nla_len);
	}
}

static void find_family(void)
{
	struct genlmsghdr ghdr = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 };
	static struct message m;

	start(&m, GENL_ID_CTRL, NLM_F_ACK, &ghdr, sizeof(ghdr));
	put_attr(&m, CTRL_ATTR_FAMILY_NAME, TEREDO_GENL_NAME, sizeof(TEREDO_GENL_NAME));
	transmit(genl[0], &m);
	read_all(genl[0], m.nlh.nlmsg_seq, take_family);
	if (!family)
		errx(1, "no family");
}

int main(int argc, char **argv)
{
	unsigned long messages, n;
	unsigned int i;

	if (argc != 3)
		errx(2, "usage: %s COUNT SEED", argv[0]);
	messages = strtoul(argv[1], NULL, 0);
	rng_state = strtoull(argv[2], NULL, 0) * 2 + 1;
	for (i = 0; i < ARRAY_SIZE(genl); i++)
		genl[i] = open_socket(NETLINK_GENERIC);
	rtnl = open_socket(NETLINK_ROUTE);
	find_family();
	/* Some succeed once in hundreds of times: go on until all have, but not
	 * for ever.
	 */
	for (n = 0; n < messages || (unheard() && n / 10 < messages); n++) {
		if (one_in(60))
			ask_link();
		else
			ask_family();
		if (one_in(200))
			change_sockets();
	}
	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		printf("# %-14s %s%8lu accepted %8lu refused\n",
		       i < ARRAY_SIZE(commands) ? commands[i].name :
		       link_kinds[i - ARRAY_SIZE(commands)],
		       i < ARRAY_SIZE(commands) && commands[i].dump ? "dump" : "    ",
		       accepted[i], refused[i]);
	}
	printf("# %lu times the configuration was compared\n", compared);
	if (unheard())
		errx(1, "%u commands never succeeded, or never failed", unheard());
	return 0;
}
