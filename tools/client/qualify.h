/* SPDX-License-Identifier: GPL-2.0 */
/* Qualification and its maintenance (RFC 4380 sections 5.2.1 and 5.2.5, with
 * RFC 5991): Router Solicitations to the two addresses of a server, what
 * their answers say about the NAT in between, and when to ask again.
 *
 * No input and no output here: the caller tells the time and hands over what
 * arrives, qualify_poll() says what there is to do. The times are in
 * milliseconds of any clock that never goes back.
 *
 *                 start                answers
 *      IDLE -----------------> STARTING -------> QUALIFIED
 *       ^                       |                 |     ^
 *       | RESOLVE               | every server    |     | answers
 *       |                       v has failed      v     |
 *       +------------------- OFFLINE <----------- CHECKING
 *               pause             loss: STARTING with the next server
 *
 * A client that is qualified, but not by a server that it prefers, goes on to
 * ask those; one that has answered for a while is returned to. The address of
 * before stays until the new one is there.
 */
#ifndef TEREDO_TOOL_QUALIFY_H
#define TEREDO_TOOL_QUALIFY_H

#include "base/containers.h"
#include "text/key.h"
#include "text/options.h"
#include "codec/parse.h"

/* Solicitations to one address in one round, their spacing, which doubles,
 * and the time after which the round is over. One lost datagram costs half a
 * second; all of it is as patient as RFC 4380 wants (3 x 4 s).
 */
#define QUALIFY_TRIES		5
#define QUALIFY_SPACING_MS	500
#define QUALIFY_ROUND_MS	12000
/* How long a silent secondary address may delay a qualification */
#define QUALIFY_GRACE_MS	1500
/* Pause after all servers failed; it doubles up to the second figure */
#define QUALIFY_PAUSE_MS	5000
#define QUALIFY_PAUSE_MAX_MS	100000

/* How soon a new mapping is used for the second time, however long the NAT
 * remembers those that have been: many forget an exchange of two datagrams
 * sooner than what goes on.
 */
#define QUALIFY_FIRST_MS	30000
/* A preferred server is returned to when it has answered so many times in a row,
 * once each refresh interval, and the link is idle; busy or not, when it has
 * answered so many times. Its address is another one, which ends all
 * connections, and the server in use is as good as any.
 */
#define QUALIFY_BACK_ANSWERS	10
#define QUALIFY_BACK_PATIENCE	120
#define QUALIFY_BACK_TRIES	2
/* Bubbles to ourselves that show whether a fresh address works (SEC-10). */
#define QUALIFY_ECHO_TRIES	3
#define QUALIFY_ECHO_MS		1000

#define QUALIFY_SERVERS_MAX	OPTIONS_SERVERS_MAX

#define QUALIFY_NEVER		UINT64_MAX

/* A solicitation: authentication with a nonce, then the packet. */
#define QUALIFY_RS_MAX \
	(TEREDO_AUTH_MIN + TEREDO_ID_MAX + TEREDO_AU_MAX + TEREDO_RS_LEN)

struct qualify_server {
	__be32 primary;
	__be32 secondary;
	unsigned int rank;	/* of several, those with the lowest are preferred */
};

/* One address of the server, in the round under way. */
struct qualify_target {
	__be32 addr;
	bool asked;		/* takes part in the round */
	bool answered;
	unsigned int sent;
	uint64_t next_at;	/* of the next try */
	uint64_t sent_at[QUALIFY_TRIES];
	uint8_t nonce[QUALIFY_TRIES][TEREDO_NONCE_LEN];
	uint64_t answered_at;
	uint32_t rtt;
	uint32_t mtu;		/* 0: no MTU option */
	struct endpoint mapped;
	struct rejection rejected;	/* the first one */
};

/* What is known of a server of the list that is not in use. */
struct qualify_candidate {
	struct qualify_target ask;
	unsigned int answers;	/* in a row */
	bool deaf;		/* it did not pass on what was for us */
};

/* Outcome of a received datagram */
enum qualify_verdict {
	QUALIFY_ACCEPTED,
	QUALIFY_NOT_FROM_SERVER,
	QUALIFY_NOT_TEREDO,
	QUALIFY_WRONG_NONCE,
	QUALIFY_NOT_SIGNED,
	QUALIFY_WRONG_VALUE,
	QUALIFY_KEY_REFUSED,
	QUALIFY_NO_ORIGIN,
	QUALIFY_NOT_FOR_US,
	QUALIFY_NO_ADVERT,
	QUALIFY_WRONG_PREFIX,
	QUALIFY_NOT_GLOBAL,
};

enum qualify_phase {
	QUALIFY_IDLE,
	QUALIFY_STARTING,
	QUALIFY_QUALIFIED,
	QUALIFY_CHECKING,
	QUALIFY_FAILING,	/* until qualify_poll() reported it */
	QUALIFY_OFFLINE,
};

enum qualify_failure {
	QUALIFY_NO_REPLY,
	QUALIFY_PRIMARY_SILENT,	/* only the secondary address answered */
	QUALIFY_SYMMETRIC,
	QUALIFY_REFUSED,	/* the server does not take our key any more */
	QUALIFY_PRIVATE,	/* the server sees no public address of ours */
	QUALIFY_UNREACHABLE,	/* could not even send, see q->error */
	QUALIFY_BAD_SERVER,	/* its address is not global */
	QUALIFY_DEAF,		/* nothing arrives at the address */
};

struct qualify_event {
	enum {
		/* Send payload to `to`; on failure qualify_send_failed(). */
		QUALIFY_SEND,
		/* Qualified, or still so, or with another mapping. */
		QUALIFY_UP,
		/* The server was lost: the address is not valid any more. */
		QUALIFY_DOWN,
		/* The attempt with q->server failed; the round is still
		 * there to be looked at.
		 */
		QUALIFY_FAILED,
		/* Send a bubble from our new address to itself, by way of the
		 * server; qualify_echoed() when one has arrived.
		 */
		QUALIFY_ECHO,
		/* None has, and there is no other server to try. */
		QUALIFY_UNHEARD,
		/* Nothing left to try for `pause`. */
		QUALIFY_PAUSE,
		/* Look the servers up, then qualify_start(). */
		QUALIFY_RESOLVE,
	} type;
	struct endpoint to;
	uint8_t payload[QUALIFY_RS_MAX];
	size_t len;
	enum qualify_failure failure;
	bool changed;		/* up: not the mapping or server of before */
	uint32_t pause;
};

struct qualify {
	/* Set-up. */
	struct in6_addr prefix;
	uint32_t refresh;
	void (*random)(void *buf, size_t len);
	struct qualify_server servers[QUALIFY_SERVERS_MAX];
	unsigned int servers_count;
	struct endpoint local;	/* what a host without NAT is mapped to */
	char id[TEREDO_ID_MAX + 1];
	struct key key;		/* none: nonces alone (C-25) */

	/* The outcome, valid from the first QUALIFY_UP on. */
	enum qualify_phase phase;
	struct qualify_server server;
	struct endpoint mapped;
	struct endpoint mapped_before;	/* the last change */
	uint8_t nat;		/* enum teredo_nat */
	uint32_t mtu;
	bool renew;		/* the server wants us to get a new key */

	/* The round: the primary address is the first target. */
	struct qualify_target target[2];
	uint64_t round_end;
	int error;		/* why sending failed, 0 if it did not */
	struct endpoint refused_origin;	/* of QUALIFY_PRIVATE */
	unsigned int refused;	/* answers that were not accepted, and why */
	enum qualify_verdict refused_why;

	uint64_t heard_at;	/* of anything from the server */
	uint64_t sent_at;	/* of anything to its primary address */
	uint64_t check_at;
	uint32_t interval;	/* randomized refresh interval */
	bool lost;		/* failing: was qualified */
	enum qualify_failure failure;
	unsigned int index;	/* of the server to try */
	__be32 lost_server;	/* the one after it comes next */
	unsigned int tried;	/* servers that failed one after another */
	uint32_t pause;
	uint64_t resume_at;

	/* Preferred servers. */
	struct qualify_candidate candidate[QUALIFY_SERVERS_MAX];
	uint64_t candidates_at;
	bool busy;		/* the link: do not return for now */
	bool returning;		/* the round is with a preferred server */
	struct qualify_server before;

	/* A fresh address, on trial. */
	bool fresh;
	unsigned int echoes;
	uint64_t echo_at;

	struct qualify_event pending[4];
	unsigned int pending_count;
};

/* @prefix: only its first 32 bits count. @refresh in milliseconds. */
void qualify_init(struct qualify *q, const struct in6_addr *prefix,
		  uint32_t refresh, void (*random)(void *buf, size_t len));

/* Set the list of servers, in order of preference, at any time; the one in use is kept. */
void qualify_set_servers(struct qualify *q, const struct qualify_server *list,
			 unsigned int count);

/* Sign solicitations as @id, and require signed answers (C-30). */
void qualify_set_key(struct qualify *q, const char *id, const struct key *key);

/* Try one server after another, beginning with the one whose turn it is. */
void qualify_start(struct qualify *q, uint64_t now);

/* Continue for another controller: qualified, but check at once whether that is still
 * true.
 */
void qualify_adopt(struct qualify *q, uint64_t now,
		   const struct qualify_server *server,
		   const struct endpoint *mapped, uint8_t nat);

/* The network has changed. */
void qualify_recheck(struct qualify *q, uint64_t now);

/* Forget everything except the set-up. */
void qualify_stop(struct qualify *q);

/* A datagram came from the server @idle milliseconds ago. */
void qualify_heard(struct qualify *q, uint64_t now, uint32_t idle);

/* A datagram other than a solicitation went to its primary address @idle milliseconds ago.
 */
void qualify_sent(struct qualify *q, uint64_t now, uint32_t idle);

/* A bubble to ourselves has arrived. */
void qualify_echoed(struct qualify *q);

/* A datagram arrived at the service port. */
enum qualify_verdict qualify_receive(struct qualify *q, uint64_t now,
				     const struct endpoint *from,
				     const uint8_t *payload, size_t len);

/* The last QUALIFY_SEND failed. */
void qualify_send_failed(struct qualify *q, int error);

/* A solicitation to @to was rejected. That is no answer, and it is tried again, but it
 * tells what is wrong. Returns the address of the server that it was about, the first time
 * in a round, else NULL.
 */
const struct qualify_target *qualify_rejected(struct qualify *q,
					      const struct endpoint *to,
					      const struct rejection *rejected);

/* Return when to call qualify_poll() again; QUALIFY_NEVER: not before something else
 * happens.
 */
uint64_t qualify_deadline(const struct qualify *q);

/* Return the next action, if any. Call until it returns false. */
bool qualify_poll(struct qualify *q, uint64_t now, struct qualify_event *ev);

/* Answers that were refused, in words. */
const char *qualify_verdict_text(enum qualify_verdict verdict);

#endif /* TEREDO_TOOL_QUALIFY_H */
