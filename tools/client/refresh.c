// SPDX-License-Identifier: GPL-2.0
#include "client/refresh.h"

#include "codec/build.h"

/* Return true if a longer interval is not worth the search (C-78). RFC 4380 stops only
 * after failures, which never ends if the NAT keeps mappings for long.
 */
static bool is_long_enough(uint32_t interval, uint32_t maximum)
{
	return interval >= maximum / 4 * 3;
}

static uint32_t next_candidate(uint32_t interval, uint32_t maximum)
{
	uint32_t middle = (interval + maximum) / 2;

	return 2 * interval < middle ? 2 * interval : middle;
}

uint32_t refresh_first(uint32_t interval)
{
	return is_long_enough(interval, REFRESH_MAX_MS) ? 0 :
	       next_candidate(interval, REFRESH_MAX_MS);
}

/* Ask the server whether the mapping of the secondary port is unchanged (C-79). */
static void ask(struct refresh *r, uint64_t now)
{
	qualify_recheck(&r->port, now);
	r->phase = REFRESH_ASKING;
}

static void test(struct refresh *r, uint64_t now)
{
	r->phase = REFRESH_TESTING;
	r->sent = 0;
	r->next_at = now;
}

static void wait_silently(struct refresh *r)
{
	r->phase = REFRESH_WAITING;
	r->next_at = r->touched_at + r->candidate;
}

static void give_up(struct refresh *r, enum refresh_failure failure)
{
	r->phase = REFRESH_JUDGED;
	r->judgement = REFRESH_FAILED;
	r->failure = failure;
}

void refresh_start(struct refresh *r, uint64_t now, uint32_t interval,
		   const struct qualify *service,
		   const struct in6_addr *address,
		   const struct endpoint *local)
{
	memset(r, 0, sizeof(*r));
	r->interval = interval;
	r->maximum = REFRESH_MAX_MS;
	r->candidate = refresh_first(interval);
	r->service = *address;
	/* UINT32_MAX: no maintenance except by ask(). */
	qualify_init(&r->port, &service->prefix, UINT32_MAX, service->random);
	qualify_set_servers(&r->port, &service->server, 1);
	qualify_set_key(&r->port, service->id, &service->key);
	r->port.local = *local;
	qualify_start(&r->port, now);
	r->phase = REFRESH_ASKING;
}

void refresh_stop(struct refresh *r)
{
	r->phase = REFRESH_IDLE;
}

void refresh_move(struct refresh *r, const struct in6_addr *address)
{
	r->service = *address;
}

/* Make a new secondary address each time, so that nobody can forge a bubble from an
 * earlier one.
 */
static void make_address(struct refresh *r)
{
	struct teredo_addr parts = {
		.server = r->port.server.primary,
		.client = r->port.mapped.addr,
		.port = r->port.mapped.port,
	};

	r->port.random(&parts.flags, sizeof(parts.flags));
	parts.flags &= TEREDO_FLAGS_RANDOM;
	teredo_addr_pack(&r->secondary, &r->port.prefix, &parts);
}

/* The server answered. */
static void port_is_up(struct refresh *r, uint64_t now)
{
	r->touched_at = now;
	if (!r->settled) {
		r->settled = true;
		r->phase = REFRESH_SETTLING;
		r->next_at = now + REFRESH_SETTLE_MS;
		return;
	}
	make_address(r);
	if (r->way != REFRESH_UNKNOWN) {
		wait_silently(r);
		return;
	}
	/* Without a NAT, a direct bubble would not leave the host. */
	r->missed_direct = r->port.nat == TEREDO_NAT_NONE;
	test(r, now);
}

/* Run the qualification of the secondary port. Returns true if @ev was filled in. */
static bool poll_port(struct refresh *r, uint64_t now,
		      struct refresh_event *ev)
{
	struct qualify_event port;

	while (r->phase == REFRESH_ASKING &&
	       qualify_poll(&r->port, now, &port)) {
		switch (port.type) {
		case QUALIFY_SEND:
			r->touched_at = now;
			ev->type = REFRESH_SEND_SECONDARY;
			ev->to = port.to;
			ev->len = port.len;
			memcpy(ev->payload, port.payload, ev->len);
			return true;
		case QUALIFY_UP:
			port_is_up(r, now);
			break;
		case QUALIFY_FAILED:
			give_up(r, REFRESH_NOT_QUALIFIED);
			break;
		default:
			break;
		}
	}
	return false;
}

/* Send a bubble from the service port to the secondary address (C-77). */
static void send_bubble(struct refresh *r, uint64_t now,
			struct refresh_event *ev)
{
	bool direct = r->way == REFRESH_DIRECT ||
		      (r->way == REFRESH_UNKNOWN && !r->missed_direct);

	ev->type = REFRESH_SEND_SERVICE;
	if (direct) {
		ev->to = r->port.mapped;
	} else {
		ev->to.addr = r->port.server.primary;
		ev->to.port = htons(TEREDO_PORT);
	}
	ev->len = teredo_build_bubble(ev->payload, &r->service, &r->secondary);
	r->sent++;
	r->next_at = now + REFRESH_BUBBLE_MS;
}

/* No bubble of a test arrived in time. */
static void miss(struct refresh *r, uint64_t now)
{
	if (r->way != REFRESH_UNKNOWN) {
		r->phase = REFRESH_JUDGED;
		r->judgement = REFRESH_CANDIDATE_MISSED;
	} else if (!r->missed_direct) {
		r->missed_direct = true;
		test(r, now);
	} else {
		give_up(r, REFRESH_NO_WAY);
	}
}

static unsigned int bubbles(const struct refresh *r)
{
	return r->way == REFRESH_UNKNOWN && !r->missed_direct ?
	       REFRESH_HAIRPIN_BUBBLES : REFRESH_BUBBLES;
}

static void next_round(struct refresh *r, uint64_t now)
{
	if (is_long_enough(r->interval, r->maximum)) {
		r->phase = REFRESH_JUDGED;
		r->judgement = REFRESH_CONCLUDED;
		return;
	}
	r->candidate = next_candidate(r->interval, r->maximum);
	r->settled = false;
	ask(r, now);
}

/* Report the judgement, and continue. */
static void report(struct refresh *r, uint64_t now, struct refresh_event *ev)
{
	ev->tried = r->candidate;
	switch (r->judgement) {
	case REFRESH_WAY_FOUND:
		ev->type = REFRESH_WAY;
		wait_silently(r);
		break;
	case REFRESH_CANDIDATE_PASSED:
		ev->type = REFRESH_PASSED;
		r->interval = r->candidate;
		next_round(r, now);
		break;
	case REFRESH_CANDIDATE_MISSED:
		ev->type = REFRESH_MISSED;
		r->maximum = r->candidate;
		next_round(r, now);
		break;
	case REFRESH_CONCLUDED:
		ev->type = REFRESH_DONE;
		r->phase = REFRESH_IDLE;
		break;
	case REFRESH_FAILED:
		ev->type = REFRESH_GAVE_UP;
		ev->failure = r->failure;
		r->phase = REFRESH_IDLE;
		break;
	}
}

static bool is_our_bubble(const struct refresh *r, const uint8_t *payload,
			  size_t len)
{
	struct teredo_packet pkt;

	return teredo_parse(&pkt, payload, len, len) == TEREDO_PARSE_OK &&
	       teredo_is_bubble(&pkt) &&
	       teredo_addr_equal(&pkt.saddr, &r->service) &&
	       teredo_addr_equal(&pkt.daddr, &r->secondary);
}

/* Our bubble arrived. The sender does not matter: the test is whether it gets in. */
static void take_bubble(struct refresh *r, const struct endpoint *from)
{
	r->phase = REFRESH_JUDGED;
	if (r->way != REFRESH_UNKNOWN) {
		r->judgement = REFRESH_CANDIDATE_PASSED;
		return;
	}
	r->judgement = REFRESH_WAY_FOUND;
	r->way = from->port == htons(TEREDO_PORT) &&
		 from->addr == r->port.server.primary ?
		 REFRESH_SERVER : REFRESH_DIRECT;
}

void refresh_receive(struct refresh *r, uint64_t now,
		     const struct endpoint *from, const uint8_t *payload,
		     size_t len)
{
	switch (r->phase) {
	case REFRESH_ASKING:
		r->touched_at = now;
		qualify_receive(&r->port, now, from, payload, len);
		break;
	case REFRESH_SETTLING:
		r->touched_at = now;
		break;
	case REFRESH_WAITING:
		/* A late answer, or a stranger who keeps the mapping alive to deceive us:
		 * the mapping was used, so start the wait again.
		 */
		r->touched_at = now;
		wait_silently(r);
		if (++r->disturbed > REFRESH_DISTURBED_MAX)
			give_up(r, REFRESH_DISTURBED);
		break;
	case REFRESH_TESTING:
		r->touched_at = now;
		if (is_our_bubble(r, payload, len))
			take_bubble(r, from);
		break;
	case REFRESH_IDLE:
	case REFRESH_JUDGED:
		break;
	}
}

void refresh_send_failed(struct refresh *r, int error)
{
	qualify_send_failed(&r->port, error);
}

uint64_t refresh_deadline(const struct refresh *r)
{
	switch (r->phase) {
	case REFRESH_IDLE:
		return QUALIFY_NEVER;
	case REFRESH_ASKING:
		return qualify_deadline(&r->port);
	case REFRESH_JUDGED:
		return 0;
	default:
		return r->next_at;
	}
}

bool refresh_poll(struct refresh *r, uint64_t now, struct refresh_event *ev)
{
	memset(ev, 0, sizeof(*ev));
	if (r->phase == REFRESH_SETTLING && now >= r->next_at)
		ask(r, now);
	if (r->phase == REFRESH_WAITING && now >= r->next_at)
		test(r, now);
	if (r->phase == REFRESH_ASKING && poll_port(r, now, ev))
		return true;
	if (r->phase == REFRESH_TESTING && now >= r->next_at) {
		if (r->sent == bubbles(r))
			miss(r, now);
		if (r->phase == REFRESH_TESTING) {
			send_bubble(r, now, ev);
			return true;
		}
	}
	if (r->phase != REFRESH_JUDGED)
		return false;
	report(r, now, ev);
	return true;
}
