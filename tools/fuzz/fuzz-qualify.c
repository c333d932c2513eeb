// SPDX-License-Identifier: GPL-2.0
/* The state machines of a client, qualify.c and refresh.c. The input chooses what happens next,
 * how much time passes, and what arrives: mostly correct answers with some changes, since
 * random octets alone would never have the nonce.
 */
#include <errno.h>

#include "codec/build.h"
#include "fuzz.h"
#include "client/refresh.h"

#define SENT_MAX	256		/* a power of two */
#define EVENTS_MAX	128		/* at one moment, while many servers fail */
#define STEPS_MAX	300

static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };

static const struct in6_addr rs_source = {
	.s6_addr = { 0xfe, 0x80, [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

static const struct key keys[] = {
	{ TEREDO_ALGORITHM_HMAC_SHA1, 0, "" },
	{ TEREDO_ALGORITHM_HMAC_SHA1, 6, "secret" },
	{ TEREDO_ALGORITHM_HMAC_SHA256, 6, "secret" },
};

/* Servers, mapped addresses, and invalid ones */
static const u32 addresses[] = {
	0xcb007101, 0xcb007102, 0xc6336401, 0xc6336402, 0xc0000207, 0xc0000208,
	0x0a000001, 0x7f000001, 0xe0000001, 0x00000000, 0xffffffff, 0xcb007103,
	0xcb007104, 0xcb007105, 0xcb007106, 0xcb007107,
};

struct sent {
	struct endpoint to;
	size_t len;
	u8 payload[QUALIFY_RS_MAX];
};

static struct qualify q;
static struct refresh r;
static uint64_t now;
static struct sent sent[SENT_MAX];
static unsigned int sent_count;
static u32 chance;

static void pseudo_random(void *buf, size_t len)
{
	u8 *p = buf;

	while (len--) {
		chance = chance * 1103515245 + 12345;
		*p++ = chance >> 16;
	}
}

static __be32 take_ipv4(struct input *in)
{
	return htonl(addresses[take8(in) % 16]);
}

static void note(const struct endpoint *to, const u8 *payload, size_t len)
{
	struct sent *s = &sent[sent_count++ % SENT_MAX];

	must(len && len <= sizeof(s->payload));
	s->to = *to;
	s->len = len;
	memcpy(s->payload, payload, len);
}

static void check_solicitation(const u8 *payload, size_t len)
{
	struct teredo_packet pkt;

	must(teredo_parse(&pkt, payload, len, len) == TEREDO_PARSE_OK);
	must(pkt.has_auth && !pkt.has_origin);
	must(teredo_addr_equal(&pkt.saddr, &rs_source));
	must(teredo_is_solicitation(&pkt, payload + pkt.ipv6 + TEREDO_IPV6_LEN));
}

static void poll_qualify(void)
{
	struct qualify_event ev;
	unsigned int n;

	for (n = 0; qualify_poll(&q, now, &ev); n++) {
		must(n < EVENTS_MAX);
		switch (ev.type) {
		case QUALIFY_SEND:
			check_solicitation(ev.payload, ev.len);
			note(&ev.to, ev.payload, ev.len);
			break;
		case QUALIFY_UP:
			must(q.mapped.port && teredo_ipv4_is_global(q.mapped.addr));
			must(!q.mtu || (q.mtu >= TEREDO_MTU_MIN &&
					q.mtu <= UINT16_MAX));
			break;
		case QUALIFY_PAUSE:
			must(ev.pause >= QUALIFY_PAUSE_MS &&
			     ev.pause <= QUALIFY_PAUSE_MAX_MS / 4 * 5);
			break;
		default:
			break;
		}
		must(q.nat <= TEREDO_NAT_SYMMETRIC);
	}
	/* After that, no deadline is due. */
	must(qualify_deadline(&q) > now);
}

static void poll_refresh(void)
{
	struct refresh_event ev;
	unsigned int n;

	for (n = 0; refresh_poll(&r, now, &ev); n++) {
		must(n < EVENTS_MAX);
		switch (ev.type) {
		case REFRESH_SEND_SECONDARY:
			check_solicitation(ev.payload, ev.len);
			note(&ev.to, ev.payload, ev.len);
			break;
		case REFRESH_SEND_SERVICE:
			must(ev.len == TEREDO_IPV6_LEN);
			note(&ev.to, ev.payload, ev.len);
			break;
		default:
			must(r.interval <= r.maximum &&
			     r.maximum <= REFRESH_MAX_MS);
		}
	}
	must(refresh_deadline(&r) > now);
}

/* An accepted datagram must answer a solicitation, and be signed if required. */
static void check_accepted(const u8 *payload, size_t len)
{
	struct teredo_packet pkt;
	unsigned int i;
	size_t end;

	must(teredo_parse(&pkt, payload, len, len) == TEREDO_PARSE_OK);
	must(pkt.has_auth && pkt.has_origin);
	for (i = 0; i < SENT_MAX && i < sent_count; i++) {
		const struct sent *s = &sent[i];

		if (s->len > TEREDO_RS_LEN &&
		    !memcmp(payload + pkt.nonce, s->payload + s->len -
			    TEREDO_RS_LEN - TEREDO_NONCE_LEN - 1,
			    TEREDO_NONCE_LEN))
			break;
	}
	must(i < SENT_MAX && i < sent_count);
	end = pkt.ipv6 + TEREDO_IPV6_LEN + pkt.payload_len;
	must(!q.key.len ||
	     (pkt.au_len == key_au_len(&q.key) &&
	      key_verify(&q.key, payload + pkt.nonce, end - pkt.nonce,
			 payload + 4 + pkt.id_len)));
}

/* Deliver a datagram in memory of exactly its length. */
static void deliver(const struct endpoint *from, const u8 *data, size_t len,
		    bool to_secondary)
{
	u8 *payload = copy_of(data, len);

	if (to_secondary)
		refresh_receive(&r, now, from, payload, len);
	else if (qualify_receive(&q, now, from, payload, len) == QUALIFY_ACCEPTED)
		check_accepted(payload, len);
	free(payload);
}

static void change(u8 *data, size_t len, struct input *in, unsigned int times)
{
	while (times--) {
		u16 at = take16(in);

		data[at % len] = take8(in);
	}
}

/* Build an answer to a solicitation as the server would. */
static size_t build_answer(u8 *p, const struct sent *s, struct input *in,
			   u8 how)
{
	const struct key *key = &keys[how % 3];
	size_t au_len = key->len ? key_au_len(key) : 0, end;
	const u8 *nonce = s->payload + s->len - TEREDO_RS_LEN -
			  TEREDO_NONCE_LEN - 1;
	u8 confirmation = how & 0x80 ? take8(in) : 0;
	struct teredo_addr id = {
		.flags = TEREDO_FLAG_CONE,
		.port = htons(TEREDO_PORT),
		.client = s->to.addr,
	};
	struct in6_addr saddr, net = prefix;
	__be32 mapped = htonl(addresses[4]);

	net.s6_addr32[1] = how & 0x40 ? take_ipv4(in) : s->to.addr;
	if (how & 0x20)
		mapped = take_ipv4(in);
	teredo_addr_link_local(&saddr, &id);
	end = teredo_build_auth_signed(p, (const u8 *)"id", key->len ? 2 : 0,
				       au_len, nonce, confirmation);
	end += teredo_build_origin(p + end, mapped,
				   htons(how & 0x10 ? take8(in) : 40000));
	end += teredo_build_advert(p + end, &saddr, &rs_source, &net,
				   how & 8 ? take32(in) : 1280);
	if (key->len) {
		u8 *value = p + 4 + 2;

		key_sign(key, value + au_len, p + end - (value + au_len),
			 value);
	}
	return end;
}

static void answer(struct input *in, bool to_secondary)
{
	u8 buf[1024], how, times = take8(in);
	const struct sent *s;
	struct endpoint from;
	size_t len;

	if (!sent_count)
		return;
	s = &sent[(sent_count - 1 - (times >> 4)) % SENT_MAX];
	from = s->to;
	how = take8(in);
	if (s->len == TEREDO_IPV6_LEN) {	/* a bubble comes back */
		len = s->len;
		memcpy(buf, s->payload, len);
	} else {
		len = build_answer(buf, s, in, how);
	}
	if ((times & 15) == 15)
		from.addr = take_ipv4(in);
	else if ((times & 15) > 11)
		change(buf, len, in, (times & 15) - 11);
	deliver(&from, buf, len, to_secondary);
}

static void noise(struct input *in, bool to_secondary)
{
	struct endpoint from = { take_ipv4(in), htons(TEREDO_PORT) };
	size_t len = take8(in);
	u8 buf[256];

	take(in, buf, len);
	deliver(&from, buf, len, to_secondary);
}

static void set_servers(struct input *in)
{
	struct qualify_server list[QUALIFY_SERVERS_MAX + 2];
	unsigned int i, count = take8(in) % (QUALIFY_SERVERS_MAX + 3);

	for (i = 0; i < count; i++) {
		u8 v = take8(in);

		list[i].primary = htonl(addresses[v % 16]);
		list[i].secondary = htonl(ntohl(list[i].primary) + 1);
		list[i].rank = v >> 6;
	}
	qualify_set_servers(&q, list, count);
}

static void adopt(struct input *in)
{
	struct qualify_server server = { .primary = take_ipv4(in) };
	struct endpoint mapped = { htonl(addresses[4]), htons(40000) };

	server.secondary = htonl(ntohl(server.primary) + 1);
	/* The kernel accepts no other addresses. */
	if (teredo_ipv4_is_global(server.primary))
		qualify_adopt(&q, now, &server, &mapped,
			      take8(in) % (TEREDO_NAT_SYMMETRIC + 1));
}

static void begin_refresh(struct input *in)
{
	struct teredo_addr parts = {
		.server = q.server.primary,
		.client = q.mapped.addr,
		.port = q.mapped.port,
	};
	uint32_t interval = (1 + take8(in) % 120) * 1000;
	struct in6_addr address;

	/* The conditions of learn.c */
	if (q.phase != QUALIFY_QUALIFIED || !refresh_first(interval))
		return;
	teredo_addr_pack(&address, &prefix, &parts);
	refresh_start(&r, now, interval, &q, &address, &q.local);
}

static void step(struct input *in)
{
	static const int errors[] = { ENETUNREACH, EPERM, ENOBUFS, EAGAIN };
	u8 what = take8(in);
	uint64_t at;

	switch (what % 20) {
	case 0 ... 3:
		answer(in, false);
		break;
	case 4 ... 6:
		answer(in, true);
		break;
	case 7:
		noise(in, what & 0x80);
		break;
	case 8:
		now += take16(in);
		break;
	case 9:
	case 10:
		at = qualify_deadline(&q);
		if (at != QUALIFY_NEVER && at > now)
			now = at;
		break;
	case 11:
		at = refresh_deadline(&r);
		if (at != QUALIFY_NEVER && at > now)
			now = at;
		break;
	case 12:
		qualify_recheck(&q, now);
		break;
	case 13:
		qualify_heard(&q, now, take16(in));
		break;
	case 14:
		qualify_echoed(&q);
		break;
	case 15:
		if (what & 0x80)
			refresh_send_failed(&r, errors[take8(in) % 4]);
		else
			qualify_send_failed(&q, errors[take8(in) % 4]);
		break;
	case 16:
		set_servers(in);
		break;
	case 17:
		qualify_start(&q, now);
		break;
	case 18:
		what & 0x80 ? adopt(in) : begin_refresh(in);
		break;
	case 19:
		q.busy = what & 0x80;
		if (what & 0x40)
			qualify_stop(&q);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	u8 how = take8(&in);
	unsigned int steps;

	memset(&r, 0, sizeof(r));
	memset(sent, 0, sizeof(sent));
	sent_count = 0;
	now = 1000000;
	chance = 1;
	qualify_init(&q, &prefix, 1000 * (1 + how % 60), pseudo_random);
	if (how & 0x40)
		q.local = (struct endpoint) { htonl(addresses[4]), htons(40000) };
	qualify_set_key(&q, "id", &keys[take8(&in) % 3]);
	set_servers(&in);
	qualify_start(&q, now);
	for (steps = 0; in.left && steps < STEPS_MAX; steps++) {
		step(&in);
		/* Several things may happen before the machines are polled. */
		if (take8(&in) & 3) {
			poll_qualify();
			poll_refresh();
		}
	}
	poll_qualify();
	poll_refresh();
	return 0;
}
