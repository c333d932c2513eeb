// SPDX-License-Identifier: GPL-2.0
/* fuzz-datagram NAMESPACE COUNT SEED ADDRESS PORT TEREDO FROM FROM_PORT [PEER]: send
 * COUNT datagrams to ADDRESS and PORT that are nearly right, most of them as
 * if they came from FROM and FROM_PORT. TEREDO is the IPv6 address of the
 * victim, PEER that of the sender; by default the one with FROM as its mapping,
 * which is not so behind a NAT. To a multicast address go announcements.
 *
 * fuzz-datagram NAMESPACE COUNT SEED LINK TEREDO PEER: packets as they are inside
 * of datagrams, to be sent out through LINK by the host with the address PEER.
 *
 * Unlike a mutation of octets, what is made here gets past one check after the
 * other: elements are put together from a grammar, then checksums, lengths and
 * values of authentication are made to fit, and only then, mostly, one thing is
 * broken. Outer headers are part of it: fragments, lengths of UDP, congestion
 * marks, other sources, ICMPv4 errors about what the victim may have sent.
 * The same seed sends the same datagrams.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <netinet/ip_icmp.h>
#include <netinet/udp.h>
#include <netpacket/packet.h>
#include <nettle/hmac.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz.h"

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define PAYLOAD_MAX	65507

static int raw, link_index;
static struct in6_addr victim, victim_peer;
static in_addr_t to, from;
static in_port_t to_port, from_port;
static const char *const server = "203.0.113.1";

/* What a server is told by the test. */
static const char *const ids[] = { "sha1", "sha256" };
static const char *const key = "no secret at all";

/* -- a growing datagram -- */

struct buf {
	size_t len;
	/* Of an authentication that is to be right: its value, and what that covers. */
	size_t value, covered;
	const char *id;
	uint8_t data[2 * PAYLOAD_MAX];
};

static uint8_t *put(struct buf *b, const void *data, size_t len)
{
	uint8_t *p = b->data + b->len;

	if (len > PAYLOAD_MAX - b->len)
		len = PAYLOAD_MAX - b->len;
	if (data)
		memcpy(p, data, len);
	else
		randomize(p, len);
	b->len += len;
	return p;
}

static void put8(struct buf *b, uint8_t v)
{
	put(b, &v, 1);
}

static void put16(struct buf *b, uint16_t v)
{
	v = htons(v);
	put(b, &v, 2);
}

static void put32(struct buf *b, uint32_t v)
{
	v = htonl(v);
	put(b, &v, 4);
}

static uint32_t add16(uint32_t sum, const void *data, size_t len)
{
	const uint8_t *p = data;

	for (; len > 1; p += 2, len -= 2)
		sum += p[0] << 8 | p[1];
	return len ? sum + (p[0] << 8) : sum;
}

static uint16_t fold(uint32_t sum)
{
	sum = (sum >> 16) + (sum & 0xffff);
	sum += sum >> 16;
	return ~sum;
}

/* -- addresses -- */

static struct in6_addr ip6(const char *text)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET6, text, &addr) != 1)
		errx(1, "bad IPv6 address %s", text);
	return addr;
}

static struct in6_addr teredo(in_addr_t srv, uint16_t flags, in_addr_t addr,
			      in_port_t port)
{
	struct in6_addr out = ip6("2001::");

	flags = htons(flags);
	port ^= 0xffff;
	addr ^= 0xffffffff;
	memcpy(&out.s6_addr[4], &srv, 4);
	memcpy(&out.s6_addr[8], &flags, 2);
	memcpy(&out.s6_addr[10], &port, 2);
	memcpy(&out.s6_addr[12], &addr, 4);
	return out;
}

static in_addr_t some_ipv4(void)
{
	static const char *const list[] = {
		"203.0.113.1", "203.0.113.2", "192.0.2.1", "192.0.2.200",
		"198.51.100.1", "198.51.100.17", "198.51.100.33", "10.1.0.2",
		"127.0.0.1", "0.0.0.0", "255.255.255.255", "224.0.0.253",
		"198.51.100.47", "203.0.113.15", "240.0.0.1", "169.254.1.1",
	};

	return inet_addr(list[below(ARRAY_SIZE(list))]);
}

static struct in6_addr some_ipv6(void)
{
	static const char *const list[] = {
		"2001:db8:2::1", "2001:db8:3::1", "2001:db8:2::77", "fe80::1",
		"fe80::ffff:ffff:ffff", "fe80::8000:f227:34ff:8efe", "ff02::1",
		"ff02::2", "::", "::1", "::ffff:192.0.2.1", "fec0::1",
		"fd00::1", "2002:c000:201::1", "ff0e::1", "2001:0:1::",
	};
	struct in6_addr addr;

	switch (below(5)) {
	case 0:
		return victim;
	case 1:
		return victim_peer;
	case 2:
		return teredo(some_ipv4(), rng(), some_ipv4(), rng());
	case 3:		/* as many peers as there are ports */
		return teredo(inet_addr(server), rng(), from, from_port);
	default:
		addr = ip6(list[below(ARRAY_SIZE(list))]);
		if (one_in(4))
			randomize(&addr.s6_addr[8], 8);
		return addr;
	}
}

/* -- what is inside -- */

static uint8_t size(void)
{
	static const uint8_t sizes[] = { 0, 0, 0, 1, 8, 20, 127, 255 };

	return sizes[below(ARRAY_SIZE(sizes))];
}

/* An authentication that sign() makes right */
static void put_signed(struct buf *b)
{
	const char *id = ids[below(ARRAY_SIZE(ids))];
	size_t size = id == ids[0] ? SHA1_DIGEST_SIZE : SHA256_DIGEST_SIZE;

	put16(b, 1);
	put8(b, strlen(id));
	put8(b, size);
	put(b, id, strlen(id));
	b->id = id;
	b->value = b->len;
	put(b, NULL, size);
	b->covered = b->len;
	put(b, NULL, 8);
	put8(b, 0);
}

/* It covers the nonce and all behind it (RFC 4380 5.2.2). */
static void sign(struct buf *b)
{
	const uint8_t *data = b->data + b->covered;
	size_t len = b->len - b->covered;
	struct hmac_sha256_ctx sha256;
	struct hmac_sha1_ctx sha1;

	if (b->id == ids[0]) {
		hmac_sha1_set_key(&sha1, strlen(key), (const uint8_t *)key);
		hmac_sha1_update(&sha1, len, data);
		hmac_sha1_digest(&sha1, SHA1_DIGEST_SIZE, b->data + b->value);
	} else {
		hmac_sha256_set_key(&sha256, strlen(key), (const uint8_t *)key);
		hmac_sha256_update(&sha256, len, data);
		hmac_sha256_digest(&sha256, SHA256_DIGEST_SIZE, b->data + b->value);
	}
}

static void put_auth(struct buf *b)
{
	uint8_t id = size(), au = size();

	put16(b, 1);
	put8(b, one_in(20) ? rng() : id);
	put8(b, one_in(20) ? rng() : au);
	put(b, NULL, id + au + 8);
	put8(b, one_in(3) ? rng() : 0);
}

static void put_origin(struct buf *b)
{
	bool other = one_in(2);
	in_addr_t addr = (other ? some_ipv4() : from) ^ 0xffffffff;
	uint16_t port = (other ? rng() : ntohs(from_port)) ^ 0xffff;

	put16(b, 0);
	put16(b, one_in(8) ? 0xffff : port);
	put(b, &addr, 4);
}

static void put_trailers(struct buf *b)
{
	static const uint8_t kinds[] = { 1, 2, 3, 4, 5, 0x3f, 0x40, 0x7f, 0x80, 0xff };
	static const uint8_t sizes[] = { 0, 1, 2, 4, 8, 14, 20, 26, 32, 255 };
	unsigned int n = one_in(50) ? 200 : below(5);

	while (n--) {
		uint8_t len = sizes[below(ARRAY_SIZE(sizes))];

		put8(b, kinds[below(ARRAY_SIZE(kinds))]);
		put8(b, one_in(20) ? rng() : len);
		put(b, NULL, len);
	}
}

/* Neighbour discovery options, the wrong ones as well */
static void put_options(struct buf *b)
{
	unsigned int n = one_in(50) ? 200 : below(4);
	struct in6_addr prefix;

	while (n--) {
		switch (below(4)) {
		case 0:
			prefix = teredo(inet_addr(server), 0, 0xffffffff, 0xffff);
			put32(b, 0x03044040);
			put(b, NULL, 12);
			put(b, &prefix, 16);
			break;
		case 1:
			put16(b, 0x0501);
			put16(b, 0);
			put32(b, one_in(2) ? 1280 : rng());
			break;
		case 2:
			put8(b, rng());
			put8(b, 1);
			put(b, NULL, 6);
			break;
		default:
			put8(b, rng());
			put8(b, one_in(4) ? 0 : rng());
			put(b, NULL, below(16));
		}
	}
}

static uint8_t put_icmp(struct buf *b, uint8_t kind)
{
	put8(b, kind);
	put8(b, one_in(8) ? rng() : 0);
	put16(b, 0);
	switch (kind) {
	case 128:
	case 129:	/* up to and beyond what a server carries */
		put(b, NULL, one_in(3) ? 12 : below(120));
		break;
	case 133:
		put32(b, 0);
		put_options(b);
		break;
	case 134:
		put(b, NULL, 12);
		put_options(b);
		break;
	case 135:
	case 136:
	case 137:
		put32(b, rng());
		put(b, one_in(2) ? &victim : &victim_peer, 16);
		put_options(b);
		break;
	default:	/* an error about what the victim may have sent */
		put32(b, one_in(2) ? 1280 : rng());
		put32(b, 0x60000000);
		put32(b, 8 << 16 | 17 << 8 | 64);
		put(b, &victim, 16);
		put(b, &victim_peer, 16);
		put(b, NULL, 8);
	}
	return 58;
}

/* The payload of an IPv6 packet; returns what it is. */
static uint8_t put_payload(struct buf *b, int depth) /* NOLINT(misc-no-recursion) */
{
	static const uint8_t headers[] = { 0, 43, 44, 50, 51, 60, 135, 140 };
	static const uint8_t kinds[] = {
		128, 128, 129, 129, 133, 134, 135, 136, 137, 1, 2, 3, 4, 130, 143, 200,
	};
	uint8_t kind, *p;

	switch (below(depth < 4 ? 12 : 8)) {
	case 0 ... 2:
		return 59;
	case 3 ... 5:
		return put_icmp(b, kinds[below(ARRAY_SIZE(kinds))]);
	case 6:
		put16(b, rng());
		put16(b, one_in(2) ? 5201 : rng());
		put16(b, 8 + 100);
		put16(b, 0);
		put(b, NULL, 100);
		return 17;
	case 7:
		put(b, NULL, 12);
		put8(b, 0x50);
		put(b, NULL, 7 + below(200));
		return 6;
	case 8:
		put(b, NULL, below(64));
		return rng();
	default:
		kind = headers[below(ARRAY_SIZE(headers))];
		p = put(b, NULL, 8);
		if (p + 8 > b->data + PAYLOAD_MAX)
			return 59;
		if (kind == 44) {	/* an atomic fragment, or not */
			p[2] = 0;
			p[3] = one_in(2) ? 0 : 1;
		} else if (!one_in(8)) {
			p[1] = 0;
		}
		if (kind == 0 && one_in(2))	/* jumbo */
			memcpy(p + 2, "\xc2\4\0\1\0\0", 6);
		p[0] = put_payload(b, depth + 1);
		return kind;
	}
}

/* Checksums of the upper layer, right after the IPv6 header only */
static void fix_checksum(uint8_t *packet, size_t len)
{
	uint8_t *payload = packet + 40;
	size_t at;
	uint32_t sum;

	switch (packet[6]) {
	case 58:
		at = 2;
		break;
	case 17:
		at = 6;
		break;
	case 6:
		at = 16;
		break;
	default:
		return;
	}
	if (len < at + 2)
		return;
	payload[at] = 0;
	payload[at + 1] = 0;
	sum = add16(len + packet[6], packet + 8, 32);
	sum = fold(add16(sum, payload, len));
	payload[at] = sum >> 8;
	payload[at + 1] = sum;
}

enum want { ANYTHING, BUBBLE, SOLICITATION, ADVERTISEMENT, ANNOUNCEMENT };

static void put_ipv6(struct buf *b, enum want want)
{
	static const uint8_t hops[] = { 255, 255, 64, 1, 0 };
	struct in6_addr saddr = one_in(3) ? some_ipv6() : victim_peer;
	struct in6_addr daddr = one_in(3) ? some_ipv6() : victim;
	size_t start = b->len, len;
	uint8_t *p = b->data + start;

	if (want == ANNOUNCEMENT && !one_in(8))
		saddr = victim_peer;
	put32(b, 0x60000000 | (one_in(4) ? rng() & 0x0fffffff : 0));
	put16(b, 0);
	put8(b, 0);
	put8(b, hops[below(ARRAY_SIZE(hops))]);
	put(b, &saddr, 16);
	put(b, &daddr, 16);
	if (b->len < start + 40)
		return;
	switch (want) {
	case ANYTHING:
		p[6] = put_payload(b, 0);
		break;
	case BUBBLE:
		p[6] = 59;
		break;
	case SOLICITATION:
		p[6] = put_icmp(b, 133);
		saddr = ip6("fe80::ffff:ffff:ffff");
		saddr.s6_addr[8] = rng();
		daddr = ip6("ff02::2");
		p[7] = 255;
		break;
	case ADVERTISEMENT:
		p[6] = put_icmp(b, 134);
		saddr = ip6("fe80::8000:f227:34ff:8efe");
		daddr = ip6("fe80::ffff:ffff:ffff");
		p[7] = 255;
		break;
	case ANNOUNCEMENT:
		p[6] = 59;
		p[7] = 1;
		daddr = ip6("ff02::1");
		break;
	}
	memcpy(p + 8, &saddr, 16);
	memcpy(p + 24, &daddr, 16);
	if (want == ANYTHING && one_in(60))	/* long, that it has pages and fragments */
		put(b, NULL, below(PAYLOAD_MAX));
	len = b->len - start - 40;
	p[4] = len >> 8;
	p[5] = len;
	if (!one_in(8))
		fix_checksum(p, len);
}

static void damage(struct buf *b)
{
	static const uint16_t lens[] = { 0, 1, 7, 8, 0xffff, 0xffd8, 0x8000, 40 };
	size_t at = b->len ? below(b->len) : 0;
	uint16_t v;

	switch (below(6)) {
	case 0:
		b->len = at;
		break;
	case 1:
		b->data[at] ^= 1 << below(8);
		break;
	case 2:
		b->data[at] = rng();
		break;
	case 3:
		put(b, NULL, below(64));
		break;
	case 4:		/* a length, if that is where the IPv6 header is */
		v = htons(lens[below(ARRAY_SIZE(lens))]);
		if (b->len > 6)
			memcpy(b->data + 4, &v, 2);
		break;
	case 5:
		if (b->len < 60)
			b->len = below(61);
		break;
	}
}

/* What goes together with which element, and with none of them */
static enum want some_want(bool auth, bool origin)
{
	if (one_in(3))
		return ANYTHING;
	if (IN_MULTICAST(ntohl(to)))
		return ANNOUNCEMENT;
	if (auth)
		return origin ? ADVERTISEMENT : SOLICITATION;
	if (origin)
		return BUBBLE;
	return one_in(8) ? below(ANNOUNCEMENT + 1) : ANYTHING;
}

static void make(struct buf *b)
{
	bool auth = one_in(6), origin = one_in(6);

	b->len = 0;
	b->id = NULL;
	if (auth)
		one_in(2) ? put_auth(b) : put_signed(b);
	if (origin)
		put_origin(b);
	if (one_in(50))
		one_in(2) ? put_auth(b) : put_origin(b);
	put_ipv6(b, some_want(auth, origin));
	if (b->id)
		sign(b);
	if (one_in(3))
		put_trailers(b);
	if (one_in(3))
		damage(b);
}

/* -- what is outside -- */

/* Lost is lost: the victim's interface may have no room, or be down. */
static void transmit(const void *packet, size_t len, const void *addr, socklen_t size)
{
	if (sendto(raw, packet, len, 0, addr, size) < 0 && errno != ENOBUFS &&
	    errno != EINVAL && errno != EPERM && errno != EMSGSIZE &&
	    errno != ENETDOWN && errno != ENXIO)
		err(1, "sendto");
}

static void send_ip(struct iphdr ip, const void *data, size_t len)
{
	static uint8_t packet[sizeof(struct iphdr) + PAYLOAD_MAX + 8];
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_addr.s_addr = to };

	memcpy(packet, &ip, sizeof(ip));
	memcpy(packet + sizeof(ip), data, len);
	transmit(packet, sizeof(ip) + len, &sin, sizeof(sin));
}

static struct iphdr outer(in_addr_t source, uint8_t protocol)
{
	/* Announcements do not leave the link. */
	uint8_t ttl = IN_MULTICAST(ntohl(to)) && !one_in(8) ? 1 : 64;

	return (struct iphdr){
		.version = 4, .ihl = 5, .ttl = ttl, .protocol = protocol,
		.saddr = source, .daddr = to,
	};
}

/* An ICMPv4 error about a datagram like @b, as if the victim had sent it */
static void send_error(const struct buf *b)
{
	static const uint8_t types[] = { 3, 3, 3, 11, 12, 4, 5 };
	struct {
		struct icmphdr icmp;
		struct iphdr ip;
		struct udphdr udp;
		uint8_t data[576];
	} m = {};
	size_t len = one_in(2) ? below(sizeof(m.data)) : 128;
	struct iphdr ip;
	uint16_t sum;

	if (len > b->len)
		len = b->len;
	m.icmp.type = types[below(ARRAY_SIZE(types))];
	m.icmp.code = below(one_in(8) ? 256 : 16);
	m.icmp.un.frag.mtu = htons(one_in(2) ? 1300 : rng());
	m.ip = outer(to, IPPROTO_UDP);
	m.ip.daddr = from;
	m.ip.tot_len = htons(sizeof(m.ip) + sizeof(m.udp) + (one_in(8) ? rng() : b->len));
	m.udp.source = to_port;
	m.udp.dest = from_port;
	m.udp.len = htons(sizeof(m.udp) + (one_in(8) ? rng() : b->len));
	memcpy(m.data, b->data, len);
	/* The other way round: addresses of the inner packet change places. */
	if (len >= 40 && !one_in(8)) {
		memcpy(m.data + 8, b->data + 24, 16);
		memcpy(m.data + 24, b->data + 8, 16);
	}
	len += offsetof(typeof(m), data);
	if (one_in(8))
		len = below(len);
	sum = htons(fold(add16(0, &m, len)));
	if (!one_in(20))
		memcpy(&m.icmp.checksum, &sum, sizeof(sum));
	ip = outer(one_in(2) ? from : some_ipv4(), IPPROTO_ICMP);
	send_ip(ip, &m, len);
}

static void send_out(const struct buf *b)
{
	static uint8_t udp[8 + 2 * PAYLOAD_MAX];
	struct udphdr uh = {
		.source = one_in(12) ? rng() : from_port,
		.dest = to_port,
	};
	in_addr_t source = one_in(12) ? some_ipv4() : from;
	size_t len = 8 + b->len, off, step, most = 1472;
	struct iphdr ip = outer(source, IPPROTO_UDP);
	uint32_t sum;

	ip.id = htons(rng() | 1);
	ip.tos = one_in(4) ? rng() : 0;

	if (one_in(60))
		uh.source = 0;
	uh.len = htons(one_in(40) ? rng() : len);
	memcpy(udp, &uh, 8);
	memcpy(udp + 8, b->data, b->len);
	if (!one_in(10)) {
		sum = add16(ntohs(uh.len) + 17, &source, 4);
		sum = fold(add16(add16(sum, &to, 4), udp, len));
		sum = htons(sum ?: 0xffff);
		memcpy(udp + 6, &sum, 2);
	} else if (one_in(4)) {
		udp[6] = 1;	/* a wrong one */
	}

	if (len <= most && !one_in(10)) {
		send_ip(ip, udp, len);
		return;
	}
	if (len <= 4096 && one_in(2))
		most = 8 + below(128);	/* small ones, that headers are torn */
	for (off = 0; off < len; off += step) {
		step = len - off;
		if (step > most)
			step = most & ~7;
		if (one_in(100))
			continue;	/* one is missing */
		ip.frag_off = htons(off / 8 | (off + step < len ? 0x2000 : 0));
		send_ip(ip, udp + off, step);
	}
}

static void send_in(const struct buf *b)
{
	const struct sockaddr_ll sll = {
		.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = link_index,
	};

	transmit(b->data, b->len, &sll, sizeof(sll));
}

/* A namespace is left where it is, but of what follows, all is done in it. */
static void enter(const char *name)
{
	char path[256];
	int fd;

	snprintf(path, sizeof(path), "/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET))
		err(1, "%s", path);
	close(fd);
}

static void send_one(struct buf *b)
{
	if (link_index) {
		b->len = 0;
		put_ipv6(b, ANYTHING);
		if (one_in(4))
			damage(b);
		send_in(b);
		return;
	}
	if (!one_in(20)) {
		make(b);
		send_out(b);
		return;
	}
	if (one_in(3)) {
		make(b);
	} else {	/* what the victim mostly sends */
		b->len = 0;
		put_ipv6(b, ANYTHING);
	}
	send_error(b);
}

int main(int argc, char **argv)
{
	static struct buf b;
	const int room = 64 << 20;
	unsigned long count;
	int on = 1;

	if (argc != 7 && argc != 9 && argc != 10)
		errx(2, "usage: %s NAMESPACE COUNT SEED ADDRESS PORT TEREDO FROM FROM_PORT [PEER]\n"
		     "       %s NAMESPACE COUNT SEED LINK TEREDO PEER", argv[0], argv[0]);
	enter(argv[1]);
	count = strtoul(argv[2], NULL, 0);
	rng_state = strtoull(argv[3], NULL, 0) * 2 + 1;
	if (argc == 7) {
		link_index = if_nametoindex(argv[4]);
		if (!link_index)
			err(1, "%s", argv[4]);
		victim = ip6(argv[5]);
		victim_peer = ip6(argv[6]);
		raw = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	} else {
		to = inet_addr(argv[4]);
		to_port = htons(atoi(argv[5]));
		victim = ip6(argv[6]);
		from = inet_addr(argv[7]);
		from_port = htons(atoi(argv[8]));
		victim_peer = argc == 10 ? ip6(argv[9]) :
			      teredo(inet_addr(server), 0, from, from_port);
		raw = socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	}
	/* What waits for a peer is charged here, and more of it than a tunnel lets
	 * wait holds nothing up.
	 */
	if (raw < 0 || setsockopt(raw, SOL_SOCKET, SO_BROADCAST, &on, sizeof(on)) ||
	    setsockopt(raw, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)))
		err(1, "socket");
	while (count--) {
		send_one(&b);
		/* Let others have their say, on a single CPU, too. */
		if (count % 16 == 0)
			usleep(1000);
	}
	return 0;
}
