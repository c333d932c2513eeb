/* SPDX-License-Identifier: GPL-2.0 */
/* Qualification and its maintenance (RFC 4380 sections 5.2.1 and 5.2.5, with RFC 5991):
 * send Router Solicitations to the two addresses of a server, conclude from the answers
 * what kind of NAT is on the path, and decide when to ask again.
 *
 * There is no I/O here: the caller passes in the time and the datagrams received, and
 * qualify_poll() returns the next action. Times are in milliseconds of any clock that
 * never goes back.
 *
 *                 start                answers
 *      IDLE -----------------> STARTING -------> QUALIFIED
 *       ^                       |                 |     ^
 *       | RESOLVE               | every server    |     | answers
 *       |                       v has failed      v     |
 *       +------------------- OFFLINE <----------- CHECKING
 *               pause             loss: STARTING with the next server
 *
 * A qualified client whose server is not its most preferred one keeps asking the servers
 * that it prefers, and returns to one that has answered for a while. The old address stays
 * valid until there is a new one.
 */
#ifndef TEREDO_TOOL_QUALIFY_H
#define TEREDO_TOOL_QUALIFY_H

#include "base/containers.h"
#include "text/key.h"
#include "text/options.h"
#include "codec/parse.h"

/* Solicitations to one address in a round, their initial spacing, which doubles, and the
 * length of the round. A lost datagram costs half a second; the whole round lasts as long
 * as RFC 4380 requires (3 x 4 s).
 */
#define QUALIFY_TRIES		5
#define QUALIFY_SPACING_MS	500
#define QUALIFY_ROUND_MS	12000
/* How long to wait for a silent secondary address */
#define QUALIFY_GRACE_MS	1500
/* Pause after all servers failed; it doubles up to the maximum */
#define QUALIFY_PAUSE_MS	5000
#define QUALIFY_PAUSE_MAX_MS	100000

/* Upper limit of the first refresh interval of a new mapping, whatever is configured: many
 * NATs expire a mapping that has seen only one exchange sooner than one in continued use.
 */
#define QUALIFY_FIRST_MS	30000
/* Answers in a row, one each refresh interval, after which the client returns to a
 * preferred server: _ANSWERS if the link is idle, _PATIENCE in any case. There is no
 * hurry: the address changes, which breaks all connections, and the server in use works.
 * _TRIES is the number of solicitations each time.
 */
#define QUALIFY_BACK_ANSWERS	10
#define QUALIFY_BACK_PATIENCE	120
#define QUALIFY_BACK_TRIES	2
/* Bubbles to our own address, to test whether a new address works (SEC-10). */
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
	unsigned int rank;	/* lower is preferred */
};

/* An address of the server in the present round. */
struct qualify_target {
	__be32 addr;
	bool asked;		/* in this round */
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

/* State of a listed server that is not in use. */
struct qualify_candidate {
	struct qualify_target ask;
	unsigned int answers;	/* in a row */
	bool deaf;		/* it did not forward bubbles to us */
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
	QUALIFY_FAILING,	/* until qualify_poll() has reported it */
	QUALIFY_OFFLINE,
};

enum qualify_failure {
	QUALIFY_NO_REPLY,
	QUALIFY_PRIMARY_SILENT,	/* only the secondary address answered */
	QUALIFY_SYMMETRIC,
	QUALIFY_REFUSED,	/* the server no longer accepts our key */
	QUALIFY_PRIVATE,	/* the mapped address is not public */
	QUALIFY_UNREACHABLE,	/* sending failed, see q->error */
	QUALIFY_BAD_SERVER,	/* its address is not global */
	QUALIFY_DEAF,		/* nothing arrives at the address */
};

struct qualify_event {
	enum {
		/* Send payload to `to`; call qualify_send_failed() on failure. */
		QUALIFY_SEND,
		/* Qualified: newly, still, or with another mapping. */
		QUALIFY_UP,
		/* The server was lost: the address is no longer valid. */
		QUALIFY_DOWN,
		/* The attempt with q->server failed; q->target still holds the round. */
		QUALIFY_FAILED,
		/* Send a bubble from our new address to itself, through the server. Call
		 * qualify_echoed() when one arrives.
		 */
		QUALIFY_ECHO,
		/* No such bubble arrived, and there is no other server to try. */
		QUALIFY_UNHEARD,
		/* Nothing left to try for `pause`. */
		QUALIFY_PAUSE,
		/* Look the servers up, then call qualify_start(). */
		QUALIFY_RESOLVE,
	} type;
	struct endpoint to;
	uint8_t payload[QUALIFY_RS_MAX];
	size_t len;
	enum qualify_failure failure;
	bool changed;		/* up: the mapping or the server is new */
	uint32_t pause;
};

struct qualify {
	/* Set-up. */
	struct in6_addr prefix;
	uint32_t refresh;
	void (*random)(void *buf, size_t len);
	struct qualify_server servers[QUALIFY_SERVERS_MAX];
	unsigned int servers_count;
	struct endpoint local;	/* the mapping if there is no NAT */
	char id[TEREDO_ID_MAX + 1];
	struct key key;		/* empty: nonces only (C-25) */

	/* The outcome, valid from the first QUALIFY_UP on. */
	enum qualify_phase phase;
	struct qualify_server server;
	struct endpoint mapped;
	struct endpoint mapped_before;	/* the last change of it */
	uint8_t nat;		/* enum teredo_nat */
	uint32_t mtu;
	bool renew;		/* the server wants us to get a new key */

	/* The round: the primary address is the first target. */
	struct qualify_target target[2];
	uint64_t round_end;
	int error;		/* errno of the last failure to send, or 0 */
	struct endpoint refused_origin;	/* of QUALIFY_PRIVATE */
	unsigned int refused;	/* answers that were not accepted, and why */
	enum qualify_verdict refused_why;

	uint64_t heard_at;	/* last datagram from the server */
	uint64_t sent_at;	/* last datagram to its primary address */
	uint64_t check_at;
	uint32_t interval;	/* randomized refresh interval */
	bool lost;		/* failing: was qualified */
	enum qualify_failure failure;
	unsigned int index;	/* of the server to try */
	__be32 lost_server;	/* the next one in the list is tried next */
	unsigned int tried;	/* servers that failed in a row */
	uint32_t pause;
	uint64_t resume_at;

	/* Preferred servers. */
	struct qualify_candidate candidate[QUALIFY_SERVERS_MAX];
	uint64_t candidates_at;
	bool busy;		/* the link is in use: do not return for now */
	bool returning;		/* the round is with a preferred server */
	struct qualify_server before;

	/* The test of a new address. */
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

/* Try the servers in turn, beginning with the one after a server that was lost. */
void qualify_start(struct qualify *q, uint64_t now);

/* Continue as qualified after another controller, but check at once that this is still
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

/* Report that a solicitation to @to was rejected. The round goes on, but the user can be
 * told what is wrong. Returns the target of the solicitation the first time in a round,
 * else NULL.
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

/* Return a text for the outcome of a received datagram. */
const char *qualify_verdict_text(enum qualify_verdict verdict);

#endif /* TEREDO_TOOL_QUALIFY_H */
