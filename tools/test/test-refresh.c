// SPDX-License-Identifier: GPL-2.0
/* Unit test of refresh.c with a simulated clock, NAT and server; output in KTAP. */
#include "codec/build.h"
#include "client/refresh.h"
#include "test/test.h"

#define PRIMARY		0xcb007101U	/* 203.0.113.1 */
#define MAPPED		0xc0000207U	/* 192.0.2.7 */
#define SERVICE_PORT	40000

static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };

static struct qualify service;
static struct in6_addr service_address;
static const struct key *service_key;
static struct refresh r;
static uint64_t now;

/* The NAT, for the secondary port */
static struct {
	uint32_t memory;
	uint32_t young;		/* memory in a mapping's first two seconds */
	bool hairpin;
	bool symmetric;
	bool deaf;		/* drops all bubbles */
	bool absent;
	bool mapped;
	uint16_t port;
	uint64_t since, touched_at;
} nat;
static bool server_silent;
static unsigned int lost;	/* how many of the next bubbles to lose */

/* What has happened */
static unsigned int events[REFRESH_GAVE_UP + 1];
static struct refresh_event last[REFRESH_GAVE_UP + 1];
static uint32_t tried[32];
static unsigned int tried_count;
static unsigned int direct_bubbles, server_bubbles;
static uint64_t bubble_at[8];	/* in the current test */
static unsigned int bubble_count;
static unsigned int silence_broken;

static bool mapping_lives(void)
{
	uint32_t memory = nat.touched_at >= nat.since + 2000 ? nat.memory :
							       nat.young;

	return nat.mapped && now <= nat.touched_at + memory;
}

static void leave_nat(void)
{
	if (!mapping_lives()) {
		nat.port += !nat.absent || !nat.mapped;
		nat.mapped = true;
		nat.since = now;
	}
	nat.touched_at = now;
}

/* Deliver a datagram to the secondary port. */
static void arrive(uint32_t from, uint16_t port, const uint8_t *payload,
		   size_t len)
{
	struct endpoint source = { htonl(from), htons(port) };

	nat.touched_at = now;
	refresh_receive(&r, now, &source, payload, len);
}

static void answer_solicitation(const struct refresh_event *ev)
{
	struct teredo_addr id = { .flags = TEREDO_FLAG_CONE };
	struct in6_addr saddr, daddr, net = prefix;
	uint8_t buf[256], *p = buf;
	uint16_t port = nat.port;

	if (nat.symmetric && ev->to.addr != htonl(PRIMARY))
		port += 1000;
	memcpy(&daddr, ev->payload + TEREDO_AUTH_MIN + 8, sizeof(daddr));
	teredo_addr_link_local(&saddr, &id);
	net.s6_addr32[1] = htonl(PRIMARY);
	p += teredo_build_auth(p, ev->payload + 4, 0);
	p += teredo_build_origin(p, htonl(MAPPED), htons(port));
	p += teredo_build_advert(p, &saddr, &daddr, &net, 1280);
	arrive(ntohl(ev->to.addr), TEREDO_PORT, buf, p - buf);
}

static void carry_bubble(const struct refresh_event *ev)
{
	bool direct = ev->to.port != htons(TEREDO_PORT);
	struct in6_addr daddr;
	struct teredo_addr to;

	if (bubble_count < sizeof(bubble_at) / sizeof(bubble_at[0]))
		bubble_at[bubble_count++] = now;
	*(direct ? &direct_bubbles : &server_bubbles) += 1;
	if (direct)
		expect(ev->to.addr == htonl(MAPPED));
	else
		expect(ev->to.addr == htonl(PRIMARY));

	memcpy(&daddr, ev->payload + 24, sizeof(daddr));
	teredo_addr_unpack(&to, &daddr);
	if (lost) {
		lost--;
		return;
	}
	if (nat.deaf || (direct && !nat.hairpin) || !mapping_lives() ||
	    to.port != htons(nat.port))
		return;
	if (direct)
		arrive(MAPPED, SERVICE_PORT, ev->payload, ev->len);
	else
		arrive(PRIMARY, TEREDO_PORT, ev->payload, ev->len);
}

static void settle(void)
{
	struct refresh_event ev;

	while (refresh_poll(&r, now, &ev)) {
		events[ev.type]++;
		last[ev.type] = ev;
		switch (ev.type) {
		case REFRESH_SEND_SECONDARY:
			/* The port sends nothing else, above all not during a silence. */
			silence_broken += r.phase != REFRESH_ASKING;
			leave_nat();
			if (!server_silent)
				answer_solicitation(&ev);
			break;
		case REFRESH_SEND_SERVICE:
			carry_bubble(&ev);
			break;
		case REFRESH_PASSED:
		case REFRESH_MISSED:
			if (tried_count < sizeof(tried) / sizeof(tried[0]))
				tried[tried_count++] = ev.tried;
			break;
		default:
			break;
		}
	}
}

static void run_until(uint64_t end)
{
	settle();
	while (refresh_deadline(&r) <= end) {
		if (refresh_deadline(&r) > now)
			now = refresh_deadline(&r);
		settle();
	}
	now = end;
	settle();
}

static bool is_over(void)
{
	return events[REFRESH_DONE] || events[REFRESH_GAVE_UP];
}

static void begin_from(uint32_t interval)
{
	struct teredo_addr parts = {
		.server = htonl(PRIMARY),
		.client = htonl(MAPPED),
		.port = htons(SERVICE_PORT),
	};
	struct endpoint local = { 0 };

	now = 1000000;
	memset(events, 0, sizeof(events));
	memset(last, 0, sizeof(last));
	tried_count = 0;
	direct_bubbles = 0;
	server_bubbles = 0;
	bubble_count = 0;
	silence_broken = 0;
	qualify_init(&service, &prefix, interval, pseudo_random);
	service.server.primary = htonl(PRIMARY);
	service.server.secondary = htonl(PRIMARY + 1);
	if (service_key)
		qualify_set_key(&service, "anna", service_key);
	teredo_addr_pack(&service_address, &prefix, &parts);
	if (nat.absent) {
		local.addr = htonl(MAPPED);
		local.port = htons(nat.port + 1);
	}
	refresh_start(&r, now, interval, &service, &service_address, &local);
}

static void new_nat(uint32_t memory)
{
	memset(&nat, 0, sizeof(nat));
	nat.memory = memory;
	nat.young = memory;
	nat.port = 50000;
	server_silent = false;
	lost = 0;
}

static void run_to_the_end(void)
{
	uint64_t start = now;

	while (!is_over() && now < start + 3600000)
		run_until(now + 1000);
	expect(is_over());
	expect(refresh_deadline(&r) == QUALIFY_NEVER);
	expect(!silence_broken);
}

/* Compare with the expected candidates; 0 ends the list. */
static void expect_tried(const uint32_t *expected)
{
	unsigned int i;

	for (i = 0; expected[i]; i++)
		expect(i < tried_count && tried[i] == expected[i]);
	expect(tried_count == i);
}

static void test_long_memory(void)
{
	new_nat(180000);
	begin_from(30000);
	expect(r.candidate == 60000 && r.maximum == 120000);
	run_to_the_end();
	expect_tried((uint32_t[]) { 60000, 90000, 0 });
	expect(events[REFRESH_DONE] == 1 && r.interval == 90000);
}

static void test_short_memory(void)
{
	new_nat(35000);
	begin_from(30000);
	run_to_the_end();
	/* 30 to 60, 45, 37.5: then 30 is 80 % */
	expect_tried((uint32_t[]) { 60000, 45000, 37500, 0 });
	expect(events[REFRESH_DONE] == 1 && r.interval == 30000);
	expect(events[REFRESH_MISSED] == 3);
}

static void test_middle(void)
{
	new_nat(70000);
	begin_from(30000);
	run_to_the_end();
	expect_tried((uint32_t[]) { 60000, 90000, 75000, 0 });
	expect(r.interval == 60000);
	new_nat(50000);
	begin_from(30000);
	run_to_the_end();
	expect_tried((uint32_t[]) { 60000, 45000, 0 });
	expect(r.interval == 45000);
}

static void test_other_start(void)
{
	/* C-07: another interval to start the search with */
	new_nat(5500);
	begin_from(2000);
	run_to_the_end();
	expect_tried((uint32_t[]) { 4000, 8000, 6000, 5000, 0 });
	expect(r.interval == 5000);
	new_nat(180000);
	begin_from(60000);
	expect(r.candidate == 90000);
	run_to_the_end();
	expect(r.interval == 90000);
	expect(!refresh_first(90000) && !refresh_first(120000));
	expect(refresh_first(89000) > 89000);
	expect(!refresh_first(UINT32_MAX));
}

static void test_direct(void)
{
	new_nat(100000);
	nat.hairpin = true;
	begin_from(30000);
	run_until(now + 10000);
	expect(events[REFRESH_WAY] == 1 && r.way == REFRESH_DIRECT);
	run_to_the_end();
	expect(!server_bubbles && direct_bubbles >= 3);
	expect(r.interval == 90000);
}

static void test_server(void)
{
	new_nat(100000);
	begin_from(30000);
	run_until(now + 10000);
	expect(events[REFRESH_WAY] == 1 && r.way == REFRESH_SERVER);
	expect(direct_bubbles == REFRESH_HAIRPIN_BUBBLES);
	run_to_the_end();
	expect(direct_bubbles == REFRESH_HAIRPIN_BUBBLES);
	expect(r.interval == 90000);
}

static void test_no_nat(void)
{
	/* A direct bubble would not leave the host. */
	new_nat(40000);
	nat.absent = true;
	nat.hairpin = true;
	begin_from(30000);
	run_to_the_end();
	expect(!direct_bubbles && server_bubbles);
	expect(r.interval == 37500);
}

static void test_no_way(void)
{
	new_nat(100000);
	nat.deaf = true;
	begin_from(30000);
	run_to_the_end();
	expect(events[REFRESH_GAVE_UP] == 1 && !tried_count);
	expect(last[REFRESH_GAVE_UP].failure == REFRESH_NO_WAY);
	expect(r.interval == 30000);
}

static void test_not_qualified(void)
{
	new_nat(100000);
	server_silent = true;
	begin_from(30000);
	run_to_the_end();
	expect(last[REFRESH_GAVE_UP].failure == REFRESH_NOT_QUALIFIED);
	expect(!server_bubbles && !direct_bubbles && r.interval == 30000);
	new_nat(100000);
	nat.symmetric = true;
	begin_from(30000);
	run_to_the_end();
	expect(last[REFRESH_GAVE_UP].failure == REFRESH_NOT_QUALIFIED);
	expect(r.port.failure == QUALIFY_SYMMETRIC);
}

/* The result so far is kept when the server is lost. */
static void test_server_lost(void)
{
	new_nat(200000);
	begin_from(30000);
	while (!events[REFRESH_PASSED])
		run_until(now + 100);
	server_silent = true;
	run_to_the_end();
	expect(events[REFRESH_GAVE_UP] && r.interval == 60000);
}

static void test_silence(void)
{
	uint64_t touched_at;

	new_nat(60000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	touched_at = r.touched_at;
	bubble_count = 0;
	run_until(touched_at + 59999);
	expect(!bubble_count);
	run_until(touched_at + 60000);
	expect(bubble_count == 1 && bubble_at[0] == touched_at + 60000);
	/* Exactly the lifetime of the NAT's mapping */
	expect(events[REFRESH_PASSED] == 1);
}

static void test_repeats(void)
{
	unsigned int i;

	new_nat(59000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	bubble_count = 0;
	while (!events[REFRESH_MISSED])
		run_until(now + 100);
	expect(bubble_count == 4);
	for (i = 1; i < bubble_count; i++)
		expect(bubble_at[i] - bubble_at[i - 1] == 2000);

	new_nat(70000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	lost = 3;
	while (!events[REFRESH_MISSED] && !events[REFRESH_PASSED])
		run_until(now + 100);
	expect(events[REFRESH_PASSED] == 1);
}

static void test_maintenance(void)
{
	struct endpoint before;

	new_nat(50000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	before = r.port.mapped;
	while (!events[REFRESH_MISSED])
		run_until(now + 100);
	run_until(now + 5000);
	/* C-79: another mapping, and the search continues unchanged. */
	expect(r.port.mapped.port != before.port);
	expect(r.interval == 30000 && r.maximum == 60000 &&
	       r.candidate == 45000);
	run_to_the_end();
	expect(r.interval == 45000);
	/* C-65: the service port is not affected. */
	expect(service.phase == QUALIFY_IDLE && !service.mapped.port);
}

/* Linux: 30 s for a mapping that was used for less than two seconds */
static void test_young_mapping(void)
{
	new_nat(120000);
	nat.young = 30000;
	begin_from(30000);
	run_to_the_end();
	expect(events[REFRESH_MISSED] == 0 && r.interval == 90000);
	new_nat(70000);
	nat.young = 30000;
	begin_from(30000);
	run_to_the_end();
	expect(r.interval == 60000);
}

static void test_disturbed(void)
{
	static const uint8_t junk[] = { 1, 2, 3 };
	unsigned int i;

	new_nat(50000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	/* Received datagrams keep the mapping alive, so this is not a silence. */
	for (i = 0; i < 3; i++) {
		run_until(now + 40000);
		arrive(PRIMARY, TEREDO_PORT, junk, sizeof(junk));
	}
	expect(!tried_count && r.phase == REFRESH_WAITING);
	run_to_the_end();
	expect(events[REFRESH_DONE] && r.interval == 45000);

	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	for (i = 0; i < 100 && !is_over(); i++) {
		run_until(now + 40000);
		arrive(PRIMARY, TEREDO_PORT, junk, sizeof(junk));
		settle();
	}
	expect(last[REFRESH_GAVE_UP].failure == REFRESH_DISTURBED);
}

static void test_forged(void)
{
	struct in6_addr other;
	uint8_t buf[TEREDO_IPV6_LEN];

	new_nat(40000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	while (r.phase != REFRESH_TESTING)
		run_until(now + 100);
	other = r.secondary;
	other.s6_addr[9] ^= 1;
	teredo_build_bubble(buf, &r.service, &other);
	arrive(PRIMARY, TEREDO_PORT, buf, sizeof(buf));
	teredo_build_bubble(buf, &other, &r.secondary);
	arrive(PRIMARY, TEREDO_PORT, buf, sizeof(buf));
	settle();
	expect(!events[REFRESH_PASSED]);

	/* All rounds have different addresses, even with the same mapping. */
	new_nat(200000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	other = r.secondary;
	while (!events[REFRESH_PASSED])
		run_until(now + 100);
	while (r.phase != REFRESH_WAITING)
		run_until(now + 100);
	expect(r.port.mapped.port == htons(nat.port));
	expect(!teredo_addr_equal(&r.secondary, &other));
}

static void test_moved(void)
{
	struct in6_addr other;

	new_nat(100000);
	begin_from(30000);
	while (!events[REFRESH_WAY])
		run_until(now + 100);
	other = service_address;
	other.s6_addr[10] ^= 1;
	refresh_move(&r, &other);
	run_to_the_end();
	expect(events[REFRESH_DONE] && r.interval == 90000);
	expect(!memcmp(last[REFRESH_SEND_SERVICE].payload + 8, &other, 16));
}

/* For a server that requires a signature, the secondary port uses the service port's key. */
static void test_signed(void)
{
	static const struct key key = { TEREDO_ALGORITHM_HMAC_SHA1, 4, "Jefe" };
	const struct refresh_event *ev = &last[REFRESH_SEND_SECONDARY];
	struct teredo_packet pkt;

	new_nat(100000);
	server_silent = true;
	service_key = &key;
	begin_from(30000);
	settle();
	service_key = NULL;
	expect(teredo_parse(&pkt, ev->payload, ev->len, ev->len) ==
	       TEREDO_PARSE_OK);
	expect(pkt.id_len == 4 && pkt.au_len == key_au_len(&key));
	expect(key_verify(&key, ev->payload + pkt.nonce, ev->len - pkt.nonce,
			  ev->payload + 4 + pkt.id_len));
}

static void test_stop(void)
{
	new_nat(100000);
	begin_from(30000);
	run_until(now + 20000);
	refresh_stop(&r);
	memset(events, 0, sizeof(events));
	expect(refresh_deadline(&r) == QUALIFY_NEVER);
	run_until(now + 300000);
	expect(!events[REFRESH_SEND_SECONDARY] &&
	       !events[REFRESH_SEND_SERVICE] && !is_over());
}

static const struct test tests[] = {
	{ "a long memory: 60 s, 90 s (C-76, C-78)", test_long_memory },
	{ "a short memory: the interval stays (C-78)", test_short_memory },
	{ "something in between (C-78)", test_middle },
	{ "another interval to begin with (C-07)", test_other_start },
	{ "bubbles go directly where the NAT hairpins", test_direct },
	{ "and by way of the server where it does not", test_server },
	{ "no NAT: by way of the server", test_no_nat },
	{ "no bubble arrives: no result", test_no_way },
	{ "the secondary port does not qualify: skipped (C-75)",
	  test_not_qualified },
	{ "the server is lost", test_server_lost },
	{ "the wait counts from the last interaction (C-77)", test_silence },
	{ "two seconds, three repeats (C-77)", test_repeats },
	{ "maintenance between rounds (C-65, C-79)", test_maintenance },
	{ "a NAT that soon forgets young mappings", test_young_mapping },
	{ "whatever arrives ends the silence (C-77)", test_disturbed },
	{ "forged bubbles", test_forged },
	{ "the service port moves", test_moved },
	{ "signed like those of the service port (C-28)", test_signed },
	{ "stopped: silent for good (C-80)", test_stop },
};

int main(void)
{
	return run_tests(tests, sizeof(tests) / sizeof(tests[0]));
}
