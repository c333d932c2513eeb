/* SPDX-License-Identifier: GPL-2.0 */
/* How long does the NAT remember a mapping that is not used? The refresh
 * interval determination of RFC 4380 section 5.2.7: a secondary port is
 * qualified like the service port, left alone for a candidate interval, and
 * then a bubble to its Teredo address tells if its mapping is still there.
 *
 * No input and no output, as in qualify.h, which does the work on the
 * secondary port: the caller tells the time, hands over what arrives there,
 * and sends.
 *
 *	ASKING -> SETTLING -> ASKING -> TESTING -> WAITING -> TESTING --.
 *	   ^                        once, with no wait                  |
 *	   '--------------------------- next candidate -----------------'
 *
 * Twice in each round the server is asked, some seconds apart, as it is on
 * the service port over time: to many NATs only what goes on after two
 * seconds is more than a question and its answer.
 */
#ifndef TEREDO_TOOL_REFRESH_H
#define TEREDO_TOOL_REFRESH_H

#include "client/qualify.h"

/* RFC 4380 5.2.7 and 2.16. */
#define REFRESH_MAX_MS		120000
#define REFRESH_BUBBLE_MS	2000
#define REFRESH_BUBBLES		4	/* one, and three repeats */
/* Without hairpinning these go for nothing, once. */
#define REFRESH_HAIRPIN_BUBBLES	2
#define REFRESH_SETTLE_MS	3000
/* Datagrams that we did not ask for, and that made us wait once more. */
#define REFRESH_DISTURBED_MAX	16

enum refresh_phase {
	REFRESH_IDLE,
	REFRESH_ASKING,		/* the server, from the secondary port */
	REFRESH_SETTLING,
	REFRESH_WAITING,
	REFRESH_TESTING,	/* bubbles are under way */
	REFRESH_JUDGED,		/* until refresh_poll() reported it */
};

/* The way of the bubbles. */
enum refresh_way {
	REFRESH_UNKNOWN,
	REFRESH_DIRECT,		/* the NAT leads them back in: hairpin */
	REFRESH_SERVER,		/* our server sends them on */
};

enum refresh_failure {
	REFRESH_NOT_QUALIFIED,	/* the secondary port, see r->port */
	REFRESH_NO_WAY,		/* not even a fresh mapping gets a bubble */
	REFRESH_DISTURBED,
};

struct refresh_event {
	enum {
		/* Send payload to `to` from the secondary port, or from the
		 * service port.
		 */
		REFRESH_SEND_SECONDARY,
		REFRESH_SEND_SERVICE,
		/* The way is known now. */
		REFRESH_WAY,
		/* `tried` is over: r->interval is what is good so far. */
		REFRESH_PASSED,
		REFRESH_MISSED,
		/* The end: r->interval is the result. */
		REFRESH_DONE,
		/* The end, too, but there may be more than r->interval. */
		REFRESH_GAVE_UP,
	} type;
	struct endpoint to;
	uint8_t payload[QUALIFY_RS_MAX];
	size_t len;
	uint32_t tried;
	enum refresh_failure failure;
};

struct refresh {
	enum refresh_phase phase;
	struct qualify port;	/* the secondary one */
	struct in6_addr service;	/* Teredo addresses */
	struct in6_addr secondary;
	uint32_t interval, candidate, maximum;
	enum refresh_way way;

	bool settled;		/* asked twice in this round */
	bool missed_direct;	/* when looking for the way */
	uint64_t touched_at;	/* last interaction of the secondary port */
	uint64_t next_at;
	unsigned int sent;	/* bubbles */
	unsigned int disturbed;
	enum refresh_failure failure;
	enum {
		REFRESH_WAY_FOUND,
		REFRESH_CANDIDATE_PASSED,
		REFRESH_CANDIDATE_MISSED,
		REFRESH_CONCLUDED,
		REFRESH_FAILED,
	} judgement;
};

/* The first candidate after @interval, both in milliseconds; 0 if there is
 * nothing to find out, since @interval is long enough.
 */
uint32_t refresh_first(uint32_t interval);

/* Begin with @interval, as a service port with @address is qualified by
 * @service. @local is what the secondary port is mapped to without NAT, or
 * all zero.
 */
void refresh_start(struct refresh *r, uint64_t now, uint32_t interval,
		   const struct qualify *service,
		   const struct in6_addr *address,
		   const struct endpoint *local);

void refresh_stop(struct refresh *r);

/* The service port has another address now. */
void refresh_move(struct refresh *r, const struct in6_addr *address);

/* A datagram arrived at the secondary port. */
void refresh_receive(struct refresh *r, uint64_t now,
		     const struct endpoint *from, const uint8_t *payload,
		     size_t len);

/* The last REFRESH_SEND_SECONDARY could not be done. */
void refresh_send_failed(struct refresh *r, int error);

/* As qualify_deadline() and qualify_poll(). */
uint64_t refresh_deadline(const struct refresh *r);
bool refresh_poll(struct refresh *r, uint64_t now, struct refresh_event *ev);

#endif /* TEREDO_TOOL_REFRESH_H */
