// SPDX-License-Identifier: GPL-2.0
/* Find out what servers see of this host, from a plain UDP socket: needs no device, no
 * module and no privilege. All servers are asked at once from one port, which reveals a NAT
 * that uses another mapping for each destination. The best of them then helps to test with
 * a second port whether the NAT hairpins and, on request, how long it keeps a mapping.
 */
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "command/args.h"
#include "advice/explain.h"
#include "text/format.h"
#include "client/hairpin.h"
#include "base/host.h"
#include "text/json.h"
#include "text/names.h"
#include "text/options.h"
#include "client/refresh.h"
#include "client/remember.h"
#include "client/resolve.h"
#include "command/subcommands.h"
#include "text/terminal.h"
#include "client/verdict.h"

#define REFRESH_DEFAULT_MS	30000

/* Credentials for servers that require signed solicitations. */
struct secrecy {
	const char *id;		/* "": none */
	struct key key;
};

/* Show progress on a terminal; @text is a line, "" clears it. */
static void progress(const char *text)
{
	if (isatty(STDERR_FILENO))
		fprintf(stderr, "\r\033[K%s", text);
}

static const struct in6_addr prefix = { .s6_addr = { 0x20, 0x01 } };

static void begin(struct probe *probe, const struct qualify_server *server,
		  __be16 port, const struct secrecy *secrecy)
{
	qualify_init(&probe->qualify, &prefix, REFRESH_DEFAULT_MS,
		     host_random);
	qualify_set_key(&probe->qualify, secrecy->id, &secrecy->key);
	qualify_set_servers(&probe->qualify, server, 1);
	if (!host_source_address(server->primary,
				 &probe->qualify.local.addr))
		probe->qualify.local.port = port;
	qualify_start(&probe->qualify, host_clock());
}

/* Look up the host and begin. */
static void begin_probe(struct probe *probe, const char *host, __be16 port,
			const struct secrecy *secrecy)
{
	struct qualify_server servers[QUALIFY_SERVERS_MAX];
	struct resolver r = { .fd = -1 };
	struct pollfd pfd;
	int err;

	probe->host = host;
	err = resolver_start(&r, host);
	if (err) {
		probe->error = -err;
		probe->done = true;
		return;
	}
	pfd.fd = r.fd;
	pfd.events = POLLIN;
	do
		poll(&pfd, 1, -1);
	while (!resolver_read(&r));
	if (!resolver_servers(&r, 0, servers)) {
		probe->error = r.count ? r.list[0].error : EAI_FAIL;
		probe->done = true;
		return;
	}
	/* Ask the first address only: the others are fallbacks for clients. */
	begin(probe, &servers[0], port, secrecy);
}

static int send_to(int fd, const struct endpoint *to, const void *payload,
		   size_t len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET, .sin_port = to->port,
				   .sin_addr.s_addr = to->addr };

	return sendto(fd, payload, len, 0, (struct sockaddr *)&sin,
		      sizeof(sin)) < 0 ? errno : 0;
}

static void advance_probe(struct probe *probe, int fd)
{
	struct qualify_event ev;

	while (!probe->done &&
	       qualify_poll(&probe->qualify, host_clock(), &ev)) {
		int err;

		switch (ev.type) {
		case QUALIFY_SEND:
			err = send_to(fd, &ev.to, ev.payload, ev.len);
			if (err)
				qualify_send_failed(&probe->qualify, err);
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

static void receive(struct probe *probes, int count, int fd)
{
	uint8_t buf[TEREDO_PAYLOAD_MAX];
	struct endpoint from;
	ssize_t n;
	int i;

	while ((n = host_udp_recv(fd, &from, buf, sizeof(buf))) >= 0)
		for (i = 0; i < count; i++)
			if (!probes[i].done)
				qualify_receive(&probes[i].qualify,
						host_clock(), &from, buf, n);
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

static int count_under_way(const struct probe *probes, int count)
{
	int i, n = 0;

	for (i = 0; i < count; i++)
		n += !probes[i].done;
	return n;
}

/* Ask until every probe has ended. */
static void ask_all(struct probe *probes, int count, int fd)
{
	char text[64];
	int i, left;

	while ((left = count_under_way(probes, count))) {
		snprintf(text, sizeof(text), "asking %d of %d servers", left,
			 count);
		progress(text);
		receive(probes, count, fd);
		for (i = 0; i < count; i++)
			advance_probe(&probes[i], fd);
		if (count_under_way(probes, count))
			wait_for_more(probes, count, fd);
	}
	progress("");
}

/* Test hairpinning: qualify a second port with the same server, and let each port send to
 * the mapping of the other.
 */
static void find_hairpin(struct verdict *v, const struct probe *best, int fd,
			 const struct secrecy *secrecy)
{
	struct probe second = { 0 };
	struct endpoint mapped[2];
	int fds[2] = { fd };
	__be16 port;

	/* There is no NAT, hence no hairpinning. */
	if (best->qualify.nat == TEREDO_NAT_NONE)
		return;
	fds[1] = host_udp_socket(0, &port);
	if (fds[1] < 0)
		return;
	begin(&second, &best->qualify.server, port, secrecy);
	ask_all(&second, 1, fds[1]);
	if (second.up) {
		mapped[0] = best->qualify.mapped;
		mapped[1] = second.qualify.mapped;
		v->hairpin = hairpin_test(fds, mapped) ? HAIRPIN_YES :
							 HAIRPIN_NO;
	}
	close(fds[1]);
}

/* -- the refresh interval -- */

/* Return the interval that a client has determined here before; 0 if there is none, or it
 * cannot be read.
 */
static uint32_t remembered(const struct qualify *q)
{
	struct network network;

	network_here(&network, q->mapped.addr, q->server.primary);
	return remember_find(&network);
}

static void say_progress(const struct refresh *r)
{
	uint64_t now = host_clock();
	char text[96];

	if (r->phase == REFRESH_WAITING)
		snprintf(text, sizeof(text),
			 "refresh interval: at least %u s; trying %u s, %u s left",
			 r->interval / 1000, r->candidate / 1000,
			 (unsigned int)(r->next_at > now ?
					(r->next_at - now) / 1000 : 0));
	else
		snprintf(text, sizeof(text), "refresh interval: at least %u s",
			 r->interval / 1000);
	progress(text);
}

/* A measurement of the refresh interval. */
struct measurement {
	struct probe *service;
	struct refresh refresh;
	int fds[2];		/* service port, secondary port */
	bool over;
	bool good;
};

static void handle_refresh(struct measurement *m,
			   const struct refresh_event *ev)
{
	int err;

	switch (ev->type) {
	case REFRESH_SEND_SERVICE:
		send_to(m->fds[0], &ev->to, ev->payload, ev->len);
		break;
	case REFRESH_SEND_SECONDARY:
		err = send_to(m->fds[1], &ev->to, ev->payload, ev->len);
		if (err)
			refresh_send_failed(&m->refresh, err);
		break;
	case REFRESH_GAVE_UP:
		m->over = true;
		complain(NULL, "the refresh interval cannot be measured: %s",
			 explain_refresh(&m->refresh, ev->failure));
		break;
	case REFRESH_DONE:
		m->over = true;
		m->good = true;
		break;
	default:
		break;
	}
}

static void advance_measurement(struct measurement *m)
{
	uint8_t buf[TEREDO_PAYLOAD_MAX];
	struct refresh_event ev;
	struct endpoint from;
	ssize_t n;

	/* Maintain the service port as a client does. */
	receive(m->service, 1, m->fds[0]);
	m->service->done = false;
	advance_probe(m->service, m->fds[0]);
	m->service->done = false;
	while ((n = host_udp_recv(m->fds[1], &from, buf, sizeof(buf))) >= 0)
		refresh_receive(&m->refresh, host_clock(), &from, buf, n);
	while (!m->over && refresh_poll(&m->refresh, host_clock(), &ev))
		handle_refresh(m, &ev);
}

static void wait_for_measurement(const struct measurement *m)
{
	uint64_t at = refresh_deadline(&m->refresh), now = host_clock();
	uint64_t service = qualify_deadline(&m->service->qualify);
	struct pollfd pfds[] = {
		{ .fd = m->fds[0], .events = POLLIN },
		{ .fd = m->fds[1], .events = POLLIN },
	};

	say_progress(&m->refresh);
	if (service < at)
		at = service;
	/* Show progress each second. */
	if (at > now + 1000)
		at = now + 1000;
	poll(pfds, 2, at > now ? (int)(at - now) : 0);
}

static uint32_t measure_refresh(struct probe *service, int fd,
				uint32_t start)
{
	const struct qualify *q = &service->qualify;
	struct measurement m = { .service = service, .fds = { fd } };
	struct teredo_addr parts = {
		.server = q->server.primary,
		.client = q->mapped.addr,
		.port = q->mapped.port,
	};
	struct endpoint local = { .addr = q->local.addr };
	struct in6_addr address;

	m.fds[1] = host_udp_socket(0, &local.port);
	if (m.fds[1] < 0) {
		complain(NULL, "cannot open a second UDP socket for the test: %s",
			 strerror(-m.fds[1]));
		return 0;
	}
	host_random(&parts.flags, sizeof(parts.flags));
	parts.flags &= TEREDO_FLAGS_RANDOM;
	teredo_addr_pack(&address, &prefix, &parts);
	service->qualify.refresh = start;
	refresh_start(&m.refresh, host_clock(), start, q, &address, &local);
	while (!m.over) {
		advance_measurement(&m);
		if (!m.over)
			wait_for_measurement(&m);
	}
	progress("");
	close(m.fds[1]);
	return m.good ? m.refresh.interval / 1000 : 0;
}

/* -- results -- */

/* Return why the server is the best one. */
static const char *why_best(const struct probe *probe)
{
	return verdict_is_full(probe) ?
	       "both addresses answer, shortest round trip" :
	       "shortest round trip; no server answers from both addresses";
}

static void show_verdict_json(const struct verdict *v)
{
	json_open_object("verdict");
	json_string("nat", v->answered ? name_of(&nat_names, v->nat) : NULL);
	if (v->hairpin == HAIRPIN_UNKNOWN)
		json_string("hairpin", NULL);
	else
		json_bool("hairpin", v->hairpin == HAIRPIN_YES);
	json_bool("port_kept", v->port_kept);
	json_bool("addresses_differ", v->addresses_differ);
	if (v->refresh)
		json_number("refresh", v->refresh);
	else
		json_string("refresh", NULL);
	json_close_object();
}

static void show_json(const struct probe *probe, const struct verdict *v,
		      bool best)
{
	const struct qualify *q = &probe->qualify;
	int i;

	json_open_object(NULL);
	json_string("host", probe->host);
	json_string("error", probe->error ? resolve_error(probe->error) : NULL);
	json_string("nat", name_of(&nat_names, q->nat));
	format_endpoint_json("mapped", verdict_mapping(probe));
	json_bool("works", probe->up);
	json_bool("recommended", best);
	json_string("reason", best ? why_best(probe) :
			      probe->up || probe->error ? NULL :
			      explain_failure(q));
	/* The same for all. */
	show_verdict_json(v);
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
			 resolve_error(probe->error));
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

static const char *nat_advice(const struct verdict *v)
{
	switch (v->nat) {
	case TEREDO_NAT_NONE:
		return "the mapped address is our own";
	case TEREDO_NAT_SYMMETRIC:
		return v->addresses_differ ?
		       "more than one address; Teredo needs a forwarded port here" :
		       "a different port for each destination; Teredo needs a forwarded port here";
	case TEREDO_NAT_RESTRICTED:
		return "one mapping for all, Teredo works";
	default:
		return "only one address answered, too few to tell";
	}
}

static void show_verdict(const struct verdict *v, const struct probe *probes)
{
	const struct probe *best = v->best < 0 ? NULL : &probes[v->best];

	if (!v->answered)
		return;
	printf("%soverall%s\n", color(COLOR_BOLD), color(COLOR_NORMAL));
	printf("  NAT        %s: %s\n", name_of(&nat_names, v->nat),
	       nat_advice(v));
	if (v->nat != TEREDO_NAT_NONE)
		printf("  port       %s\n", v->port_kept ?
		       "mapped to itself" : "mapped to another one");
	if (v->hairpin != HAIRPIN_UNKNOWN)
		printf("  hairpin    %s\n", v->hairpin == HAIRPIN_YES ?
		       "yes" : "no: clients behind this NAT cannot meet through it");
	if (v->refresh)
		printf("  refresh    %u s\n", v->refresh);
	if (best)
		printf("  use        %s%s%s: %s\n", color(COLOR_GOOD),
		       best->host, color(COLOR_NORMAL), why_best(best));
}

static void show_all(const struct probe *probes, int count,
		     const struct verdict *v)
{
	int i;

	if (json_wanted)
		json_open_list(NULL);
	for (i = 0; i < count; i++) {
		if (json_wanted)
			show_json(&probes[i], v, i == v->best);
		else
			show_text(&probes[i]);
	}
	if (json_wanted)
		json_close_list();
	else
		show_verdict(v, probes);
}

/* Take the flags. *@start becomes the interval in milliseconds with which the search of the
 * refresh interval begins, or 0 for no search. Returns 0 or the exit status.
 */
static int take_flags(struct secrecy *secrecy, uint32_t *start)
{
	const char *file = flag_value(FLAG_KEY), *id = flag_value(FLAG_ID);
	const char *seconds = flag_value(FLAG_REFRESH);
	int algorithm = flag_algorithm(0);
	char error[KEY_ERROR_SIZE];
	bool exposed;

	*start = flag_given(FLAG_REFRESH) ? REFRESH_DEFAULT_MS : 0;
	if (seconds) {
		if (!parse_number(seconds, 1, 89, start))
			return usage_error("--refresh \"%s\" is not 1 to 89 seconds",
					   seconds);
		*start *= 1000;
	}
	if (algorithm < 0)
		return STATUS_USAGE;
	if (!id != !file)
		return usage_error("%s: --id NAME and --key FILE go together",
				   id ? "--key is missing" : "--id is missing");
	if (!file && flag_given(FLAG_ALGORITHM))
		return usage_error("--algorithm is for a key: --id and --key are missing");
	if (!file)
		return 0;
	if (strlen(id) > TEREDO_ID_MAX)
		return usage_error("--id has %zu octets, more than %u",
				   strlen(id), TEREDO_ID_MAX);
	secrecy->id = id;
	secrecy->key.algorithm = algorithm;
	if (key_read(file, &secrecy->key, &exposed, error)) {
		complain(NULL, "%s", error);
		return STATUS_FAILED;
	}
	return 0;
}

static int check_hosts(int argc, char **argv)
{
	const char *wrong;
	uint32_t number;
	int i;

	for (i = 0; i < argc; i++) {
		wrong = refuse_host(argv[i]);
		if (wrong && flag_given(FLAG_REFRESH) &&
		    parse_number(argv[i], 0, UINT32_MAX, &number))
			return usage_error("\"%s\" is not a HOST; use --refresh=%s",
					   argv[i], argv[i]);
		if (wrong)
			return usage_error("HOST \"%s\" is not valid: %s",
					   argv[i], wrong);
	}
	return 0;
}

int probe_main(int argc, char **argv)
{
	struct secrecy secrecy = { .id = "" };
	struct verdict verdict;
	struct probe *probes;
	uint32_t start = 0;
	__be16 port = 0;
	int fd, i, err;

	err = check_hosts(argc, argv);
	if (!err)
		err = take_flags(&secrecy, &start);
	if (err)
		return err;
	probes = calloc(argc, sizeof(*probes));
	fd = host_udp_socket(0, &port);
	if (!probes || fd < 0) {
		complain(NULL, "cannot open a UDP socket: %s",
			 strerror(fd < 0 ? -fd : ENOMEM));
		free(probes);
		return STATUS_FAILED;
	}

	for (i = 0; i < argc; i++)
		begin_probe(&probes[i], argv[i], port, &secrecy);
	ask_all(probes, argc, fd);
	verdict_find(&verdict, probes, argc, port);
	if (verdict.best >= 0) {
		struct probe *best = &probes[verdict.best];

		find_hairpin(&verdict, best, fd, &secrecy);
		verdict.refresh = start ? measure_refresh(best, fd, start) :
					  remembered(&best->qualify);
	}
	show_all(probes, argc, &verdict);
	close(fd);
	free(probes);
	return verdict.answered ? STATUS_DONE : STATUS_FAILED;
}
