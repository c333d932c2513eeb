// SPDX-License-Identifier: GPL-2.0
#include "advice/explain.h"

#include <errno.h>
#include <netinet/ip_icmp.h>
#include <stdio.h>

#include "text/format.h"
#include "advice/holder.h"
#include "base/host.h"
#include "ipc/ipc.h"

/* In the words that are usual. */
static const char *rejection_text(const struct rejection *r)
{
	static char text[32];

	if (r->type == ICMP_TIME_EXCEEDED)
		return "TTL exceeded, a loop";
	switch (r->code) {
	case ICMP_NET_UNREACH:
	case ICMP_NET_UNKNOWN:
		return "network unreachable";
	case ICMP_HOST_UNREACH:
	case ICMP_HOST_UNKNOWN:
		return "host unreachable";
	case ICMP_PROT_UNREACH:
		return "protocol unreachable";
	case ICMP_PORT_UNREACH:
		return "port unreachable";
	case ICMP_NET_ANO:
	case ICMP_HOST_ANO:
	case ICMP_PKT_FILTERED:
		return "administratively prohibited";
	default:
		snprintf(text, sizeof(text), "unreachable, code %u", r->code);
		return text;
	}
}

const char *explain_rejected(const struct qualify_target *t)
{
	static char text[192];

	if (t->rejected.from == t->addr)
		snprintf(text, sizeof(text),
			 "server %s rejects UDP port %u: %s",
			 ipv4_text(t->addr), TEREDO_PORT,
			 rejection_text(&t->rejected));
	else
		snprintf(text, sizeof(text),
			 "UDP port %u of server %s is rejected on the way, by %s: %s",
			 TEREDO_PORT, ipv4_text(t->addr),
			 ipv4_text(t->rejected.from),
			 rejection_text(&t->rejected));
	return text;
}

const char *explain_set_up(const struct device *dev, int err)
{
	const struct config *config = &dev->config;
	bool server = config->mode == TEREDO_MODE_SERVER;
	__be16 port = config->port || !server ? config->port :
						htons(TEREDO_PORT);
	__be32 second = server ? dev_server2(dev) : 0;
	static char text[320];
	const char *holder;
	__be32 addr;

	switch (-err) {
	case EADDRNOTAVAIL:
		addr = second && holder_may_have(config->local) ?
			second : config->local;
		if (holder_may_have(addr))
			return ipc_error();
		snprintf(text, sizeof(text),
			 "%s is not an address of this host: add it to a link, or set another `%s`",
			 ipv4_text(addr), addr == config->local ? "local" :
			 "server2");
		return text;
	case EADDRINUSE:
		holder = holder_of(config->local, port);
		addr = config->local;
		if (!holder && second) {
			holder = holder_of(second, port);
			addr = second;
		}
		snprintf(text, sizeof(text),
			 "UDP port %u of %s is in use by %s; end that, or set another `port`",
			 ntohs(port), addr ? ipv4_text(addr) : "this host",
			 holder ? holder : "another socket");
		return text;
	default:
		return ipc_error();
	}
}

/* Explain why a datagram to a server could not be sent. */
static const char *unsent_text(int error)
{
	switch (error) {
	case ENETUNREACH:
	case EHOSTUNREACH:
		return "no IPv4 route to it";
	case EPERM:
	case EACCES:
		return "a firewall or a route of this host prohibits it";
	case EADDRNOTAVAIL:
		return "the address set as `local` is no longer one of this host's";
	case ENETDOWN:
		return "the link to it is down";
	case ENOTUNIQ:
		return "it is a broadcast or multicast address here";
	case ELOOP:
		return "the IPv4 route to it leads back into the tunnel";
	case EINVAL:
		return "an IPv4 route discards packets to it";
	case EMSGSIZE:
		return "it does not fit the MTU of the path";
	default:
		return strerror(error);
	}
}

static void explain_silence(const struct qualify *q, char *out, size_t size)
{
	const char *primary = ipv4_text(q->server.primary);
	const char *secondary = ipv4_text(q->server.secondary);
	unsigned int tries = q->target[0].sent;
	const struct qualify_target *rejected =
		q->target[0].rejected.from ? &q->target[0] :
		q->target[1].rejected.from ? &q->target[1] : NULL;

	if (rejected && !rejected->answered)
		snprintf(out, size, "no reply from server %s, %u tries: %s",
			 primary, tries, explain_rejected(rejected));
	else if (q->refused)
		snprintf(out, size,
			 "no valid reply from server %s, %u tries: %u refused, the last one: %s",
			 primary, tries, q->refused,
			 qualify_verdict_text(q->refused_why));
	else if (q->error)
		snprintf(out, size, "no reply from server %s, %u tries: %s",
			 primary, tries, unsent_text(q->error));
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
			 unsent_text(q->error));
		break;
	case QUALIFY_DEAF:
		snprintf(text, sizeof(text),
			 "server %s passes nothing on: %u bubbles to our own address did not arrive",
			 primary, QUALIFY_ECHO_TRIES);
		break;
	case QUALIFY_BAD_SERVER:
		snprintf(text, sizeof(text),
			 "server %s: not a public IPv4 address, so it cannot be a Teredo server",
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
		return "no bubble arrives, neither directly nor through the server";
	case REFRESH_DISTURBED:
		return "the secondary port keeps receiving datagrams";
	default:
		return explain_failure(&r->port);
	}
}
