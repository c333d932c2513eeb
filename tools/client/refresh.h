/* SPDX-License-Identifier: GPL-2.0 */
/* Find out how long the NAT keeps an unused mapping: the refresh interval determination
 * of RFC 4380 section 5.2.7. A secondary port is qualified like the service port and left
 * unused for a candidate interval. Then a bubble to its Teredo address shows whether its
 * mapping still exists.
 *
 * There is no I/O here, nor in qualify.h, which qualifies the secondary port: the caller
 * passes in the time and the datagrams received there, and sends.
 *
 *	ASKING -> SETTLING -> ASKING -> TESTING -> WAITING -> TESTING --.
 *	   ^                        once, with no wait                  |
 *	   '--------------------------- next candidate -----------------'
 *
 * The server is asked twice in each round, some seconds apart: many NATs keep a mapping
 * for long only if traffic continues after two seconds, as on the service port.
 */
#ifndef TEREDO_TOOL_REFRESH_H
#define TEREDO_TOOL_REFRESH_H

#include "client/qualify.h"

/* RFC 4380 5.2.7 and 2.16. */
#define REFRESH_MAX_MS		120000
#define REFRESH_BUBBLE_MS	2000
#define REFRESH_BUBBLES		4	/* one, and three repeats */
/* Sent once; lost if the NAT does not hairpin. */
#define REFRESH_HAIRPIN_BUBBLES	2
#define REFRESH_SETTLE_MS	3000
/* Unexpected datagrams that restart the wait, before giving up. */
#define REFRESH_DISTURBED_MAX	16

enum refresh_phase {
	REFRESH_IDLE,
	REFRESH_ASKING,		/* the server, from the secondary port */
	REFRESH_SETTLING,
	REFRESH_WAITING,
	REFRESH_TESTING,	/* sending bubbles */
	REFRESH_JUDGED,		/* until refresh_poll() has reported it */
};

/* The path of the bubbles. */
enum refresh_way {
	REFRESH_UNKNOWN,
	REFRESH_DIRECT,		/* the NAT hairpins them */
	REFRESH_SERVER,		/* our server forwards them */
};

enum refresh_failure {
	REFRESH_NOT_QUALIFIED,	/* the secondary port, see r->port */
	REFRESH_NO_WAY,		/* no bubble arrives even at a new mapping */
	REFRESH_DISTURBED,
};

struct refresh_event {
	enum {
		/* Send payload to `to` from the secondary port, or from the
		 * service port.
		 */
		REFRESH_SEND_SECONDARY,
		REFRESH_SEND_SERVICE,
		/* The path is known now. */
		REFRESH_WAY,
		/* `tried` was tested: r->interval is the longest that works so far. */
		REFRESH_PASSED,
		REFRESH_MISSED,
		/* The end: r->interval is the result. */
		REFRESH_DONE,
		/* The end, but longer intervals than r->interval may work, too. */
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
	bool missed_direct;	/* when looking for the path */
	uint64_t touched_at;	/* last datagram to or from the secondary port */
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

/* Return the first candidate after @interval, both in milliseconds, or 0 if @interval is
 * long enough already.
 */
uint32_t refresh_first(uint32_t interval);

/* Begin with @interval. @service has qualified the service port, whose Teredo address is
 * @address. @local is the mapping of the secondary port if there is no NAT, or all zero.
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

/* The last REFRESH_SEND_SECONDARY failed. */
void refresh_send_failed(struct refresh *r, int error);

/* As qualify_deadline() and qualify_poll(). */
uint64_t refresh_deadline(const struct refresh *r);
bool refresh_poll(struct refresh *r, uint64_t now, struct refresh_event *ev);

#endif /* TEREDO_TOOL_REFRESH_H */
