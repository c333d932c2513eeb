// SPDX-License-Identifier: GPL-2.0
#include "client/qualify.h"

#include <errno.h>
#include <stdio.h>
#include "client/nat.h"
#include "codec/build.h"

/* fe80::ffff:ffff:ffff does not reveal our inner address (F-15). */
static const struct in6_addr rs_source = {
	.s6_addr = { 0xfe, 0x80, [10] = 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
};

const char *qualify_verdict_text(enum qualify_verdict verdict)
{
	static const char *const texts[] = {
		[QUALIFY_ACCEPTED]	= "accepted",
		[QUALIFY_NOT_FROM_SERVER] = "not from the server's address and port",
		[QUALIFY_NOT_TEREDO]	= "not a Teredo datagram",
		[QUALIFY_WRONG_NONCE]	= "without the nonce of the solicitation",
		[QUALIFY_NOT_SIGNED]	= "not authenticated, although that is required",
		[QUALIFY_WRONG_VALUE]	= "with an authentication value of another key",
		[QUALIFY_KEY_REFUSED]	= "the server asks for another key",
		[QUALIFY_NO_ORIGIN]	= "without an origin indication",
		[QUALIFY_NOT_FOR_US]	= "not addressed to us",
		[QUALIFY_NO_ADVERT]	= "not a valid Router Advertisement",
		[QUALIFY_WRONG_PREFIX]	= "with a prefix that is not the server's",
		[QUALIFY_NOT_GLOBAL]	= "with a mapped address that is not global",
	};

	return texts[verdict];
}

static uint32_t random_below(struct qualify *q, uint32_t limit)
{
	uint32_t v;

	q->random(&v, sizeof(v));
	return (uint64_t)v * limit >> 32;
}

static struct qualify_event *push(struct qualify *q, int type)
{
	struct qualify_event *ev;

	/* It never gets full: up, down and failed are all there is at once. */
	if (q->pending_count == sizeof(q->pending) / sizeof(q->pending[0]))
		q->pending_count--;
	ev = &q->pending[q->pending_count++];
	memset(ev, 0, sizeof(*ev));
	ev->type = type;
	return ev;
}

/* Draw the next interval, 75 to 100 % of @refresh (C-08). */
static void draw_interval(struct qualify *q, uint64_t now, uint32_t refresh)
{
	q->interval = refresh - random_below(q, refresh / 4 + 1);
	q->check_at = now + q->interval;
}

static void begin_round(struct qualify *q, uint64_t now, bool both)
{
	memset(q->target, 0, sizeof(q->target));
	q->target[0].addr = q->server.primary;
	q->target[0].asked = true;
	q->target[0].next_at = now;
	q->target[1].addr = q->server.secondary;
	q->target[1].asked = both;
	q->target[1].next_at = now;
	q->round_end = now + QUALIFY_ROUND_MS;
	q->error = 0;
	q->refused = 0;
}

static void go_offline(struct qualify *q, uint64_t now)
{
	q->phase = QUALIFY_OFFLINE;
	q->tried = 0;
	q->index = 0;
	/* Random, so that hosts behind a NAT that lost its line do not resume together. */
	q->resume_at = now + q->pause + random_below(q, q->pause / 4 + 1);
	push(q, QUALIFY_PAUSE)->pause = q->resume_at - now;
	q->pause = q->pause * 2 < QUALIFY_PAUSE_MAX_MS ?
		   q->pause * 2 : QUALIFY_PAUSE_MAX_MS;
}

/* The return to a preferred server failed: keep the previous one, and check at once
 * whether that still answers.
 */
static void stay(struct qualify *q)
{
	q->returning = false;
	q->server = q->before;
	memset(q->candidate, 0, sizeof(q->candidate));
	q->phase = QUALIFY_QUALIFIED;
	q->check_at = 0;
	q->heard_at = 0;
}

/* End the round with q->server as a failure. */
static void fail_attempt(struct qualify *q, enum qualify_failure failure)
{
	if (q->returning) {
		stay(q);
		return;
	}
	q->lost = q->phase == QUALIFY_CHECKING || q->phase == QUALIFY_QUALIFIED;
	q->fresh = false;
	q->failure = failure;
	q->nat = failure == QUALIFY_SYMMETRIC ? TEREDO_NAT_SYMMETRIC :
						TEREDO_NAT_UNKNOWN;
	q->phase = QUALIFY_FAILING;
	if (q->lost)
		push(q, QUALIFY_DOWN);
	push(q, QUALIFY_FAILED)->failure = failure;
}

static void begin_attempt(struct qualify *q, uint64_t now)
{
	q->phase = QUALIFY_STARTING;
	q->index %= q->servers_count;
	q->server = q->servers[q->index];
	begin_round(q, now, true);
	if (!teredo_ipv4_is_global(q->server.primary))
		fail_attempt(q, QUALIFY_BAD_SERVER);
}

/* Choose what to try after a failure that was reported. */
static void try_next(struct qualify *q, uint64_t now)
{
	q->index++;
	if (q->failure == QUALIFY_SYMMETRIC) {
		/* Another server sees the same NAT. */
		q->pause = QUALIFY_PAUSE_MAX_MS;
		go_offline(q, now);
	} else if (q->lost) {
		/* The names may resolve to other addresses by now (C-22). */
		q->phase = QUALIFY_IDLE;
		q->tried = 0;
		q->lost_server = q->server.primary;
		push(q, QUALIFY_RESOLVE);
	} else if (++q->tried >= q->servers_count) {
		go_offline(q, now);
	} else {
		begin_attempt(q, now);
	}
}

void qualify_init(struct qualify *q, const struct in6_addr *prefix,
		  uint32_t refresh, void (*random)(void *buf, size_t len))
{
	memset(q, 0, sizeof(*q));
	q->prefix = *prefix;
	q->refresh = refresh;
	q->random = random;
	q->pause = QUALIFY_PAUSE_MS;
}

/* Return the index of a server in the list, or -1. */
static int find_server(const struct qualify *q, __be32 primary)
{
	unsigned int i;

	for (i = 0; i < q->servers_count; i++)
		if (q->servers[i].primary == primary)
			return i;
	return -1;
}

void qualify_set_servers(struct qualify *q, const struct qualify_server *list,
			 unsigned int count)
{
	struct qualify_candidate old[QUALIFY_SERVERS_MAX];
	unsigned int i;
	int place;

	if (count > QUALIFY_SERVERS_MAX)
		count = QUALIFY_SERVERS_MAX;
	/* Keep the state of servers that are in both lists. */
	memcpy(old, q->candidate, sizeof(old));
	memset(q->candidate, 0, sizeof(q->candidate));
	for (i = 0; i < count; i++) {
		place = find_server(q, list[i].primary);
		if (place >= 0)
			q->candidate[i] = old[place];
	}
	memcpy(q->servers, list, count * sizeof(*list));
	q->servers_count = count;
	/* A server in use that is no longer listed may be one of many addresses of a name,
	 * so treat it as a most preferred one.
	 */
	place = find_server(q, q->server.primary);
	q->server.rank = place < 0 ? 0 : q->servers[place].rank;
}

void qualify_set_key(struct qualify *q, const char *id, const struct key *key)
{
	snprintf(q->id, sizeof(q->id), "%s", id);
	q->key = *key;
}

void qualify_start(struct qualify *q, uint64_t now)
{
	if (q->servers_count) {
		if (q->lost_server)
			q->index = find_server(q, q->lost_server) + 1;
		q->lost_server = 0;
		begin_attempt(q, now);
		return;
	}
	q->nat = TEREDO_NAT_UNKNOWN;
	go_offline(q, now);
}

void qualify_adopt(struct qualify *q, uint64_t now,
		   const struct qualify_server *server,
		   const struct endpoint *mapped, uint8_t nat)
{
	q->server = *server;
	q->mapped = *mapped;
	q->nat = nat;
	q->phase = QUALIFY_CHECKING;
	begin_round(q, now, true);
}

void qualify_recheck(struct qualify *q, uint64_t now)
{
	/* The network may be another one: forget which servers were deaf. */
	memset(q->candidate, 0, sizeof(q->candidate));
	switch (q->phase) {
	case QUALIFY_IDLE:
	case QUALIFY_FAILING:
		break;
	case QUALIFY_STARTING:
		begin_round(q, now, true);
		break;
	case QUALIFY_QUALIFIED:
	case QUALIFY_CHECKING:
		q->phase = QUALIFY_CHECKING;
		begin_round(q, now, true);
		break;
	case QUALIFY_OFFLINE:
		q->pause = QUALIFY_PAUSE_MS;
		q->resume_at = now;
		break;
	}
}

void qualify_stop(struct qualify *q)
{
	q->phase = QUALIFY_IDLE;
	q->pending_count = 0;
	q->tried = 0;
	q->index = 0;
	q->lost_server = 0;
	q->returning = false;
	q->fresh = false;
	q->pause = QUALIFY_PAUSE_MS;
	q->nat = TEREDO_NAT_UNKNOWN;
	memset(q->target, 0, sizeof(q->target));
	memset(q->candidate, 0, sizeof(q->candidate));
}

void qualify_heard(struct qualify *q, uint64_t now, uint32_t idle)
{
	uint64_t at = now > idle ? now - idle : 0;

	if (at > q->heard_at)
		q->heard_at = at;
}

void qualify_sent(struct qualify *q, uint64_t now, uint32_t idle)
{
	uint64_t at = now > idle ? now - idle : 0;

	if (at > q->sent_at)
		q->sent_at = at;
}

static bool in_round(const struct qualify *q)
{
	return q->phase == QUALIFY_STARTING || q->phase == QUALIFY_CHECKING;
}

static bool same_endpoint(const struct endpoint *a, const struct endpoint *b)
{
	return a->addr == b->addr && a->port == b->port;
}

/* Return true if @e is the current mapping or the previous one. A NAT that assigns a new
 * mapping may still use the old one towards a known address. That alone does not make it
 * symmetric.
 */
static bool is_old_mapping(const struct qualify *q, const struct endpoint *e)
{
	return same_endpoint(e, &q->mapped) ||
	       same_endpoint(e, &q->mapped_before);
}

static uint8_t nat_verdict(const struct qualify *q)
{
	struct nat_seen seen = { 0 };
	uint8_t nat;

	nat_see(&seen, &q->target[0].mapped, &q->local);
	if (seen.none)
		return TEREDO_NAT_NONE;
	/* Maintenance asks the primary address only: keep the result of asking both. */
	if (!q->target[1].answered)
		return !q->target[1].asked && q->nat != TEREDO_NAT_NONE ?
		       q->nat : TEREDO_NAT_UNKNOWN;
	nat_see(&seen, &q->target[1].mapped, &q->local);
	nat = nat_of(&seen);
	/* One of the two is an old mapping, else the round would have failed. */
	return nat == TEREDO_NAT_SYMMETRIC ? TEREDO_NAT_UNKNOWN : nat;
}

static void succeed(struct qualify *q, uint64_t now)
{
	bool moved = !same_endpoint(&q->mapped, &q->target[0].mapped);
	bool changed = moved || q->phase == QUALIFY_STARTING;

	q->nat = nat_verdict(q);
	if (moved)
		q->mapped_before = q->mapped;
	q->mapped = q->target[0].mapped;
	q->mtu = q->target[0].mtu;
	q->phase = QUALIFY_QUALIFIED;
	q->tried = 0;
	q->pause = QUALIFY_PAUSE_MS;
	qualify_heard(q, now, 0);
	draw_interval(q, q->sent_at, changed && q->refresh > QUALIFY_FIRST_MS ?
				     QUALIFY_FIRST_MS : q->refresh);
	q->returning = false;
	push(q, QUALIFY_UP)->changed = changed;
	if (changed) {
		q->fresh = true;
		q->echoes = 0;
		q->echo_at = now;
		q->candidates_at = q->check_at;
	}
	if (changed && !q->target[1].asked) {
		/* The network may be another one: find out its kind of NAT. */
		q->phase = QUALIFY_CHECKING;
		begin_round(q, now, true);
	}
}

/* Return when to stop waiting for the secondary address. The primary has answered. */
static uint64_t grace_end(const struct qualify *q)
{
	if (q->target[1].sent < 2)
		return q->round_end;
	return q->target[0].answered_at + QUALIFY_GRACE_MS;
}

/* End the round if its result is known. */
static void judge(struct qualify *q, uint64_t now)
{
	const struct qualify_target *first = &q->target[0];
	const struct qualify_target *second = &q->target[1];

	if (!in_round(q))
		return;
	if (first->answered && second->answered) {
		if (same_endpoint(&first->mapped, &second->mapped) ||
		    is_old_mapping(q, &second->mapped))
			succeed(q, now);
		else
			fail_attempt(q, QUALIFY_SYMMETRIC);
	} else if (first->answered &&
		   (!second->asked || now >= grace_end(q))) {
		succeed(q, now);
	} else if (now >= q->round_end) {
		fail_attempt(q, second->answered ?
			     QUALIFY_PRIMARY_SILENT : QUALIFY_NO_REPLY);
	}
}

/* Return the number of the solicitation with that nonce, or -1. */
static int find_try(const struct qualify_target *t, const uint8_t *nonce)
{
	unsigned int i;

	for (i = 0; i < t->sent; i++)
		if (!memcmp(t->nonce[i], nonce, TEREDO_NONCE_LEN))
			return i;
	return -1;
}

/* Check the authentication of an answer (C-28 to C-30). */
static enum qualify_verdict check_value(const struct qualify *q,
					const struct teredo_packet *pkt,
					const uint8_t *payload)
{
	size_t end = pkt->ipv6 + TEREDO_IPV6_LEN + pkt->payload_len;
	const uint8_t *value = payload + pkt->auth + 4 + pkt->id_len;

	if (!q->key.len)
		return QUALIFY_ACCEPTED;
	if (pkt->au_len != key_au_len(&q->key))
		return QUALIFY_NOT_SIGNED;
	return key_verify(&q->key, payload + pkt->nonce, end - pkt->nonce,
			  value) ? QUALIFY_ACCEPTED : QUALIFY_WRONG_VALUE;
}

/* Return true if the confirmation byte refuses our key. "Renew" accepts it, but only in a
 * signed answer: an unsigned one may be forged.
 */
static bool refuses_key(const struct qualify *q, uint8_t confirmation)
{
	return confirmation &&
	       !(q->key.len && confirmation == TEREDO_SECRET_STATE_RENEW);
}

/* Check an answer (C-14 to C-17, C-26, C-27, D-33). *@try becomes the number of the
 * solicitation that it answers.
 */
static enum qualify_verdict check_answer(const struct qualify *q,
					 const struct qualify_server *server,
					 const struct qualify_target *t,
					 const uint8_t *payload, size_t len,
					 struct teredo_packet *pkt,
					 struct teredo_advert *advert,
					 int *try)
{
	enum qualify_verdict verdict;

	if (teredo_parse(pkt, payload, len, len) != TEREDO_PARSE_OK)
		return QUALIFY_NOT_TEREDO;
	*try = pkt->has_auth ? find_try(t, payload + pkt->nonce) : -1;
	if (*try < 0)
		return QUALIFY_WRONG_NONCE;
	verdict = check_value(q, pkt, payload);
	if (verdict != QUALIFY_ACCEPTED)
		return verdict;
	if (refuses_key(q, payload[pkt->nonce + TEREDO_NONCE_LEN]))
		return QUALIFY_KEY_REFUSED;
	if (!pkt->has_origin || !pkt->origin_port)
		return QUALIFY_NO_ORIGIN;
	if (!teredo_addr_equal(&pkt->daddr, &rs_source) ||
	    !teredo_addr_is_link_local(&pkt->saddr))
		return QUALIFY_NOT_FOR_US;
	if (!teredo_parse_advert(advert, pkt,
				 payload + pkt->ipv6 + TEREDO_IPV6_LEN))
		return QUALIFY_NO_ADVERT;
	/* The secondary address advertises the primary one, or itself. */
	if (advert->prefix.s6_addr32[0] != q->prefix.s6_addr32[0] ||
	    (advert->prefix.s6_addr32[1] != server->primary &&
	     advert->prefix.s6_addr32[1] != server->secondary))
		return QUALIFY_WRONG_PREFIX;
	if (!teredo_ipv4_is_global(pkt->origin_addr))
		return QUALIFY_NOT_GLOBAL;
	return QUALIFY_ACCEPTED;
}

/* Return the MTU for the link, given the advertised one; 0 for none (C-18). */
static uint32_t usable_mtu(uint32_t mtu)
{
	return mtu && (mtu < TEREDO_MTU_MIN || mtu > UINT16_MAX) ?
	       TEREDO_MTU_MIN : mtu;
}

static struct qualify_target *find_target(struct qualify *q,
					  const struct endpoint *from)
{
	unsigned int i;

	if (from->port != htons(TEREDO_PORT))
		return NULL;
	for (i = 0; i < 2; i++)
		if (q->target[i].asked && q->target[i].addr == from->addr)
			return &q->target[i];
	return NULL;
}

/* Process a datagram outside the round. An answer of a preferred server shows only that
 * the server is alive; the mapping in it is ignored (C-65).
 */
static enum qualify_verdict receive_candidate(struct qualify *q,
					      const struct endpoint *from,
					      const uint8_t *payload,
					      size_t len)
{
	int place = find_server(q, from->addr);
	struct teredo_advert advert;
	struct qualify_candidate *c;
	enum qualify_verdict verdict;
	struct teredo_packet pkt;
	int try;

	if (place < 0 || from->port != htons(TEREDO_PORT))
		return QUALIFY_NOT_FROM_SERVER;
	c = &q->candidate[place];
	if (!c->ask.asked)
		return QUALIFY_NOT_FROM_SERVER;
	verdict = check_answer(q, &q->servers[place], &c->ask, payload, len,
			       &pkt, &advert, &try);
	if (verdict == QUALIFY_ACCEPTED && !c->ask.answered) {
		c->ask.answered = true;
		c->answers++;
	}
	return verdict;
}

enum qualify_verdict qualify_receive(struct qualify *q, uint64_t now,
				     const struct endpoint *from,
				     const uint8_t *payload, size_t len)
{
	struct qualify_target *t = find_target(q, from);
	struct teredo_advert advert;
	enum qualify_verdict verdict;
	struct teredo_packet pkt;
	int try;

	if (!t || !in_round(q))
		return receive_candidate(q, from, payload, len);
	verdict = check_answer(q, &q->server, t, payload, len, &pkt, &advert, &try);
	if (verdict != QUALIFY_ACCEPTED) {
		q->refused++;
		q->refused_why = verdict;
	}
	if (verdict == QUALIFY_NOT_GLOBAL) {
		/* The nonce was right, so the server really sees this address. */
		q->refused_origin.addr = pkt.origin_addr;
		q->refused_origin.port = pkt.origin_port;
		fail_attempt(q, QUALIFY_PRIVATE);
	}
	/* Only a signed refusal ends the attempt. */
	if (verdict == QUALIFY_KEY_REFUSED && q->key.len)
		fail_attempt(q, QUALIFY_REFUSED);
	if (verdict != QUALIFY_ACCEPTED || t->answered)
		return verdict;

	q->renew = payload[pkt.nonce + TEREDO_NONCE_LEN];
	t->answered = true;
	t->answered_at = now;
	t->rtt = now - t->sent_at[try];
	t->mtu = usable_mtu(advert.mtu);
	t->mapped.addr = pkt.origin_addr;
	t->mapped.port = pkt.origin_port;
	judge(q, now);
	return verdict;
}

void qualify_send_failed(struct qualify *q, int error)
{
	/* A lack of memory is treated as a lost datagram. */
	if (error == ENOBUFS || error == ENOMEM || error == EAGAIN)
		return;
	q->error = error;
	/* A qualified client goes on with the tries of the round. Any other fails now, and
	 * tries again after a pause.
	 */
	if (q->phase == QUALIFY_STARTING && !q->returning)
		fail_attempt(q, QUALIFY_UNREACHABLE);
}

const struct qualify_target *qualify_rejected(struct qualify *q,
					      const struct endpoint *to,
					      const struct rejection *rejected)
{
	struct qualify_target *t = find_target(q, to);

	if (!t || !in_round(q) || t->answered || t->rejected.from)
		return NULL;
	t->rejected = *rejected;
	return t;
}

/* Build the solicitation with its authentication (C-25, C-28). */
static void build_payload(const struct qualify *q, const uint8_t *nonce,
			  struct qualify_event *ev)
{
	size_t id_len = q->key.len ? strlen(q->id) : 0;
	size_t au_len = q->key.len ? key_au_len(&q->key) : 0;
	uint8_t *value = ev->payload + 4 + id_len;

	ev->len = teredo_build_auth_signed(ev->payload, (const u8 *)q->id,
					   id_len, au_len, nonce, 0);
	ev->len += teredo_build_solicitation(ev->payload + ev->len,
					     &rs_source);
	if (q->key.len)
		key_sign(&q->key, value + au_len,
			 ev->payload + ev->len - (value + au_len), value);
}

static void solicit(struct qualify *q, struct qualify_target *t, uint64_t now,
		    struct qualify_event *ev)
{
	uint8_t *nonce = t->nonce[t->sent];
	uint32_t spacing = QUALIFY_SPACING_MS << t->sent;

	q->random(nonce, TEREDO_NONCE_LEN);
	memset(ev, 0, sizeof(*ev));
	ev->type = QUALIFY_SEND;
	ev->to.addr = t->addr;
	ev->to.port = htons(TEREDO_PORT);
	build_payload(q, nonce, ev);
	t->sent_at[t->sent++] = now;
	if (t == &q->target[0])
		qualify_sent(q, now, 0);
	t->next_at = now + spacing + random_below(q, spacing / 4 + 1);
}

static bool is_due(const struct qualify_target *t, uint64_t now)
{
	return t->asked && !t->answered && t->sent < QUALIFY_TRIES &&
	       now >= t->next_at;
}

static bool is_candidate_due(const struct qualify_target *t, uint64_t now)
{
	return is_due(t, now) && t->sent < QUALIFY_BACK_TRIES;
}

/* Check, when due, that the server still answers and the mapping is unchanged (C-58). A
 * datagram from the server shows both and postpones the check, but only if one was also
 * sent: a NAT may let only outbound packets refresh the mapping (RFC 4787 REQ-6).
 */
static void check_server(struct qualify *q, uint64_t now)
{
	uint64_t since = q->sent_at < q->heard_at ? q->sent_at : q->heard_at;

	if (now < q->check_at)
		return;
	if (now < since + q->interval) {
		draw_interval(q, since, q->refresh);
		if (now < q->check_at)
			return;
	}
	q->phase = QUALIFY_CHECKING;
	begin_round(q, now, false);
}

static bool is_better(const struct qualify *q, unsigned int place)
{
	return q->servers[place].rank < q->server.rank &&
	       !q->candidate[place].deaf &&
	       teredo_ipv4_is_global(q->servers[place].primary);
}

static bool has_better(const struct qualify *q)
{
	unsigned int i;

	for (i = 0; i < q->servers_count; i++)
		if (is_better(q, i))
			return true;
	return false;
}

static void go_back(struct qualify *q, uint64_t now, unsigned int place)
{
	q->before = q->server;
	q->returning = true;
	q->index = place;
	q->server = q->servers[place];
	q->phase = QUALIFY_STARTING;
	begin_round(q, now, true);
}

/* Ask the preferred servers, and return to one that has answered often enough (C-23). */
static void ask_better(struct qualify *q, uint64_t now)
{
	unsigned int i;

	if (now < q->candidates_at || !has_better(q))
		return;
	q->candidates_at = now + q->interval;
	for (i = 0; i < q->servers_count; i++) {
		struct qualify_candidate *c = &q->candidate[i];

		if (c->ask.asked && !c->ask.answered)
			c->answers = 0;
		memset(&c->ask, 0, sizeof(c->ask));
		if (!is_better(q, i))
			continue;
		if (c->answers >= QUALIFY_BACK_PATIENCE ||
		    (c->answers >= QUALIFY_BACK_ANSWERS && !q->busy)) {
			go_back(q, now, i);
			return;
		}
		c->ask.addr = q->servers[i].primary;
		c->ask.asked = true;
		c->ask.next_at = now;
	}
}

void qualify_echoed(struct qualify *q)
{
	q->fresh = false;
}

/* Nothing arrives at the new address: try another server. Keep this one if it is the only
 * one, or if the test has failed with it before.
 */
static void give_up_echo(struct qualify *q)
{
	int place = find_server(q, q->server.primary);

	q->fresh = false;
	if (place >= 0 && q->servers_count > 1 && !q->candidate[place].deaf) {
		q->candidate[place].deaf = true;
		fail_attempt(q, QUALIFY_DEAF);
	} else {
		q->failure = QUALIFY_DEAF;
		push(q, QUALIFY_UNHEARD);
	}
}

/* Return true if a bubble to our own address is due, and fill in @ev. */
static bool echo(struct qualify *q, uint64_t now, struct qualify_event *ev)
{
	if (!q->fresh || now < q->echo_at ||
	    q->echoes == QUALIFY_ECHO_TRIES)
		return false;
	q->echoes++;
	q->echo_at = now + QUALIFY_ECHO_MS;
	memset(ev, 0, sizeof(*ev));
	ev->type = QUALIFY_ECHO;
	ev->to.addr = q->server.primary;
	ev->to.port = htons(TEREDO_PORT);
	return true;
}

/* Do what the passage of time requires. */
static void advance(struct qualify *q, uint64_t now)
{
	if (q->fresh && q->echoes == QUALIFY_ECHO_TRIES && now >= q->echo_at)
		give_up_echo(q);
	switch (q->phase) {
	case QUALIFY_IDLE:
		break;
	case QUALIFY_STARTING:
	case QUALIFY_CHECKING:
		judge(q, now);
		break;
	case QUALIFY_QUALIFIED:
		check_server(q, now);
		if (q->phase == QUALIFY_QUALIFIED)
			ask_better(q, now);
		break;
	case QUALIFY_FAILING:
		try_next(q, now);
		break;
	case QUALIFY_OFFLINE:
		if (now < q->resume_at)
			break;
		q->phase = QUALIFY_IDLE;
		push(q, QUALIFY_RESOLVE);
		break;
	}
}

uint64_t qualify_deadline(const struct qualify *q)
{
	uint64_t at = QUALIFY_NEVER;
	unsigned int i;

	if (q->pending_count)
		return 0;
	if (q->fresh)
		at = q->echo_at;
	switch (q->phase) {
	case QUALIFY_IDLE:
		break;
	case QUALIFY_STARTING:
	case QUALIFY_CHECKING:
		if (q->round_end < at)
			at = q->round_end;
		if (q->target[0].answered && grace_end(q) < at)
			at = grace_end(q);
		for (i = 0; i < 2; i++) {
			const struct qualify_target *t = &q->target[i];

			if (is_due(t, QUALIFY_NEVER) && t->next_at < at)
				at = t->next_at;
		}
		break;
	case QUALIFY_QUALIFIED:
		if (q->check_at < at)
			at = q->check_at;
		if (has_better(q) && q->candidates_at < at)
			at = q->candidates_at;
		for (i = 0; i < q->servers_count; i++) {
			const struct qualify_target *t = &q->candidate[i].ask;

			if (is_candidate_due(t, QUALIFY_NEVER) &&
			    t->next_at < at)
				at = t->next_at;
		}
		break;
	case QUALIFY_FAILING:
		at = 0;
		break;
	case QUALIFY_OFFLINE:
		at = q->resume_at;
		break;
	}
	return at;
}

bool qualify_poll(struct qualify *q, uint64_t now, struct qualify_event *ev)
{
	unsigned int i;

	if (!q->pending_count)
		advance(q, now);
	if (q->pending_count) {
		*ev = q->pending[0];
		q->pending_count--;
		memmove(q->pending, q->pending + 1,
			q->pending_count * sizeof(q->pending[0]));
		return true;
	}
	if (echo(q, now, ev))
		return true;
	for (i = 0; q->phase == QUALIFY_QUALIFIED && i < q->servers_count;
	     i++) {
		if (is_candidate_due(&q->candidate[i].ask, now)) {
			solicit(q, &q->candidate[i].ask, now, ev);
			return true;
		}
	}
	for (i = 0; in_round(q) && i < 2; i++) {
		if (is_due(&q->target[i], now)) {
			solicit(q, &q->target[i], now, ev);
			return true;
		}
	}
	return false;
}
