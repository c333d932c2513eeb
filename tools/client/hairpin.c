// SPDX-License-Identifier: GPL-2.0
#include "client/hairpin.h"

#include <poll.h>
#include <sys/socket.h>
#include "codec/build.h"
#include "base/host.h"

/* A bubble between two random addresses, which nobody else can know. */
struct token {
	struct in6_addr addr[2];
	uint8_t bubble[TEREDO_IPV6_LEN];
};

static void make_token(struct token *token, const struct endpoint mapped[2])
{
	static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };
	int i;

	for (i = 0; i < 2; i++) {
		struct teredo_addr parts = { .client = mapped[i].addr,
					     .port = mapped[i].port };

		host_random(&parts.flags, sizeof(parts.flags));
		host_random(&parts.server, sizeof(parts.server));
		teredo_addr_pack(&token->addr[i], &prefix, &parts);
	}
	teredo_build_bubble(token->bubble, &token->addr[0], &token->addr[1]);
}

static void send_to(int fd, const struct endpoint *to,
		    const struct token *token)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = to->port,
				   .sin_addr.s_addr = to->addr };

	/* A failure to send looks like a loss. */
	sendto(fd, token->bubble, sizeof(token->bubble), 0,
	       (struct sockaddr *)&sin, sizeof(sin));
}

static bool arrived(int fd, const struct token *token)
{
	uint8_t buf[TEREDO_PAYLOAD_MAX];
	struct endpoint from;
	ssize_t n;

	while ((n = host_udp_recv(fd, &from, buf, sizeof(buf))) >= 0)
		if (n == sizeof(token->bubble) &&
		    !memcmp(buf, token->bubble, n))
			return true;
	return false;
}

bool hairpin_test(const int fds[2], const struct endpoint mapped[2])
{
	struct token token;
	int i;

	make_token(&token, mapped);
	for (i = 0; i < HAIRPIN_TRIES; i++) {
		uint64_t end = host_clock() + HAIRPIN_SPACING_MS, now;

		send_to(fds[0], &mapped[1], &token);
		send_to(fds[1], &mapped[0], &token);
		while ((now = host_clock()) < end) {
			struct pollfd pfds[] = {
				{ .fd = fds[0], .events = POLLIN },
				{ .fd = fds[1], .events = POLLIN },
			};

			poll(pfds, 2, end - now);
			if (arrived(fds[0], &token) || arrived(fds[1], &token))
				return true;
		}
	}
	return false;
}
