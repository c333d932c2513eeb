// SPDX-License-Identifier: GPL-2.0
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include "host.h"

static void explain_silence(const struct qualify *q, char *out, size_t size)
{
	const char *primary = ipv4_text(q->server.primary);
	const char *secondary = ipv4_text(q->server.secondary);
	unsigned int tries = q->target[0].sent;

	if (q->refused)
		snprintf(out, size,
			 "no valid reply from server %s, %u tries: %u refused, the last one: %s",
			 primary, tries, q->refused,
			 qualify_verdict_text(q->refused_why));
	else if (q->error)
		snprintf(out, size, "no reply from server %s, %u tries: %s",
			 primary, tries, strerror(q->error));
	else if (q->failure == QUALIFY_PRIMARY_SILENT)
		snprintf(out, size,
			 "no reply from server %s, %u tries; its secondary address %s does answer",
			 primary, tries, secondary);
	else if (!q->target[1].asked)
		snprintf(out, size, "no reply from server %s, %u tries",
			 primary, tries);
	else
		snprintf(out, size,
			 "no reply from server %s, nor from its secondary address %s: UDP port %u, %u tries each in %u s%s",
			 primary, secondary, TEREDO_PORT, tries,
			 QUALIFY_ROUND_MS / 1000, q->key.len ?
			 "; or it does not know our id and key" : "");
}

const char *explain_failure(const struct qualify *q)
{
	const char *primary = ipv4_text(q->server.primary);
	static char text[512];

	switch (q->failure) {
	case QUALIFY_NO_REPLY:
	case QUALIFY_PRIMARY_SILENT:
		explain_silence(q, text, sizeof(text));
		break;
	case QUALIFY_SYMMETRIC:
		snprintf(text, sizeof(text),
			 "symmetric NAT: the server's primary address sees us at %s, the secondary at %s",
			 endpoint_text(&q->target[0].mapped),
			 endpoint_text(&q->target[1].mapped));
		break;
	case QUALIFY_REFUSED:
		snprintf(text, sizeof(text),
			 "server %s refuses the key of \"%s\": a new one is needed",
			 primary, q->id);
		break;
	case QUALIFY_PRIVATE:
		snprintf(text, sizeof(text),
			 "mapped address %s is not global: server %s sees us in a private network",
			 endpoint_text(&q->refused_origin), primary);
		break;
	case QUALIFY_UNREACHABLE:
		snprintf(text, sizeof(text), "cannot send to server %s: %s",
			 primary,
			 q->error == ENETUNREACH || q->error == EHOSTUNREACH ?
			 "no IPv4 route to it" : strerror(q->error));
		break;
	case QUALIFY_DEAF:
		snprintf(text, sizeof(text),
			 "server %s passes nothing on: %u bubbles to our own address did not arrive",
			 primary, QUALIFY_ECHO_TRIES);
		break;
	case QUALIFY_BAD_SERVER:
		snprintf(text, sizeof(text),
			 "server %s: not a public IPv4 address, so it can be no Teredo server",
			 primary);
		break;
	}
	return text;
}

const char *explain_refresh(const struct refresh *r,
			    enum refresh_failure failure)
{
	switch (failure) {
	case REFRESH_NO_WAY:
		return "no bubble comes through, neither directly nor by the server";
	case REFRESH_DISTURBED:
		return "the secondary port gets datagrams all the time";
	default:
		return explain_failure(&r->port);
	}
}
