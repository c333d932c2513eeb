// SPDX-License-Identifier: GPL-2.0
/* What servers see of this host, by a socket of our own: needs no device, no
 * module and no privilege. All servers are asked from one port, at once.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "explain.h"
#include "format.h"
#include "host.h"
#include "json.h"
#include "names.h"
#include "qualify.h"
#include "resolve.h"
#include "subcommands.h"
#include "terminal.h"

struct probe {
	const char *host;
	int error;		/* of getaddrinfo(), 0: none */
	bool done;
	bool up;		/* qualification would succeed */
	struct qualify qualify;
};

/* How to ask servers that want solicitations signed. */
struct secrecy {
	const char *id;		/* "": not */
	struct key key;
};

static int open_socket(__be16 *port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int fd;

	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -1;
	if (bind(fd, (struct sockaddr *)&sin, sizeof(sin)) ||
	    getsockname(fd, (struct sockaddr *)&sin, &len)) {
		close(fd);
		return -1;
	}
	*port = sin.sin_port;
	return fd;
}

/* Look the host up and begin. */
static void begin_probe(struct probe *probe, const char *host, __be16 port,
			const struct secrecy *secrecy)
{
	static const struct in6_addr prefix = {
		.s6_addr = { 0x20, 0x01 },
	};
	struct qualify_server servers[QUALIFY_SERVERS_MAX];
	struct resolver r = { .fd = -1 };
	struct pollfd pfd;

	probe->host = host;
	if (resolver_start(&r, host)) {
		probe->error = EAI_SYSTEM;
		probe->done = true;
		return;
	}
	pfd.fd = r.fd;
	pfd.events = POLLIN;
	do
		poll(&pfd, 1, -1);
	while (!resolver_read(&r));
	qualify_init(&probe->qualify, &prefix, 30000, host_random);
	qualify_set_key(&probe->qualify, secrecy->id, &secrecy->key);
	if (!resolver_servers(&r, 0, servers)) {
		probe->error = r.count ? r.list[0].error : EAI_FAIL;
		probe->done = true;
		return;
	}
	/* Other addresses of the name are for clients to fall back on. */
	qualify_set_servers(&probe->qualify, servers, 1);
	if (!host_source_address(servers[0].primary,
				 &probe->qualify.local.addr))
		probe->qualify.local.port = port;
	qualify_start(&probe->qualify, host_clock());
}

static void advance_probe(struct probe *probe, int fd)
{
	struct qualify_event ev;

	while (!probe->done &&
	       qualify_poll(&probe->qualify, host_clock(), &ev)) {
		struct sockaddr_in to = { .sin_family = AF_INET };

		switch (ev.type) {
		case QUALIFY_SEND:
			to.sin_port = ev.to.port;
			to.sin_addr.s_addr = ev.to.addr;
			if (sendto(fd, ev.payload, ev.len, 0,
				   (struct sockaddr *)&to, sizeof(to)) < 0)
				qualify_send_failed(&probe->qualify, errno);
			break;
		case QUALIFY_UP:
			probe->up = true;
			probe->done = true;
			break;
		case QUALIFY_FAILED:
			probe->done = true;
			break;
		default:
			break;
		}
	}
}

/* Read what has come; true unless nothing had. */
static bool receive(struct probe *probes, int count, int fd)
{
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	uint8_t buf[TEREDO_PAYLOAD_MAX];
	struct endpoint from;
	ssize_t n;
	int i;

	n = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&sin, &len);
	/* An ICMP error is nobody's in particular: time will tell. */
	if (n < 0)
		return errno != EAGAIN;
	from.addr = sin.sin_addr.s_addr;
	from.port = sin.sin_port;
	for (i = 0; i < count; i++)
		if (!probes[i].done)
			qualify_receive(&probes[i].qualify, host_clock(),
					&from, buf, n);
	return true;
}

static void wait_for_more(const struct probe *probes, int count, int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	uint64_t at = QUALIFY_NEVER, now = host_clock();
	int i;

	for (i = 0; i < count; i++) {
		uint64_t deadline = qualify_deadline(&probes[i].qualify);

		if (!probes[i].done && deadline < at)
			at = deadline;
	}
	poll(&pfd, 1, at > now ? (int)(at - now) : 0);
}

static bool any_under_way(const struct probe *probes, int count)
{
	int i;

	for (i = 0; i < count; i++)
		if (!probes[i].done)
			return true;
	return false;
}

static bool answered(const struct probe *probe)
{
	return probe->qualify.target[0].answered ||
	       probe->qualify.target[1].answered;
}

/* The mapping to tell: what the primary address saw, if it answered. */
static const struct endpoint *mapping_of(const struct probe *probe)
{
	return &probe->qualify.target[!probe->qualify.target[0].answered].mapped;
}

static void show_json(const struct probe *probe)
{
	const struct qualify *q = &probe->qualify;
	int i;

	json_open_object(NULL);
	json_string("host", probe->host);
	json_string("error", probe->error ? gai_strerror(probe->error) : NULL);
	json_string("nat", name_of(&nat_names, q->nat));
	format_endpoint_json("mapped", mapping_of(probe));
	json_open_list("servers");
	for (i = 0; i < 2 && !probe->error; i++) {
		const struct qualify_target *t = &q->target[i];

		json_open_object(NULL);
		json_address("address", AF_INET, &t->addr);
		json_bool("answered", t->answered);
		json_number("tries", t->sent);
		format_endpoint_json("mapped", &t->mapped);
		if (t->answered)
			json_number("rtt_ms", t->rtt);
		else
			json_string("rtt_ms", NULL);
		json_close_object();
	}
	json_close_list();
	json_close_object();
}

static void show_target(const struct probe *probe, int i)
{
	static const char *const names[] = { "primary", "secondary" };
	const struct qualify_target *t = &probe->qualify.target[i];

	printf("  %-9s  %-15s  ", names[i], ipv4_text(t->addr));
	if (t->answered)
		printf("sees us at %s, round trip %u ms\n",
		       endpoint_text(&t->mapped), t->rtt);
	else if (t->sent)
		printf("no answer to %u tries\n", t->sent);
	else
		puts("not asked");
}

static const char *nat_meaning(const struct probe *probe)
{
	switch (probe->qualify.nat) {
	case TEREDO_NAT_NONE:
		return ": the mapped address is our own";
	case TEREDO_NAT_SYMMETRIC:
		return ": Teredo needs a forwarded port here";
	case TEREDO_NAT_RESTRICTED:
		return ": one mapping for all, Teredo works";
	default:
		return probe->up ? ": one address of the server is silent, Teredo works" : "";
	}
}

static void show_text(const struct probe *probe)
{
	if (probe->error) {
		complain(NULL, "%s: %s", probe->host,
			 gai_strerror(probe->error));
		return;
	}
	printf("%s%s%s\n", color(COLOR_BOLD), probe->host,
	       color(COLOR_NORMAL));
	show_target(probe, 0);
	show_target(probe, 1);
	printf("  NAT        %s%s\n", name_of(&nat_names, probe->qualify.nat),
	       nat_meaning(probe));
	if (!probe->up)
		printf("  %s\n", explain_failure(&probe->qualify));
}

/* Take the flags in front of the hosts; 0 or the exit status. */
static int take_flags(int *argc, char ***argv, struct secrecy *secrecy)
{
	const char *file = NULL;
	char error[KEY_ERROR_SIZE];
	int algorithm = 0;
	bool exposed;

	for (; *argc >= 2 && (*argv)[0][0] == '-'; *argc -= 2, *argv += 2) {
		const char *value = (*argv)[1];

		if (!strcmp((*argv)[0], "--id"))
			secrecy->id = value;
		else if (!strcmp((*argv)[0], "--key"))
			file = value;
		else if (!strcmp((*argv)[0], "--algorithm"))
			algorithm = name_find(&algorithm_names, value);
		else
			break;
	}
	if (!*argc)
		return usage_error("probe which server?");
	if ((*argv)[0][0] == '-')
		return usage_error("probe: unknown or incomplete flag \"%s\"",
				   (*argv)[0]);
	if (algorithm < 0)
		return usage_error("probe: unknown algorithm");
	if (!secrecy->id[0] != !file || strlen(secrecy->id) > TEREDO_ID_MAX)
		return usage_error("probe: --id NAME and --key FILE go together");
	secrecy->key.algorithm = algorithm;
	if (file && key_read(file, &secrecy->key, &exposed, error)) {
		complain(NULL, "%s", error);
		return STATUS_FAILED;
	}
	return 0;
}

int probe_main(int argc, char **argv)
{
	struct secrecy secrecy = { .id = "" };
	int status = STATUS_FAILED;
	struct probe *probes;
	__be16 port = 0;
	int fd, i, err;

	err = take_flags(&argc, &argv, &secrecy);
	if (err)
		return err;
	probes = calloc(argc, sizeof(*probes));
	fd = open_socket(&port);
	if (!probes || fd < 0) {
		complain(NULL, "%s", strerror(errno));
		free(probes);
		return STATUS_FAILED;
	}

	for (i = 0; i < argc; i++)
		begin_probe(&probes[i], argv[i], port, &secrecy);
	while (any_under_way(probes, argc)) {
		while (receive(probes, argc, fd))
			;
		for (i = 0; i < argc; i++)
			advance_probe(&probes[i], fd);
		if (any_under_way(probes, argc))
			wait_for_more(probes, argc, fd);
	}

	if (json_wanted)
		json_open_list(NULL);
	for (i = 0; i < argc; i++) {
		if (json_wanted)
			show_json(&probes[i]);
		else
			show_text(&probes[i]);
		if (answered(&probes[i]))
			status = STATUS_DONE;
	}
	if (json_wanted)
		json_close_list();
	close(fd);
	free(probes);
	return status;
}
