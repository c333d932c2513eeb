// SPDX-License-Identifier: GPL-2.0
/* Unit test of qualify.c with a simulated clock; output in KTAP. */
#include <errno.h>

#include "codec/build.h"
#include "client/qualify.h"
#include "test/test.h"

#define PRIMARY		0xcb007101U	/* 203.0.113.1 */
#define SECONDARY	0xcb007102U
#define OTHER		0xc6336401U	/* 198.51.100.1 */
#define MAPPED		0xc0000207U	/* 192.0.2.7 */
#define REFRESH		30000

static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };

/* The client under test, and its clock */
static struct qualify q;
static uint64_t now;

/* The last solicitation to each target, and their number */
static struct qualify_event sent[2];
static unsigned int sent_count[2];
/* Other events: their number, and the last one of each type */
static unsigned int events[QUALIFY_RESOLVE + 1];
static struct qualify_event last[QUALIFY_RESOLVE + 1];

/* The server forwards nothing. */
static bool deaf;

static unsigned int target_of(const struct endpoint *to)
{
	/* A preferred server is asked at one address only. */
	return to->addr == q.server.secondary;
}

/* Handle everything that is due now. */
static void settle(void)
{
	struct qualify_event ev;

	while (qualify_poll(&q, now, &ev)) {
		events[ev.type]++;
		last[ev.type] = ev;
		if (ev.type == QUALIFY_SEND) {
			sent[target_of(&ev.to)] = ev;
			sent_count[target_of(&ev.to)]++;
		} else if (ev.type == QUALIFY_ECHO && !deaf) {
			qualify_echoed(&q);
		}
	}
}

static void forget(void)
{
	memset(sent_count, 0, sizeof(sent_count));
	memset(events, 0, sizeof(events));
}

/* Let time pass, from deadline to deadline. */
static void run_until(uint64_t end)
{
	settle();
	while (qualify_deadline(&q) <= end) {
		if (qualify_deadline(&q) > now)
			now = qualify_deadline(&q);
		settle();
	}
	now = end;
	settle();
}

/* The client's key, if it signs */
static const struct key key1 = { TEREDO_ALGORITHM_HMAC_SHA1, 6, "secret" };
static const struct key key2 = { TEREDO_ALGORITHM_HMAC_SHA1, 6, "Secret" };
static const struct key key256 = { TEREDO_ALGORITHM_HMAC_SHA256, 6, "secret" };
static const struct key *client_key;
#define ID	"client-1"

/* The contents of a server's answer */
struct answer {
	uint32_t from;
	uint16_t from_port;
	uint32_t prefix;
	uint32_t mapped;
	uint16_t port;
	uint32_t mtu;
	bool no_auth, no_origin, bad_checksum, other_daddr, global_saddr;
	uint8_t confirmation;
	const uint8_t *nonce;
	const struct key *key;
	unsigned int flip;	/* a bit to invert, counted from 1 */
};

static struct answer good_answer(unsigned int target)
{
	return (struct answer) {
		.from = ntohl(sent[target].to.addr),
		.from_port = TEREDO_PORT,
		.prefix = ntohl(q.server.primary),
		.mapped = MAPPED,
		.port = 40000,
		.mtu = 1280,
		.nonce = sent[target].payload + sent[target].len -
			 TEREDO_RS_LEN - TEREDO_NONCE_LEN - 1,
		.key = client_key,
	};
}

static enum qualify_verdict give(const struct answer *a)
{
	struct in6_addr saddr, daddr, net = prefix;
	struct teredo_addr id = {
		.flags = TEREDO_FLAG_CONE,
		.port = htons(TEREDO_PORT),
		.client = htonl(a->from),
	};
	struct endpoint from = { htonl(a->from), htons(a->from_port) };
	uint8_t buf[512], *p = buf, *value;
	size_t au_len = a->key ? key_au_len(a->key) : 0;

	memcpy(&daddr, sent[0].payload + sent[0].len - TEREDO_RS_LEN + 8,
	       sizeof(daddr));
	if (a->other_daddr)
		daddr.s6_addr[15] ^= 1;
	teredo_addr_link_local(&saddr, &id);
	if (a->global_saddr)
		saddr.s6_addr[0] = 0x20;
	net.s6_addr32[1] = htonl(a->prefix);

	if (!a->no_auth)
		p += teredo_build_auth_signed(p, (const u8 *)ID,
					      a->key ? strlen(ID) : 0, au_len,
					      a->nonce, a->confirmation);
	if (!a->no_origin)
		p += teredo_build_origin(p, htonl(a->mapped), htons(a->port));
	p += teredo_build_advert(p, &saddr, &daddr, &net, a->mtu);
	if (a->bad_checksum)
		p[-1] ^= 1;
	value = buf + 4 + strlen(ID);
	if (a->key)
		key_sign(a->key, value + au_len, p - (value + au_len), value);
	if (a->flip)
		buf[(a->flip - 1) / 8] ^= 1 << (a->flip - 1) % 8;
	return qualify_receive(&q, now, &from, buf, p - buf);
}

static enum qualify_verdict answer(unsigned int target)
{
	struct answer a = good_answer(target);

	return give(&a);
}

/* Start a client with the server at PRIMARY. */
static void begin(void)
{
	struct qualify_server list[] = {
		{ htonl(PRIMARY), htonl(SECONDARY), 0 },
		{ htonl(OTHER), htonl(OTHER + 1), 1 },
	};

	now = 1000000;
	forget();
	qualify_init(&q, &prefix, REFRESH, pseudo_random);
	qualify_set_servers(&q, list, 2);
	if (client_key)
		qualify_set_key(&q, ID, client_key);
	qualify_start(&q, now);
	settle();
}

static void begin_qualified(void)
{
	begin();
	now += 20;
	answer(0);
	answer(1);
	settle();
	expect(q.phase == QUALIFY_QUALIFIED);
	forget();
}

static void test_one_round_trip(void)
{
	struct teredo_packet pkt;
	struct in6_addr source;
	const uint8_t *p;

	begin();
	expect(sent_count[0] == 1 && sent_count[1] == 1);
	expect(sent[0].to.port == htons(TEREDO_PORT));
	p = sent[0].payload;
	expect(teredo_parse(&pkt, p, sent[0].len, sent[0].len) ==
	       TEREDO_PARSE_OK);
	expect(pkt.has_auth && !pkt.has_origin && !pkt.id_len && !pkt.au_len);
	expect(!p[pkt.nonce + TEREDO_NONCE_LEN]);
	expect(teredo_is_solicitation(&pkt, p + pkt.ipv6 + TEREDO_IPV6_LEN));
	/* no cone bit, no inner address */
	expect(inet_pton(AF_INET6, "fe80::ffff:ffff:ffff", &source) == 1);
	expect(teredo_addr_equal(&pkt.saddr, &source));

	now += 80;
	expect(answer(0) == QUALIFY_ACCEPTED);
	settle();
	expect(!events[QUALIFY_UP]);
	expect(answer(1) == QUALIFY_ACCEPTED);
	settle();
	expect(events[QUALIFY_UP] == 1 && last[QUALIFY_UP].changed);
	expect(q.nat == TEREDO_NAT_RESTRICTED);
	expect(q.mapped.addr == htonl(MAPPED) && q.mapped.port == htons(40000));
	expect(q.mtu == 1280 && q.target[0].rtt == 80);
	expect(sent_count[0] == 1 && sent_count[1] == 1);
}

static void test_nonces_differ(void)
{
	uint8_t first[TEREDO_NONCE_LEN];

	begin();
	expect(memcmp(sent[0].payload + 4, sent[1].payload + 4,
		      TEREDO_NONCE_LEN));
	memcpy(first, sent[0].payload + 4, sizeof(first));
	run_until(now + 1000);
	expect(sent_count[0] == 2);
	expect(memcmp(first, sent[0].payload + 4, sizeof(first)));
}

static void test_no_nat(void)
{
	begin();
	q.local.addr = htonl(MAPPED);
	q.local.port = htons(40000);
	answer(0);
	answer(1);
	settle();
	expect(q.nat == TEREDO_NAT_NONE);
	/* The same address, but another port: there is a NAT. */
	begin();
	q.local.addr = htonl(MAPPED);
	q.local.port = htons(40001);
	answer(0);
	answer(1);
	settle();
	expect(q.nat == TEREDO_NAT_RESTRICTED);
}

static void test_symmetric(void)
{
	struct answer a;

	begin();
	answer(0);
	a = good_answer(1);
	a.port++;
	give(&a);
	settle();
	expect(events[QUALIFY_FAILED] == 1 && !events[QUALIFY_UP]);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_SYMMETRIC);
	expect(q.nat == TEREDO_NAT_SYMMETRIC && q.phase == QUALIFY_OFFLINE);
	/* No other server is asked. */
	expect(events[QUALIFY_PAUSE] == 1);
	expect(last[QUALIFY_PAUSE].pause >= QUALIFY_PAUSE_MAX_MS);
	expect(q.target[0].mapped.port == htons(40000) &&
	       q.target[1].mapped.port == htons(40001));
}

static void test_lost_datagram(void)
{
	uint64_t start;

	begin();
	start = now;
	answer(1);
	while (sent_count[0] < 2)
		run_until(qualify_deadline(&q));
	expect(now - start >= 500 && now - start <= 625);
	/* A target that has answered is not asked again. */
	expect(sent_count[1] == 1);
	answer(0);
	settle();
	expect(events[QUALIFY_UP] == 1);
}

static void test_late_answer(void)
{
	struct answer a;
	uint8_t nonce[TEREDO_NONCE_LEN];

	begin();
	a = good_answer(0);
	memcpy(nonce, a.nonce, sizeof(nonce));
	a.nonce = nonce;
	run_until(now + 700);
	expect(sent_count[0] == 2);
	/* An answer to the first try is still valid, and gives the right round-trip time. */
	expect(give(&a) == QUALIFY_ACCEPTED);
	expect(q.target[0].rtt == 700);
	/* Later answers, to whichever try, change nothing. */
	a = good_answer(0);
	a.port++;
	now += 10;
	expect(give(&a) == QUALIFY_ACCEPTED);
	expect(q.target[0].rtt == 700 && q.target[0].answered_at == now - 10);
	expect(q.target[0].mapped.port == htons(40000));
}

static void test_no_reply(void)
{
	uint64_t start, at[QUALIFY_TRIES];
	unsigned int i;

	begin();
	start = now;
	at[0] = now;
	for (i = 1; i < QUALIFY_TRIES; i++) {
		while (sent_count[0] == i)
			run_until(qualify_deadline(&q));
		at[i] = now;
	}
	for (i = 2; i < QUALIFY_TRIES; i++)
		expect(at[i] - at[i - 1] > at[i - 1] - at[i - 2]);
	run_until(start + QUALIFY_ROUND_MS - 1);
	expect(sent_count[0] == QUALIFY_TRIES && !events[QUALIFY_FAILED]);
	run_until(start + QUALIFY_ROUND_MS);
	expect(events[QUALIFY_FAILED] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_NO_REPLY);
	/* The next server is asked at once. */
	expect(q.server.primary == htonl(OTHER) && !events[QUALIFY_PAUSE]);
	run_until(start + 2 * QUALIFY_ROUND_MS);
	expect(events[QUALIFY_FAILED] == 2 && events[QUALIFY_PAUSE] == 1);
	expect(q.phase == QUALIFY_OFFLINE && q.nat == TEREDO_NAT_UNKNOWN);
}

/* An ICMP error is not an answer. It is reported once in a round. */
static void test_rejected(void)
{
	const struct rejection filtered = { .from = htonl(OTHER), .type = 3,
					    .code = 13 };
	struct endpoint to = { .port = htons(TEREDO_PORT) };
	uint64_t start;

	begin();
	start = now;
	to.addr = q.server.secondary + htonl(100);
	expect(!qualify_rejected(&q, &to, &filtered));
	to.addr = q.server.primary;
	to.port = htons(TEREDO_PORT + 1);
	expect(!qualify_rejected(&q, &to, &filtered));
	to.port = htons(TEREDO_PORT);
	expect(qualify_rejected(&q, &to, &filtered) == &q.target[0]);
	expect(!qualify_rejected(&q, &to, &filtered));
	expect(q.target[0].rejected.code == 13 && !q.target[1].rejected.from);
	/* There are as many tries as without it, for as long. */
	run_until(start + QUALIFY_ROUND_MS - 1);
	expect(sent_count[0] == QUALIFY_TRIES && !events[QUALIFY_FAILED]);
	run_until(start + QUALIFY_ROUND_MS);
	expect(events[QUALIFY_FAILED] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_NO_REPLY);
	/* The next round starts without a rejection. */
	expect(!q.target[0].rejected.from);

	/* A target that has answered is not rejected: the error is about another try. */
	begin();
	answer(0);
	to.addr = q.server.primary;
	expect(!qualify_rejected(&q, &to, &filtered));
	expect(!q.target[0].rejected.from);
}

static void test_pauses_grow(void)
{
	uint32_t pause = 0;
	unsigned int i;

	begin();
	for (i = 1; i <= 8; i++) {
		while (events[QUALIFY_PAUSE] < i)
			run_until(qualify_deadline(&q));
		expect(last[QUALIFY_PAUSE].pause > pause ||
		       pause >= QUALIFY_PAUSE_MAX_MS);
		expect(last[QUALIFY_PAUSE].pause <=
		       QUALIFY_PAUSE_MAX_MS * 5 / 4);
		pause = last[QUALIFY_PAUSE].pause;
		run_until(now + pause);
		expect(events[QUALIFY_RESOLVE] == i);
		expect(qualify_deadline(&q) == QUALIFY_NEVER);
		qualify_start(&q, now);
	}
}

static void test_silent_secondary(void)
{
	uint64_t start;

	begin();
	start = now;
	now += 30;
	answer(0);
	while (!events[QUALIFY_UP])
		run_until(qualify_deadline(&q));
	expect(now - start >= QUALIFY_GRACE_MS && now - start < 2500);
	expect(q.nat == TEREDO_NAT_UNKNOWN && sent_count[1] >= 2);
}

static void test_silent_primary(void)
{
	begin();
	answer(1);
	run_until(now + QUALIFY_ROUND_MS);
	expect(events[QUALIFY_FAILED] == 1 && !events[QUALIFY_UP]);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_PRIMARY_SILENT);
}

/* Give each wrong answer to a waiting client, which must still accept a good one later. */
static void refuse(const struct answer *a, enum qualify_verdict why)
{
	enum qualify_verdict verdict = give(a);

	if (verdict != why)
		printf("# verdict %s\n", qualify_verdict_text(verdict));
	expect(verdict == why);
	settle();
	expect(!events[QUALIFY_UP] && !q.target[0].answered);
}

static void test_refused(void)
{
	static const uint8_t other_nonce[TEREDO_NONCE_LEN];
	struct answer a;

	begin();
	a = good_answer(0);
	a.from = OTHER;
	refuse(&a, QUALIFY_NOT_FROM_SERVER);
	a = good_answer(0);
	a.from_port = TEREDO_PORT + 1;
	refuse(&a, QUALIFY_NOT_FROM_SERVER);
	a = good_answer(0);
	a.nonce = other_nonce;
	refuse(&a, QUALIFY_WRONG_NONCE);
	/* The nonce of the other target is wrong here (C-26). */
	a = good_answer(0);
	a.nonce = sent[1].payload + 4;
	refuse(&a, QUALIFY_WRONG_NONCE);
	a = good_answer(0);
	a.no_auth = true;
	refuse(&a, QUALIFY_WRONG_NONCE);
	a = good_answer(0);
	a.confirmation = 1;
	refuse(&a, QUALIFY_KEY_REFUSED);
	a = good_answer(0);
	a.no_origin = true;
	refuse(&a, QUALIFY_NO_ORIGIN);
	a = good_answer(0);
	a.port = 0;
	refuse(&a, QUALIFY_NO_ORIGIN);
	a = good_answer(0);
	a.other_daddr = true;
	refuse(&a, QUALIFY_NOT_FOR_US);
	a = good_answer(0);
	a.global_saddr = true;
	refuse(&a, QUALIFY_NOT_FOR_US);
	a = good_answer(0);
	a.bad_checksum = true;
	refuse(&a, QUALIFY_NO_ADVERT);
	a = good_answer(0);
	a.prefix = OTHER;
	refuse(&a, QUALIFY_WRONG_PREFIX);

	expect(q.refused == 10 && q.refused_why == QUALIFY_WRONG_PREFIX);
	/* D-17: either address of the server is valid. */
	a = good_answer(1);
	a.prefix = SECONDARY;
	expect(give(&a) == QUALIFY_ACCEPTED);
	expect(answer(0) == QUALIFY_ACCEPTED);
	settle();
	expect(events[QUALIFY_UP] == 1);
	/* There is no solicitation outstanding any more. */
	expect(answer(0) == QUALIFY_NOT_FROM_SERVER);
}

static void test_private(void)
{
	struct answer a;

	begin();
	a = good_answer(0);
	a.mapped = 0x0a000001;
	expect(give(&a) == QUALIFY_NOT_GLOBAL);
	settle();
	expect(events[QUALIFY_FAILED] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_PRIVATE);
	expect(q.refused_origin.addr == htonl(0x0a000001));
}

static void test_bad_server(void)
{
	struct qualify_server server = { htonl(0x0a000001),
					 htonl(0x0a000002), 0 };

	begin();
	forget();
	qualify_set_servers(&q, &server, 1);
	qualify_start(&q, now);
	settle();
	expect(last[QUALIFY_FAILED].failure == QUALIFY_BAD_SERVER);
	expect(!sent_count[0] && q.phase == QUALIFY_OFFLINE);
	forget();
	qualify_set_servers(&q, NULL, 0);
	qualify_start(&q, now);
	settle();
	expect(!events[QUALIFY_FAILED] && events[QUALIFY_PAUSE] == 1);
}

static void test_unreachable(void)
{
	struct qualify_event ev;

	begin();
	qualify_stop(&q);
	qualify_start(&q, now);
	expect(qualify_poll(&q, now, &ev) && ev.type == QUALIFY_SEND);
	qualify_send_failed(&q, ENOBUFS);
	expect(q.phase == QUALIFY_STARTING);
	expect(qualify_poll(&q, now, &ev) && ev.type == QUALIFY_SEND);
	qualify_send_failed(&q, ENETUNREACH);
	expect(qualify_poll(&q, now, &ev) && ev.type == QUALIFY_FAILED);
	expect(ev.failure == QUALIFY_UNREACHABLE && q.error == ENETUNREACH);
	/* A qualified client ignores it. */
	begin_qualified();
	run_until(now + REFRESH);
	expect(q.phase == QUALIFY_CHECKING);
	qualify_send_failed(&q, ENETUNREACH);
	settle();
	expect(!events[QUALIFY_DOWN]);
	answer(0);
	settle();
	expect(events[QUALIFY_UP] == 1);
}

static void test_maintenance(void)
{
	uint64_t since, shortest = REFRESH, longest = 0;
	struct answer a;
	unsigned int i;

	begin_qualified();
	for (i = 0; i < 20; i++) {
		since = now;
		forget();
		while (!sent_count[0])
			run_until(qualify_deadline(&q));
		/* C-08; and only the primary address (5.2.5) */
		expect(now - since >= REFRESH * 3 / 4 &&
		       now - since <= REFRESH);
		expect(!sent_count[1]);
		if (now - since < shortest)
			shortest = now - since;
		if (now - since > longest)
			longest = now - since;
		now += 10;
		a = good_answer(0);
		a.prefix = OTHER;
		a.port = 50000;
		expect(give(&a) == QUALIFY_WRONG_PREFIX);
		settle();
		expect(!events[QUALIFY_UP]);
		answer(0);
		settle();
		expect(events[QUALIFY_UP] == 1 && !last[QUALIFY_UP].changed);
		expect(q.nat == TEREDO_NAT_RESTRICTED);
	}
	/* A new random time for each period, from the whole range */
	expect(longest - shortest > REFRESH / 8);
}

/* A learned interval is only for mappings that have been used twice. */
static void test_long_interval(void)
{
	uint64_t since;

	begin_qualified();
	q.refresh = 100000;
	qualify_recheck(&q, now);
	settle();
	answer(0);
	answer(1);
	settle();
	since = now;
	forget();
	while (!sent_count[0])
		run_until(qualify_deadline(&q));
	expect(now - since >= 75000);

	begin();
	q.refresh = 100000;
	answer(0);
	answer(1);
	settle();
	since = now;
	forget();
	while (!sent_count[0])
		run_until(qualify_deadline(&q));
	expect(now - since <= 30000);
	answer(0);
	settle();
	since = now;
	forget();
	while (!sent_count[0])
		run_until(qualify_deadline(&q));
	expect(now - since >= 75000);
}

static void test_heard(void)
{
	uint64_t end;

	begin_qualified();
	/* Packets pass in both directions every ten seconds: no need to ask. */
	for (end = now + 300000; now < end;) {
		qualify_heard(&q, now, 0);
		qualify_sent(&q, now, 0);
		run_until(now + 10000);
	}
	expect(!sent_count[0] && !events[QUALIFY_DOWN]);
	qualify_heard(&q, now, 2000);
	run_until(now + REFRESH);
	expect(sent_count[0] >= 1);
}

/* Receiving from the server does not keep the NAT open, and sending to it does not show that it
 * is alive.
 */
static void test_one_way(bool heard)
{
	uint64_t end, asked;

	begin_qualified();
	asked = now;
	for (end = now + 300000; now < end;) {
		if (heard)
			qualify_heard(&q, now, 0);
		else
			qualify_sent(&q, now, 0);
		run_until(now + 1000);
		if (sent_count[0]) {
			asked = now;
			answer(0);
			forget();
		}
		expect(now - asked <= REFRESH + 1000);
	}
}

static void test_only_heard(void)
{
	test_one_way(true);
}

static void test_only_sent(void)
{
	test_one_way(false);
}

static void test_mapping_changes(void)
{
	struct answer a;

	begin_qualified();
	run_until(now + REFRESH);
	a = good_answer(0);
	a.port = 50000;
	give(&a);
	settle();
	expect(events[QUALIFY_UP] == 1 && last[QUALIFY_UP].changed);
	expect(q.mapped.port == htons(50000) && !events[QUALIFY_DOWN]);
	/* Perhaps another NAT: both addresses are asked. */
	expect(q.phase == QUALIFY_CHECKING && sent_count[1] == 1);
	a = good_answer(0);
	a.port = 50000;
	give(&a);
	a = good_answer(1);
	a.port = 50001;
	give(&a);
	settle();
	expect(events[QUALIFY_DOWN] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_SYMMETRIC);
}

/* The NAT has a new mapping for one address and keeps the old one for the other. */
static void test_mapping_lingers(void)
{
	struct answer a;

	begin_qualified();
	run_until(now + REFRESH);
	a = good_answer(0);
	a.port = 50000;
	give(&a);
	settle();
	expect(last[QUALIFY_UP].changed && sent_count[1] == 1);
	a = good_answer(0);
	a.port = 50000;
	give(&a);
	expect(answer(1) == QUALIFY_ACCEPTED);
	settle();
	expect(events[QUALIFY_UP] == 2 && !last[QUALIFY_UP].changed);
	expect(!events[QUALIFY_DOWN] && q.nat == TEREDO_NAT_UNKNOWN);
	expect(q.mapped.port == htons(50000));
}

static void test_loss(void)
{
	begin_qualified();
	run_until(now + REFRESH + QUALIFY_ROUND_MS);
	expect(sent_count[0] == QUALIFY_TRIES);
	expect(events[QUALIFY_DOWN] == 1 && events[QUALIFY_FAILED] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_NO_REPLY);
	/* Resolve the names again, then try the next server in the list. */
	expect(events[QUALIFY_RESOLVE] == 1 && !events[QUALIFY_PAUSE]);
	qualify_start(&q, now);
	settle();
	expect(q.server.primary == htonl(OTHER));
	answer(0);
	answer(1);
	settle();
	expect(events[QUALIFY_UP] == 1 && last[QUALIFY_UP].changed);
}

/* Qualify with the second server of the list, after the first one was lost. */
static void begin_second(void)
{
	begin_qualified();
	run_until(now + REFRESH + QUALIFY_ROUND_MS);
	expect(events[QUALIFY_RESOLVE] == 1);
	qualify_start(&q, now);
	settle();
	answer(0);
	answer(1);
	settle();
	expect(q.phase == QUALIFY_QUALIFIED &&
	       q.server.primary == htonl(OTHER));
	forget();
}

/* Let so many refresh intervals pass. The server in use is heard. If @answers, the preferred
 * one answers with another mapping, which no NAT should cause. Returns early if the client
 * leaves the qualified phase.
 */
static unsigned int live(unsigned int intervals, bool answers)
{
	unsigned int i, asked = 0;

	for (i = 0; i < intervals && q.phase == QUALIFY_QUALIFIED; i++) {
		struct answer a;

		uint64_t end = q.candidates_at;

		memset(&sent[0], 0, sizeof(sent[0]));
		while (now < end) {
			qualify_heard(&q, now, 0);
			qualify_sent(&q, now, 0);
			run_until(end - now > 5000 ? now + 5000 : end);
		}
		if (sent[0].to.addr != htonl(PRIMARY) ||
		    q.phase != QUALIFY_QUALIFIED)
			continue;
		asked++;
		if (!answers)
			continue;
		a = good_answer(0);
		a.prefix = PRIMARY;
		a.port = 41000;
		expect(give(&a) == QUALIFY_ACCEPTED);
	}
	return asked;
}

static void test_back(void)
{
	begin_second();
	expect(live(QUALIFY_BACK_ANSWERS, true) == QUALIFY_BACK_ANSWERS);
	/* The mapping in its answers is ignored (C-65). */
	expect(q.mapped.port == htons(40000) && !events[QUALIFY_UP]);
	live(1, true);
	expect(q.phase == QUALIFY_STARTING && !events[QUALIFY_DOWN]);
	expect(q.server.primary == htonl(PRIMARY));
	answer(0);
	answer(1);
	settle();
	expect(events[QUALIFY_UP] == 1 && last[QUALIFY_UP].changed);
	expect(q.phase == QUALIFY_QUALIFIED);
	/* There is no better server. */
	forget();
	expect(!live(3, true) || q.server.primary == htonl(PRIMARY));
	expect(!events[QUALIFY_UP] && !events[QUALIFY_DOWN]);
}

static void test_back_hysteresis(void)
{
	/* A server that does not always answer is not better. */
	begin_second();
	live(QUALIFY_BACK_ANSWERS - 1, true);
	live(1, false);
	live(QUALIFY_BACK_ANSWERS, true);
	expect(q.server.primary == htonl(OTHER));

	/* One that never answers costs two datagrams per interval. */
	begin_second();
	expect(live(50, false) == 50);
	expect(q.server.primary == htonl(OTHER) && !events[QUALIFY_DOWN]);
	expect(sent_count[0] == 2 * 50 || sent_count[0] == 2 * 50 - 1);

	/* While the link is in use, the client waits for an hour. */
	begin_second();
	q.busy = true;
	live(QUALIFY_BACK_PATIENCE, true);
	expect(q.server.primary == htonl(OTHER));
	live(1, true);
	expect(q.server.primary == htonl(PRIMARY));
	q.busy = false;
}

/* The preferred server answers until the client switches to it. */
static void test_back_in_vain(void)
{
	begin_second();
	live(QUALIFY_BACK_ANSWERS + 1, true);
	expect(q.server.primary == htonl(PRIMARY));
	forget();
	run_until(now + QUALIFY_ROUND_MS);
	expect(q.server.primary == htonl(OTHER));
	expect(!events[QUALIFY_DOWN] && !events[QUALIFY_FAILED]);
	/* The old one is checked at once. */
	expect(q.phase == QUALIFY_CHECKING);
	answer(0);
	settle();
	expect(q.phase == QUALIFY_QUALIFIED && !events[QUALIFY_DOWN]);
	expect(events[QUALIFY_UP] == 1 && !last[QUALIFY_UP].changed);
}

/* Names have other addresses now. */
static void test_other_list(void)
{
	struct qualify_server list[] = {
		{ htonl(OTHER + 8), htonl(OTHER + 9), 0 },
		{ htonl(PRIMARY), htonl(SECONDARY), 1 },
		{ htonl(OTHER), htonl(OTHER + 1), 2 },
	};

	/* The next one after the lost server, at its present position */
	begin_qualified();
	run_until(now + REFRESH + QUALIFY_ROUND_MS);
	qualify_set_servers(&q, list, 3);
	qualify_start(&q, now);
	settle();
	expect(q.server.primary == htonl(OTHER));
	/* The lost server is no longer in the list: start from the beginning. */
	begin_qualified();
	run_until(now + REFRESH + QUALIFY_ROUND_MS);
	qualify_set_servers(&q, list, 1);
	qualify_start(&q, now);
	settle();
	expect(q.server.primary == htonl(OTHER + 8));
	/* A server in use that is not in the list is kept. */
	begin_qualified();
	qualify_set_servers(&q, list, 1);
	expect(!live(20, true) && q.server.primary == htonl(PRIMARY));
}

/* A server that answers, but forwards nothing (SEC-10) */
static void test_deaf(void)
{
	deaf = true;
	begin_qualified();
	run_until(now + QUALIFY_ECHO_TRIES * QUALIFY_ECHO_MS);
	expect(events[QUALIFY_ECHO] == QUALIFY_ECHO_TRIES - 1);
	expect(events[QUALIFY_DOWN] == 1 && events[QUALIFY_FAILED] == 1);
	expect(last[QUALIFY_FAILED].failure == QUALIFY_DEAF);
	expect(events[QUALIFY_RESOLVE] == 1);
	qualify_start(&q, now);
	settle();
	expect(q.server.primary == htonl(OTHER));
	answer(0);
	answer(1);
	deaf = false;
	settle();
	expect(q.phase == QUALIFY_QUALIFIED && !q.fresh);
	/* The client does not return to it, however long it answers. */
	expect(!live(2 * QUALIFY_BACK_ANSWERS, true));
	expect(q.server.primary == htonl(OTHER));

	/* If it is the only one, it is kept. */
	deaf = true;
	begin_qualified();
	q.servers_count = 1;
	run_until(now + QUALIFY_ECHO_TRIES * QUALIFY_ECHO_MS);
	expect(q.phase == QUALIFY_QUALIFIED && !events[QUALIFY_DOWN]);
	expect(events[QUALIFY_UNHEARD] == 1);
	deaf = false;
}

static void adopt(uint16_t port)
{
	struct qualify_server server = { htonl(PRIMARY), htonl(SECONDARY), 0 };
	struct endpoint mapped = { htonl(MAPPED), htons(port) };

	begin();
	qualify_stop(&q);
	forget();
	qualify_adopt(&q, now, &server, &mapped, TEREDO_NAT_RESTRICTED);
	settle();
	expect(sent_count[0] == 1 && sent_count[1] == 1);
	expect(!events[QUALIFY_DOWN]);
	answer(0);
	answer(1);
	settle();
	expect(events[QUALIFY_UP] == 1 && !events[QUALIFY_DOWN]);
}

static void test_adopt(void)
{
	adopt(40000);
	expect(!last[QUALIFY_UP].changed);
	adopt(40001);
	expect(last[QUALIFY_UP].changed);
}

static void test_recheck(void)
{
	begin_qualified();
	qualify_recheck(&q, now);
	settle();
	expect(sent_count[0] == 1 && sent_count[1] == 1);
	answer(0);
	answer(1);
	settle();
	expect(events[QUALIFY_UP] == 1 && !last[QUALIFY_UP].changed);
	expect(!events[QUALIFY_DOWN]);

	/* When offline, this ends the pause. */
	begin();
	run_until(now + 2 * QUALIFY_ROUND_MS);
	expect(q.phase == QUALIFY_OFFLINE);
	forget();
	qualify_recheck(&q, now);
	settle();
	expect(events[QUALIFY_RESOLVE] == 1);
}

static void test_mtu(void)
{
	static const struct {
		uint32_t advertised, used;
	} list[] = {
		{ 1280, 1280 }, { 1400, 1400 }, { 65535, 65535 },
		{ 1279, 1280 }, { 0, 0 }, { 65536, 1280 }, { 1U << 31, 1280 },
	};
	struct answer a;
	unsigned int i;

	for (i = 0; i < sizeof(list) / sizeof(list[0]); i++) {
		begin();
		a = good_answer(0);
		a.mtu = list[i].advertised;
		expect(give(&a) == QUALIFY_ACCEPTED);
		answer(1);
		settle();
		expect(q.mtu == list[i].used);
	}
}

/* Noise does not break anything, and is never accepted. */
static void test_noise(void)
{
	struct endpoint from = { htonl(PRIMARY), htons(TEREDO_PORT) };
	unsigned int i;

	begin();
	for (i = 0; i < 200000; i++) {
		uint8_t buf[160], len, flip;

		pseudo_random(&len, 1);
		pseudo_random(&flip, 1);
		len %= sizeof(buf);
		pseudo_random(buf, len);
		/* Half of it begins like a Teredo datagram. */
		if (i & 1 && len > 60) {
			teredo_build_auth(buf, sent[0].payload + 4, 0);
			buf[2] = flip & 3;
			teredo_build_origin(buf + 13, htonl(MAPPED), 1);
			buf[21] = 0x60;
			buf[25] = 0;
			buf[26] = len - 61;
		}
		expect(qualify_receive(&q, now, &from, buf, len) !=
		       QUALIFY_ACCEPTED);
	}
	expect(answer(0) == QUALIFY_ACCEPTED);
}

/* -- secure qualification -- */

/* Vectors of RFC 2202 and RFC 4231 */
static void test_vectors(void)
{
	static const uint8_t sha1[] = {
		0xef, 0xfc, 0xdf, 0x6a, 0xe5, 0xeb, 0x2f, 0xa2, 0xd2, 0x74,
		0x16, 0xd5, 0xf1, 0x84, 0xdf, 0x9c, 0x25, 0x9a, 0x7c, 0x79,
	}, sha256[] = {
		0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04,
		0x24, 0x26, 0x08, 0x95, 0x75, 0xc7, 0x5a, 0x00, 0x3f, 0x08,
		0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec,
		0x38, 0x43,
	};
	const uint8_t *text = (const uint8_t *)"what do ya want for nothing?";
	struct key key = { TEREDO_ALGORITHM_HMAC_SHA1, 4, "Jefe" };
	uint8_t value[TEREDO_AU_MAX];

	key_sign(&key, text, 28, value);
	expect(key_au_len(&key) == 20 && !memcmp(value, sha1, 20));
	expect(key_verify(&key, text, 28, sha1));
	expect(!key_verify(&key, text, 27, sha1));
	key.algorithm = TEREDO_ALGORITHM_HMAC_SHA256;
	key_sign(&key, text, 28, value);
	expect(key_au_len(&key) == 32 && !memcmp(value, sha256, 32));
}

static void begin_signed(const struct key *key)
{
	client_key = key;
	begin();
	expect(sent[0].len == TEREDO_AUTH_MIN + strlen(ID) + key_au_len(key) +
	       TEREDO_RS_LEN);
}

static void test_signed(void)
{
	static const struct key *const keys[] = { &key1, &key256 };
	struct teredo_packet pkt;
	const uint8_t *p = sent[0].payload;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		begin_signed(keys[i]);
		expect(teredo_parse(&pkt, p, sent[0].len, sent[0].len) ==
		       TEREDO_PARSE_OK);
		expect(pkt.id_len == strlen(ID) &&
		       !memcmp(p + 4, ID, strlen(ID)));
		expect(pkt.au_len == key_au_len(keys[i]));
		expect(!p[pkt.nonce + TEREDO_NONCE_LEN]);
		expect(key_verify(keys[i], p + pkt.nonce,
				  sent[0].len - pkt.nonce,
				  p + 4 + pkt.id_len));
		expect(answer(0) == QUALIFY_ACCEPTED);
		expect(answer(1) == QUALIFY_ACCEPTED);
		settle();
		expect(q.phase == QUALIFY_QUALIFIED && !q.renew);
	}
	client_key = NULL;
}

static void test_signed_refused(void)
{
	struct answer a;
	unsigned int bit;

	begin_signed(&key1);
	a = good_answer(0);
	a.key = NULL;
	expect(give(&a) == QUALIFY_NOT_SIGNED);
	a.confirmation = TEREDO_SECRET_STATE_REVOKED;
	expect(give(&a) == QUALIFY_NOT_SIGNED);
	a.no_auth = true;
	expect(give(&a) == QUALIFY_WRONG_NONCE);
	a = good_answer(0);
	a.key = &key2;
	expect(give(&a) == QUALIFY_WRONG_VALUE);
	a.key = &key256;
	expect(give(&a) == QUALIFY_NOT_SIGNED);
	/* The value does not cover the identifier: another one is accepted, too. */
	a = good_answer(0);
	for (bit = 0; bit < 8 * (TEREDO_AUTH_MIN + strlen(ID) + 20 +
				 TEREDO_ORIGIN_LEN + TEREDO_RA_LEN); bit++) {
		if (bit >= 32 && bit < 32 + 8 * strlen(ID))
			continue;
		a.flip = bit + 1;
		expect(give(&a) != QUALIFY_ACCEPTED);
	}
	settle();
	expect(q.phase == QUALIFY_STARTING && !q.target[0].answered);
	expect(answer(0) == QUALIFY_ACCEPTED);
	client_key = NULL;
}

/* The confirmation byte counts only in an authenticated answer (D-33). */
static void test_confirmation(void)
{
	struct answer a;

	begin_signed(&key1);
	a = good_answer(0);
	a.confirmation = TEREDO_SECRET_STATE_RENEW;
	expect(give(&a) == QUALIFY_ACCEPTED);
	expect(answer(1) == QUALIFY_ACCEPTED);
	settle();
	expect(q.phase == QUALIFY_QUALIFIED && !q.renew);

	begin_signed(&key1);
	a = good_answer(0);
	a.confirmation = TEREDO_SECRET_STATE_RENEW;
	expect(give(&a) == QUALIFY_ACCEPTED);
	a = good_answer(1);
	a.confirmation = TEREDO_SECRET_STATE_RENEW;
	expect(give(&a) == QUALIFY_ACCEPTED);
	settle();
	expect(q.phase == QUALIFY_QUALIFIED && q.renew);

	begin_signed(&key1);
	a = good_answer(0);
	a.confirmation = TEREDO_SECRET_STATE_REVOKED;
	expect(give(&a) == QUALIFY_KEY_REFUSED);
	settle();
	expect(events[QUALIFY_FAILED] == 1 &&
	       last[QUALIFY_FAILED].failure == QUALIFY_REFUSED);
	client_key = NULL;
}

/* The answer to a former round is not accepted, even if it is authentic. */
static void test_old_nonce(void)
{
	uint8_t nonce[TEREDO_NONCE_LEN];
	struct answer a;

	begin_signed(&key1);
	a = good_answer(0);
	memcpy(nonce, a.nonce, sizeof(nonce));
	answer(0);
	answer(1);
	settle();
	qualify_recheck(&q, now);
	settle();
	a = good_answer(0);
	a.nonce = nonce;
	expect(give(&a) == QUALIFY_WRONG_NONCE);
	expect(answer(0) == QUALIFY_ACCEPTED);
	client_key = NULL;
}

static const struct test tests[] = {
	{ "qualifies within one round trip (F-14, F-15, F-32, C-10..C-12, C-24)",
	  test_one_round_trip },
	{ "a new nonce for each solicitation (C-25)", test_nonces_differ },
	{ "no NAT", test_no_nat },
	{ "symmetric NAT (C-19, C-20)", test_symmetric },
	{ "a lost datagram costs half a second", test_lost_datagram },
	{ "an answer to an earlier try", test_late_answer },
	{ "no reply: back-off, then the next server (C-10, C-13, C-23)", test_no_reply },
	{ "a rejection is told once, and is no answer", test_rejected },
	{ "pauses grow (C-22)", test_pauses_grow },
	{ "silent secondary address (C-19)", test_silent_secondary },
	{ "silent primary address", test_silent_primary },
	{ "answers that are refused (C-14, C-16, C-26, SEC-04)", test_refused },
	{ "private mapped address (F-12, F-54, C-17)", test_private },
	{ "server that cannot be one", test_bad_server },
	{ "server out of reach", test_unreachable },
	{ "maintenance (C-08, C-58, C-60)", test_maintenance },
	{ "a new mapping is checked soon, with a long interval, too",
	  test_long_interval },
	{ "a server that is heard and spoken to is not asked (C-58)", test_heard },
	{ "one that only speaks is asked in time (C-58)", test_only_heard },
	{ "and one that is only spoken to (C-58)", test_only_sent },
	{ "the mapping changes (C-61)", test_mapping_changes },
	{ "the old mapping lingers", test_mapping_lingers },
	{ "the server is lost (C-62)", test_loss },
	{ "a preferred server that is back (C-23, C-65)", test_back },
	{ "and when not to return to it", test_back_hysteresis },
	{ "a return that fails changes nothing", test_back_in_vain },
	{ "names that change (C-22)", test_other_list },
	{ "a server that passes nothing on (SEC-10)", test_deaf },
	{ "adoption", test_adopt },
	{ "the network changes (C-59, C-63)", test_recheck },
	{ "the advertised MTU (C-18)", test_mtu },
	{ "noise", test_noise },
	{ "values of RFC 2202 and RFC 4231 (C-28, C-31)", test_vectors },
	{ "signed solicitations, signed answers (C-02, C-28)", test_signed },
	{ "answers unsigned or badly signed (C-29, C-30)", test_signed_refused },
	{ "the confirmation byte, after nonce and value (C-27, D-33)", test_confirmation },
	{ "an authentic answer with an old nonce (C-26, SEC-04)", test_old_nonce },
};

int main(void)
{
	return run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
