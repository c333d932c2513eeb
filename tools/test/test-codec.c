// SPDX-License-Identifier: GPL-2.0
/* Unit test of the packet codec (kernel/codec/), with the vectors of the RFCs and tables of
 * everything that can be wrong; output in KTAP.
 *
 * Parsed data ends at an inaccessible page, so that reading one octet too many is a crash.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "codec/build.h"
#include "codec/parse.h"
#include "codec/trailer.h"
#include "test/test.h"

#define SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* -- helpers -- */

/* Return a copy of @data that ends at the inaccessible page. */
static u8 *fenced(const void *data, size_t len)
{
	static u8 *fence;
	size_t page = sysconf(_SC_PAGESIZE);

	if (!fence) {
		fence = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (fence == MAP_FAILED)
			abort();
		fence += page;
		if (mprotect(fence, page, PROT_NONE))
			abort();
	}
	return memcpy(fence - len, data, len);
}

static enum teredo_parse parse(struct teredo_packet *pkt, const void *data,
			       size_t len)
{
	return teredo_parse(pkt, fenced(data, len), len, len);
}

static bool parses(const void *data, size_t len)
{
	struct teredo_packet pkt;

	return parse(&pkt, data, len) == TEREDO_PARSE_OK;
}

static bool trailers(struct teredo_trailers *out, const void *data, size_t len)
{
	return teredo_parse_trailers(out, fenced(data, len), len);
}

static struct in6_addr ip6(const char *text)
{
	struct in6_addr addr;

	if (inet_pton(AF_INET6, text, &addr) != 1)
		abort();
	return addr;
}

static __be32 ip4(const char *text)
{
	return inet_addr(text);
}

static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };
static const u8 nonce[TEREDO_NONCE_LEN] = { 'n', 'o', 'n', 'c', 'e', 'n', 's', 'e' };

/* The end of every datagram below */
static size_t put_bubble(u8 *p)
{
	struct in6_addr a = ip6("2001:0:cb00:7178:0:efff:3fff:fdfe");
	struct in6_addr b = ip6("2001:0:c633:6476:0:dfff:3fff:fdf5");

	return teredo_build_bubble(p, &a, &b);
}

static size_t put_solicitation(u8 *p)
{
	struct in6_addr saddr = ip6("fe80::ffff:ffff:ffff");

	return teredo_build_solicitation(p, &saddr);
}

/* -- addresses -- */

static void test_vectors(void)
{
	static const struct {
		const char *server, *client, *addr;
		u16 port;
	} vectors[] = {
		{ "203.0.113.120", "192.0.2.1",
		  "2001:0:cb00:7178:0:efff:3fff:fdfe", 4096 },
		{ "198.51.100.118", "192.0.2.10",
		  "2001:0:c633:6476:0:dfff:3fff:fdf5", 8192 },
		{ "203.0.113.120", "198.51.100.118",
		  "2001:0:cb00:7178:0:f000:39cc:9b89", 4095 },
	};
	unsigned int i;

	for (i = 0; i < SIZE(vectors); i++) {
		struct in6_addr addr, want = ip6(vectors[i].addr);
		struct teredo_addr in = {
			.server = ip4(vectors[i].server),
			.client = ip4(vectors[i].client),
			.port = htons(vectors[i].port),
		}, out;

		teredo_addr_pack(&addr, &prefix, &in);
		expect(!memcmp(&addr, &want, sizeof(addr)));
		teredo_addr_unpack(&out, &want);
		expect(out.server == in.server && out.client == in.client &&
		       out.port == in.port && !out.flags);
	}
}

static void test_numbers(void)
{
	expect(TEREDO_PORT == 3544 && TEREDO_PREFIX == 0x20010000 &&
	       TEREDO_PREFIX_LEN == 32);
}

static void test_flags(void)
{
	struct teredo_addr in = { .port = htons(1) }, out;
	struct in6_addr addr;
	unsigned int flags;

	expect(TEREDO_FLAG_CONE == 0x8000 && TEREDO_FLAGS_RANDOM == 0x3cff);
	for (flags = 0; flags < 0x10000; flags++) {
		in.flags = flags;
		teredo_addr_pack(&addr, &prefix, &in);
		expect(addr.s6_addr[8] == flags >> 8 &&
		       addr.s6_addr[9] == (flags & 0xff));
		teredo_addr_unpack(&out, &addr);
		expect(out.flags == flags);
	}
}

static void test_link_local(void)
{
	struct teredo_addr nobody = { 0 }, server = {
		.server = ip4("1.2.3.4"),
		.client = ip4("203.0.113.1"),
		.port = htons(TEREDO_PORT),
		.flags = TEREDO_FLAG_CONE,
	};
	struct in6_addr addr, want;

	teredo_addr_link_local(&addr, &nobody);
	want = ip6("fe80::ffff:ffff:ffff");
	expect(!memcmp(&addr, &want, sizeof(addr)));
	teredo_addr_link_local(&addr, &server);
	want = ip6("fe80::8000:f227:34ff:8efe");
	expect(!memcmp(&addr, &want, sizeof(addr)));
	expect(teredo_addr_is_link_local(&addr));
}

/* The ranges listed in RFC 4380 5.2.4 */
static const struct {
	u32 first, last;
} not_global[] = {
	{ 0x00000000, 0x00ffffff }, { 0x7f000000, 0x7fffffff },
	{ 0x0a000000, 0x0affffff }, { 0xac100000, 0xac1fffff },
	{ 0xc0a80000, 0xc0a8ffff }, { 0xa9fe0000, 0xa9feffff },
	{ 0xc0586300, 0xc05863ff }, { 0xe0000000, 0xefffffff },
	{ 0xffffffff, 0xffffffff },
};

static bool is_listed(u32 addr)
{
	unsigned int i;

	for (i = 0; i < SIZE(not_global); i++)
		if (addr >= not_global[i].first && addr <= not_global[i].last)
			return true;
	return false;
}

static void test_global(void)
{
	static const u8 hosts[] = { 0, 1, 254, 255 };
	unsigned int net, i, wrong = 0;

	/* Some addresses of each of the 2^24 nets: all ranges, and all their edges */
	for (net = 0; net < 1 << 24; net++) {
		for (i = 0; i < SIZE(hosts); i++) {
			u32 addr = net << 8 | hosts[i];

			if (teredo_ipv4_is_global(htonl(addr)) == is_listed(addr))
				wrong++;
		}
	}
	expect(!wrong);
}

static void test_usable(void)
{
	struct teredo_addr good = {
		.server = ip4("203.0.113.1"),
		.client = ip4("192.0.2.1"),
		.port = htons(1),
	}, bad, out;
	struct in6_addr addr;
	unsigned int i;

	teredo_addr_pack(&addr, &prefix, &good);
	expect(teredo_addr_is_usable(&out, &addr));
	bad = good;
	bad.port = 0;
	teredo_addr_pack(&addr, &prefix, &bad);
	expect(!teredo_addr_is_usable(&out, &addr));
	for (i = 0; i < SIZE(not_global); i++) {
		bad = good;
		bad.client = htonl(not_global[i].last);
		teredo_addr_pack(&addr, &prefix, &bad);
		expect(!teredo_addr_is_usable(&out, &addr));
		bad = good;
		bad.server = htonl(not_global[i].first);
		teredo_addr_pack(&addr, &prefix, &bad);
		expect(!teredo_addr_is_usable(&out, &addr));
	}
}

static void test_scopes(void)
{
	static const struct {
		const char *text;
		bool link_local, routable;
	} list[] = {
		{ "fe80::1", true, false }, { "febf::1", true, false },
		{ "fec0::1", false, true },	/* RFC 3879: like any other */
		{ "fc00::1", false, true }, { "2001::1", false, true },
		{ "2001:db8::1", false, true }, { "ff02::1", false, false },
		{ "ff0e::1", false, false }, { "::", false, false },
		{ "::1", false, false }, { "::ffff:10.1.2.3", false, false },
	};
	unsigned int i;

	for (i = 0; i < SIZE(list); i++) {
		struct in6_addr addr = ip6(list[i].text);

		expect(teredo_addr_is_link_local(&addr) == list[i].link_local);
		expect(teredo_addr_is_routable(&addr) == list[i].routable);
	}
}

static void test_all_routers(void)
{
	struct in6_addr addr = ip6("ff02::2");
	unsigned int bit;

	expect(teredo_addr_is_all_routers(&addr));
	for (bit = 0; bit < 128; bit++) {
		addr.s6_addr[bit / 8] ^= 1 << bit % 8;
		expect(!teredo_addr_is_all_routers(&addr));
		addr.s6_addr[bit / 8] ^= 1 << bit % 8;
	}
}

/* -- elements -- */

static void test_origin(void)
{
	static const u8 vector[] = { 0, 0, 0xfe, 0xae, 0xfe, 0xfd, 0xfc, 0xfb };
	u8 buf[TEREDO_AUTH_MIN + TEREDO_ORIGIN_LEN + TEREDO_IPV6_LEN];
	struct teredo_packet pkt;
	size_t len;

	len = teredo_build_origin(buf, ip4("1.2.3.4"), htons(337));
	expect(len == sizeof(vector) && !memcmp(buf, vector, len));
	len += put_bubble(buf + len);
	expect(parse(&pkt, buf, len) == TEREDO_PARSE_OK);
	expect(pkt.has_origin && !pkt.has_auth && pkt.ipv6 == 8);
	expect(pkt.origin_addr == ip4("1.2.3.4") &&
	       pkt.origin_port == htons(337));

	/* the same after an authentication element */
	len = teredo_build_auth(buf, nonce, 0);
	len += teredo_build_origin(buf + len, ip4("1.2.3.4"), htons(337));
	len += put_bubble(buf + len);
	expect(parse(&pkt, buf, len) == TEREDO_PARSE_OK);
	expect(pkt.origin_addr == ip4("1.2.3.4") &&
	       pkt.origin_port == htons(337) && pkt.auth == 0);
}

/* Write an authentication element with @id octets of identifier and @au octets of value. */
static size_t put_auth(u8 *p, unsigned int id, unsigned int au)
{
	memset(p, 0xaa, TEREDO_AUTH_MIN + id + au);
	p[0] = 0;
	p[1] = 1;
	p[2] = id;
	p[3] = au;
	memcpy(p + 4 + id + au, nonce, sizeof(nonce));
	return TEREDO_AUTH_MIN + id + au;
}

static void test_auth(void)
{
	u8 buf[TEREDO_AUTH_MAX + TEREDO_IPV6_LEN];
	struct teredo_packet pkt;
	unsigned int id, au;

	expect(TEREDO_AUTH_MAX == 523);
	for (id = 0; id < 256; id++) {
		for (au = 0; au < 256; au++) {
			size_t len = put_auth(buf, id, au);

			len += put_bubble(buf + len);
			expect(parse(&pkt, buf, len) == TEREDO_PARSE_OK);
			expect(pkt.has_auth && pkt.id_len == id &&
			       pkt.au_len == au);
			expect(!memcmp(buf + pkt.nonce, nonce, sizeof(nonce)));
			expect(pkt.ipv6 == 13 + id + au);
		}
	}
}

static void test_auth_alone(void)
{
	static const u8 want[] = { 0, 1, 0, 0, 'n', 'o', 'n', 'c', 'e', 'n',
				   's', 'e', 0 };
	u8 buf[TEREDO_AUTH_MIN];

	memset(buf, 0xee, sizeof(buf));
	expect(teredo_build_auth(buf, nonce, 0) == sizeof(want));
	expect(!memcmp(buf, want, sizeof(want)));
	teredo_build_auth(buf, nonce, 7);
	expect(buf[12] == 7);
}

/* Write a datagram from a word: A authentication, O origin indication, P packet. */
static size_t put_word(u8 *p, const char *word)
{
	size_t len = 0;

	for (; *word; word++)
		len += *word == 'A' ? put_auth(p + len, 0, 0) :
		       *word == 'O' ? teredo_build_origin(p + len, 1, 1) :
				      put_bubble(p + len);
	return len;
}

static void test_order(void)
{
	static const char *const good[] = { "P", "AP", "OP", "AOP" };
	static const char *const bad[] = {
		"", "A", "O", "AO", "OAP", "AAP", "OOP", "AOAP", "AOOP", "OAOP",
		"AAOP",
	};
	u8 buf[256];
	unsigned int i;

	for (i = 0; i < SIZE(good); i++)
		expect(parses(buf, put_word(buf, good[i])));
	for (i = 0; i < SIZE(bad); i++)
		expect(!parses(buf, put_word(buf, bad[i])));
}

static void test_first_octets(void)
{
	u8 buf[256] = { 0 };
	unsigned int first;

	/* Each is followed by elements that would suit others. */
	for (first = 0; first < 0x10000; first++) {
		bool right = first < 2 || first >> 12 == 6;

		put_word(buf, first == 0 ? "OP" : first == 1 ? "AP" : "P");
		buf[0] = first >> 8;
		buf[1] = first;
		expect(parses(buf, sizeof(buf)) == right);
	}
}

static void test_truncations(void)
{
	static const char *const words[] = { "P", "AP", "OP", "AOP" };
	struct teredo_packet pkt;
	u8 buf[256];
	size_t len, end;
	unsigned int i;

	for (i = 0; i < SIZE(words); i++) {
		end = put_word(buf, words[i]) - TEREDO_IPV6_LEN;
		len = end + put_solicitation(buf + end);
		for (end = 0; end < len; end++)
			expect(!parses(buf, end));
		expect(parse(&pkt, buf, len) == TEREDO_PARSE_OK);
		/* The rest of a long datagram may be in another fragment of the skb. */
		expect(teredo_parse(&pkt, fenced(buf, len - 8), len - 8, len) ==
		       TEREDO_PARSE_OK);
	}
}

static void test_payload_length(void)
{
	u8 buf[TEREDO_IPV6_LEN + 100] = { 0 };
	struct teredo_packet pkt;
	unsigned int claimed;

	put_bubble(buf);
	for (claimed = 0; claimed < 0x10000; claimed++) {
		buf[4] = claimed >> 8;
		buf[5] = claimed;
		expect(parse(&pkt, buf, sizeof(buf)) ==
		       (claimed <= 100 ? TEREDO_PARSE_OK :
					 TEREDO_PARSE_TRUNCATED));
		expect(claimed > 100 || pkt.payload_len == claimed);
	}
}

static void test_bubble(void)
{
	u8 buf[TEREDO_IPV6_LEN + 4] = { 0 };
	struct teredo_packet pkt;
	unsigned int nexthdr;
	size_t len = put_bubble(buf);

	expect(len == TEREDO_IPV6_LEN && buf[0] == 0x60);
	expect(!buf[4] && !buf[5] && buf[6] == 59);
	for (nexthdr = 0; nexthdr < 256; nexthdr++) {
		buf[6] = nexthdr;
		/* without trailers, with trailers, and with a payload */
		expect(parse(&pkt, buf, len) == TEREDO_PARSE_OK &&
		       teredo_is_bubble(&pkt) == (nexthdr == 59));
		expect(parse(&pkt, buf, len + 4) == TEREDO_PARSE_OK &&
		       teredo_is_bubble(&pkt) == (nexthdr == 59));
		buf[5] = 4;
		expect(parse(&pkt, buf, len + 4) == TEREDO_PARSE_OK &&
		       !teredo_is_bubble(&pkt));
		buf[5] = 0;
	}
}

/* -- trailers -- */

static size_t put_trailer(u8 *p, u8 type, unsigned int len, const void *value)
{
	p[0] = type;
	p[1] = len;
	if (value)
		memcpy(p + 2, value, len);
	else
		memset(p + 2, 0, len);
	return 2 + len;
}

/* Append a nonce after @first octets. Return true if the parser gets that far. */
static bool reaches_nonce(u8 *buf, size_t first)
{
	struct teredo_trailers t;
	u32 want;

	first += put_trailer(buf + first, TEREDO_TRAILER_NONCE, 4, "abcd");
	memcpy(&want, "abcd", 4);
	return trailers(&t, buf, first) && t.has_nonce && t.nonce == want;
}

static void test_unknown_trailers(void)
{
	struct teredo_trailers t;
	unsigned int type;
	u8 buf[600];

	for (type = 0; type < 256; type++) {
		size_t len = put_trailer(buf, type, 3, NULL);
		bool discard = type >> 6 == 1;

		expect(trailers(&t, buf, len) == !discard);
		expect(reaches_nonce(buf, len) == !discard);
		/* A truncated trailer of this type is no reason to discard. */
		expect(trailers(&t, buf, len - 1));
	}
}

static void test_truncated_trailers(void)
{
	struct teredo_trailers t;
	size_t len, first;
	u8 buf[64];

	first = put_trailer(buf, TEREDO_TRAILER_PORT, 2, "\x12\x34");
	len = first + put_trailer(buf + first, TEREDO_TRAILER_NONCE, 4, "abcd");
	for (; len-- > first;) {
		expect(trailers(&t, buf, len));
		expect(t.random_port == htons(0x1234) && !t.has_nonce);
	}
	for (; len-- > 0;)
		expect(trailers(&t, buf, len) && !t.random_port);
}

static void test_lengths(void)
{
	struct teredo_trailers t;
	unsigned int len;
	u8 buf[600];

	for (len = 0; len < 256; len++) {
		size_t end;

		end = put_trailer(buf, TEREDO_TRAILER_NONCE, len, NULL);
		expect(trailers(&t, buf, end) && t.has_nonce == (len == 4));
		end = put_trailer(buf, TEREDO_TRAILER_ND, len, NULL);
		expect(trailers(&t, buf, end) && t.has_nd == (len == 4));
		expect(reaches_nonce(buf, end));
		end = put_trailer(buf, TEREDO_TRAILER_PORT, len, NULL);
		buf[2] = 1;
		expect(trailers(&t, buf, end) && !!t.random_port == (len == 2));
		buf[2] = 0;
		expect(reaches_nonce(buf, end));
	}
}

static void test_nd(void)
{
	struct teredo_trailers t;
	u8 buf[8];

	put_trailer(buf, 4, 4, "\1\xff\xff\xff");
	expect(trailers(&t, buf, 6) && t.has_nd && t.nd_type == 1);
	put_trailer(buf, 4, 4, "\0\xff\xff\xff");
	expect(trailers(&t, buf, 6) && t.has_nd && t.nd_type == 0);
}

static void test_random_port(void)
{
	struct teredo_trailers t;
	u8 buf[8];

	put_trailer(buf, 5, 2, "\x12\x34");
	expect(trailers(&t, buf, 4) && t.random_port == htons(0x1234));
	/* The type number of the registry (D-01) */
	put_trailer(buf, 2, 2, "\x12\x34");
	expect(trailers(&t, buf, 4) && t.random_port == htons(0x1234));
}

static void test_alternates(void)
{
	static const u8 good[] = { 1, 0, 0, 1, 0x12, 0x34 };
	static const u8 bad[][6] = {
		{ 10, 0, 0, 1, 0, 0 }, { 0, 0, 0, 1, 1, 1 },
		{ 127, 0, 0, 1, 1, 1 }, { 224, 0, 0, 1, 1, 1 },
		{ 239, 1, 1, 1, 1, 1 }, { 255, 255, 255, 255, 1, 1 },
	};
	struct teredo_trailers t;
	u8 value[256], buf[300];
	unsigned int len, i;
	size_t end;

	memset(value, 0xee, 2);		/* reserved, ignored */
	for (i = 2; i + 6 <= sizeof(value); i += 6)
		memcpy(value + i, good, 6);
	for (len = 0; len < 256; len++) {
		bool right = len == 8 || len == 14 || len == 20 || len == 26;

		end = put_trailer(buf, TEREDO_TRAILER_ALTERNATE, len, value);
		expect(trailers(&t, buf, end) && t.bad_alternate == !right);
		expect(t.alternates == (right ? (len - 2) / 6 : 0));
		expect(!right || !memcmp(buf + t.alternate, good, 6));
		expect(reaches_nonce(buf, end));
	}
	for (i = 0; i < SIZE(bad); i++) {
		memcpy(value + 2 + i % 4 * 6, bad[i], 6);
		end = put_trailer(buf, TEREDO_TRAILER_ALTERNATE, 26, value);
		expect(trailers(&t, buf, end) && t.bad_alternate &&
		       !t.alternates);
		memcpy(value + 2 + i % 4 * 6, good, 6);
	}
}

/* What we write has the format of RFC 6081, and is parsed correctly. */
static void test_trailer_writers(void)
{
	static const u8 all[] = {
		0x01, 4, 'a', 'b', 'c', 'd',
		0x03, 14, 0, 0, 192, 0, 2, 1, 0x12, 0x34, 198, 51, 100, 2, 0xff, 0xfe,
		0x04, 4, 1, 0, 0, 0,
		0x05, 2, 0x80, 1,
	};
	struct teredo_alternate list[TEREDO_ALTERNATES_MAX];
	struct teredo_trailers t;
	u8 buf[sizeof(all)], most[64];
	size_t len;
	u32 word;

	memcpy(&word, "abcd", 4);
	list[0] = (struct teredo_alternate){ htonl(0xc0000201), htons(0x1234) };
	list[1] = (struct teredo_alternate){ htonl(0xc6336402), htons(0xfffe) };
	list[2] = list[0];
	list[3] = list[1];
	len = teredo_build_nonce_trailer(buf, word);
	expect(len == 6);
	len += teredo_build_alternate_trailer(buf + len, list, 2);
	expect(len == 22);
	len += teredo_build_nd_trailer(buf + len, 1);
	expect(len == 28);
	len += teredo_build_port_trailer(buf + len, htons(0x8001));
	expect(len == sizeof(all) && !memcmp(buf, all, sizeof(all)));
	expect(trailers(&t, buf, len) && t.has_nonce && t.nonce == word &&
	       t.alternates == 2 && t.alternate == 10 && t.has_nd && t.nd_type == 1 &&
	       t.random_port == htons(0x8001) && !t.bad_alternate);
	len = teredo_build_alternate_trailer(most, list, TEREDO_ALTERNATES_MAX);
	expect(len == 28 && trailers(&t, most, len) && t.alternates == TEREDO_ALTERNATES_MAX);
	len += teredo_build_nonce_trailer(most + len, word);
	len += teredo_build_port_trailer(most + len, htons(1));
	expect(len + TEREDO_IPV6_LEN == 78 && trailers(&t, most, len) && t.has_nonce &&
	       t.random_port == htons(1));
}

static void test_many_trailers(void)
{
	static u8 buf[65536];
	struct teredo_trailers t;
	unsigned int i;
	size_t len = 0;

	for (i = 0; i < TEREDO_TRAILERS_MAX - 1; i++)
		len += put_trailer(buf + len, 0x80, 1, NULL);
	expect(reaches_nonce(buf, len));
	len += put_trailer(buf + len, 0x80, 1, NULL);
	expect(!reaches_nonce(buf, len));
	/* Later trailers cannot cause a discard either. */
	memset(buf + len, 0x41, 4000 - len);
	expect(trailers(&t, buf, 4000));
}

/* -- messages -- */

/* The checksum as described by RFC 1071 and RFC 8200: a ones' complement sum over pseudo-header
 * and message.
 */
static u16 slow_csum(const struct in6_addr *saddr, const struct in6_addr *daddr,
		     const u8 *data, size_t len)
{
	u8 all[40 + 64] = { 0 };
	u32 sum = 0;
	size_t i;

	memcpy(all, saddr, 16);
	memcpy(all + 16, daddr, 16);
	all[34] = len >> 8;
	all[35] = len;
	all[39] = 58;
	memcpy(all + 40, data, len);
	for (i = 0; i < sizeof(all); i += 2) {
		sum += all[i] << 8 | all[i + 1];
		if (sum > 0xffff)
			sum -= 0xffff;
	}
	return ~sum;
}

static void test_checksum(void)
{
	struct in6_addr a, b;
	u8 data[64];
	size_t len, i;

	for (len = 0; len <= sizeof(data); len++) {
		for (i = 0; i < 16; i++) {
			a.s6_addr[i] = random();
			b.s6_addr[i] = random() | 0xc0;
		}
		for (i = 0; i < len; i++)
			data[i] = len % 3 ? random() : 0xff;
		expect(teredo_icmp_csum(&a, &b, fenced(data, len), len) ==
		       htons(slow_csum(&a, &b, data, len)));
	}
}

/* Parse the packet in @buf, and correct its ICMPv6 checksum. */
static const u8 *icmp_of(struct teredo_packet *pkt, u8 *buf, size_t len)
{
	u8 *icmp = buf + TEREDO_IPV6_LEN;
	__be16 csum;

	if (teredo_parse(pkt, buf, len, len) != TEREDO_PARSE_OK)
		abort();
	memset(icmp + 2, 0, 2);
	csum = teredo_icmp_csum(&pkt->saddr, &pkt->daddr, icmp,
				pkt->payload_len);
	memcpy(icmp + 2, &csum, sizeof(csum));
	return fenced(icmp, pkt->payload_len);
}

static void test_solicitation(void)
{
	struct in6_addr all_routers = ip6("ff02::2");
	u8 buf[TEREDO_RS_LEN + 16] = { 0 };
	struct teredo_packet pkt;
	unsigned int bit;

	memset(buf, 0xee, TEREDO_RS_LEN);
	expect(put_solicitation(buf) == TEREDO_RS_LEN);
	expect(!memcmp(buf + 44, "\0\0\0\0", 4));
	expect(parse(&pkt, buf, TEREDO_RS_LEN) == TEREDO_PARSE_OK);
	expect(teredo_addr_equal(&pkt.daddr, &all_routers));
	expect(pkt.hop_limit == 255 && pkt.nexthdr == 58 &&
	       pkt.payload_len == 8);
	expect(buf[40] == 133 && buf[41] == 0);
	expect(teredo_is_solicitation(&pkt, buf + 40));
	for (bit = 0; bit < 64; bit++) {
		buf[40 + bit / 8] ^= 1 << bit % 8;
		expect(!teredo_is_solicitation(&pkt, buf + 40));
		buf[40 + bit / 8] ^= 1 << bit % 8;
	}
	pkt.hop_limit = 254;
	expect(!teredo_is_solicitation(&pkt, buf + 40));

	/* options: one of 8 octets, one of length 0, one past the end */
	buf[5] = 16;
	buf[48] = 1;
	buf[49] = 1;
	expect(teredo_is_solicitation(&pkt, icmp_of(&pkt, buf, 56)));
	buf[49] = 0;
	expect(!teredo_is_solicitation(&pkt, icmp_of(&pkt, buf, 56)));
	buf[49] = 2;
	expect(!teredo_is_solicitation(&pkt, icmp_of(&pkt, buf, 56)));
}

/* With room for another option of 32 octets */
struct advert {
	u8 buf[TEREDO_RA_LEN + 32];
	size_t len;
};

static struct advert new_advert(void)
{
	struct in6_addr saddr = ip6("fe80::8000:f227:34ff:8efe");
	struct in6_addr daddr = ip6("fe80::ffff:ffff:ffff");
	struct in6_addr net = ip6("2001:0:cb00:7101::");
	struct advert a;

	memset(&a, 0xee, sizeof(a));
	a.len = teredo_build_advert(a.buf, &saddr, &daddr, &net, 1400);
	return a;
}

/* Return true if it is accepted with a correct checksum. */
static bool reads(struct advert *a, struct teredo_advert *out)
{
	struct teredo_packet pkt;
	const u8 *icmp;

	a->buf[5] = a->len - TEREDO_IPV6_LEN;
	icmp = icmp_of(&pkt, a->buf, a->len);
	return teredo_parse_advert(out, &pkt, icmp);
}

static void test_advert(void)
{
	struct in6_addr net = ip6("2001:0:cb00:7101::");
	struct advert a = new_advert();
	struct teredo_advert out;
	struct teredo_packet pkt;
	unsigned int bit;

	expect(a.len == TEREDO_RA_LEN);
	expect(parse(&pkt, a.buf, a.len) == TEREDO_PARSE_OK);
	expect(pkt.hop_limit == 255 && a.buf[40] == 134 && !a.buf[41]);
	expect(teredo_parse_advert(&out, &pkt, a.buf + 40));
	expect(teredo_addr_equal(&out.prefix, &net) && out.mtu == 1400);
	/* retransmit timer in ms, nothing else in the fixed part: router
	 * lifetime 0; prefix option: 64 bits, A and not L, forever
	 */
	expect(!memcmp(a.buf + 44, "\0\0\0\0\0\0\0\0\0\0\x07\xd0", 12));
	expect(!memcmp(a.buf + 88, "\5\1\0\0\0\0\x05\x78", 8));
	expect(!a.buf[46] && !a.buf[47]);
	expect(a.buf[56] == 3 && a.buf[58] == 64 && a.buf[59] == 0x40);
	expect(!memcmp(a.buf + 60, "\xff\xff\xff\xff\xff\xff\xff\xff", 8));
	/* The checksum covers each bit. */
	for (bit = 0; bit < (a.len - 40) * 8; bit++) {
		a.buf[40 + bit / 8] ^= 1 << bit % 8;
		expect(!teredo_parse_advert(&out, &pkt, a.buf + 40));
		a.buf[40 + bit / 8] ^= 1 << bit % 8;
	}
}

static void test_bad_adverts(void)
{
	static const struct {
		unsigned int at;
		u8 value;
	} wrong[] = {
		{ 7, 254 },		/* hop limit */
		{ 40, 133 },		/* type */
		{ 41, 1 },		/* code */
		{ 57, 0 },		/* option of length 0 */
		{ 57, 5 },		/* option that reaches into the next */
		{ 57, 255 },		/* option past the end */
		{ 58, 63 },		/* prefix length */
		{ 58, 128 },
		{ 56, 5 },		/* no prefix, an MTU of 32 octets */
		{ 56, 200 },		/* no prefix */
		{ 89, 0 },		/* MTU option of length 0 */
		{ 89, 2 },		/* and past the end */
	};
	struct teredo_advert out;
	struct advert a;
	unsigned int i;

	for (i = 0; i < SIZE(wrong); i++) {
		a = new_advert();
		expect(reads(&a, &out));
		a.buf[wrong[i].at] = wrong[i].value;
		expect(!reads(&a, &out));
	}
	/* Cut anywhere: without its end, it has no prefix or half an option. */
	for (i = 40 + 8; i < TEREDO_RA_LEN; i++) {
		a = new_advert();
		a.len = i;
		expect(reads(&a, &out) == (i == TEREDO_RA_LEN - 8));
	}
}

static void test_prefixes(void)
{
	struct teredo_advert out;
	struct advert a = new_advert();

	/* a second one, the same */
	memcpy(a.buf + a.len, a.buf + 56, 32);
	a.len += 32;
	expect(!reads(&a, &out));
	/* another option in its place is ignored */
	a.buf[a.len - 32] = 200;
	expect(reads(&a, &out));
	/* none at all */
	a = new_advert();
	a.len = 56;
	expect(!reads(&a, &out));
}

static void test_mtu(void)
{
	struct advert a = new_advert();
	struct teredo_advert out;

	a.len -= 8;
	expect(reads(&a, &out) && !out.mtu);
}

static void test_echo(void)
{
	struct in6_addr saddr = ip6("2001:0:cb00:7178:0:efff:3fff:fdfe");
	struct in6_addr daddr = ip6("2001:db8::1");
	struct teredo_packet pkt;
	u8 buf[TEREDO_ECHO_LEN];

	expect(teredo_build_echo(buf, &saddr, &daddr, nonce) == sizeof(buf));
	expect(parse(&pkt, buf, sizeof(buf)) == TEREDO_PARSE_OK);
	expect(teredo_addr_equal(&pkt.saddr, &saddr) &&
	       teredo_addr_equal(&pkt.daddr, &daddr));
	expect(pkt.hop_limit == 128 && teredo_icmp_is_valid(&pkt, buf + 40));
	expect(buf[40] == 128 && !buf[41]);
	expect(!memcmp(buf + 48, nonce, sizeof(nonce)));
}

/* Parse randomly damaged packets: everything read is within the data. */
static void test_noise(void)
{
	static u8 buf[400], copy[400];
	struct teredo_trailers t;
	struct teredo_packet pkt;
	struct teredo_advert out;
	size_t len, i;
	long round;

	for (i = 0; i < sizeof(buf); i++)
		buf[i] = i * 7;
	len = put_word(buf, "AO");
	memcpy(buf + len, new_advert().buf, TEREDO_RA_LEN);
	len += TEREDO_RA_LEN;
	for (round = 0; round < 500000; round++) {
		size_t cut = random() % 4 ? len + random() % 40 :
					    random() % (len + 1);
		const u8 *data;

		memcpy(copy, buf, cut);
		for (i = random() % 4; i; i--)
			copy[random() % (cut ?: 1)] = random();
		data = fenced(copy, cut);
		if (teredo_parse(&pkt, data, cut, cut) != TEREDO_PARSE_OK)
			continue;
		i = pkt.ipv6 + TEREDO_IPV6_LEN;
		expect(i + pkt.payload_len <= cut);
		teredo_is_solicitation(&pkt, data + i);
		teredo_parse_advert(&out, &pkt, data + i);
		i += pkt.payload_len;
		teredo_parse_trailers(&t, data + i, cut - i);
		expect(!t.alternates ||
		       i + t.alternate + 6 * t.alternates <= cut);
	}
}

static const struct test tests[] = {
	{ "addresses: the vectors of RFC 6081 (F-04, F-05, F-06)", test_vectors },
	{ "port and prefix (F-01, F-02)", test_numbers },
	{ "flags: the random ones are those of RFC 5991 (F-07)", test_flags },
	{ "link-local addresses (F-13)", test_link_local },
	{ "IPv4 addresses that are not global, to the edges (F-50)", test_global },
	{ "addresses of peers: global, and a port (F-17)", test_usable },
	{ "scopes of addresses (S-12, SEC-03)", test_scopes },
	{ "all routers, and nobody else (S-11)", test_all_routers },
	{ "origin indication: the vector of RFC 4380 (F-05, F-20)", test_origin },
	{ "authentication: all lengths (F-21)", test_auth },
	{ "authentication: a nonce alone (F-22)", test_auth_alone },
	{ "elements in order, and once (F-23, F-24)", test_order },
	{ "the first two octets, all of them (F-19)", test_first_octets },
	{ "every truncation (F-26, F-27)", test_truncations },
	{ "every length of the payload (F-26)", test_payload_length },
	{ "bubbles (F-28)", test_bubble },
	{ "trailers: all types (F-39, F-40)", test_unknown_trailers },
	{ "trailers: every truncation (F-40)", test_truncated_trailers },
	{ "trailers: all lengths (F-41, F-46)", test_lengths },
	{ "trailers: neighbour discovery (F-44)", test_nd },
	{ "trailers: random port (F-45)", test_random_port },
	{ "trailers: alternate addresses (F-42, F-46, SEC-31)", test_alternates },
	{ "trailers as we write them (F-39, F-41, F-42, F-44, F-45)", test_trailer_writers },
	{ "trailers: only so many (SEC-40)", test_many_trailers },
	{ "checksums (F-32..F-34)", test_checksum },
	{ "solicitations (F-32)", test_solicitation },
	{ "advertisements (F-33)", test_advert },
	{ "advertisements that are not valid (C-15)", test_bad_adverts },
	{ "advertisements: exactly one prefix (C-14)", test_prefixes },
	{ "advertisements: the MTU is an option (C-18)", test_mtu },
	{ "echo requests (F-34)", test_echo },
	{ "noise (F-27, SEC-40)", test_noise },
};

int main(void)
{
	return run_tests(tests, SIZE(tests));
}
