// SPDX-License-Identifier: GPL-2.0
/* Whole tunnels from /etc/teredo: up and down.
 *
 * Units of systemd call both with --unit. Then the name is that of an instance, `up` does
 * not wait for jobs that systemd runs later, a restart leaves alone what has not changed,
 * and `down` removes only what `up` has made.
 */
#include <errno.h>
#include <ifaddrs.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command/args.h"
#include "service/background.h"
#include "text/conf.h"
#include "advice/explain.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "service/record.h"
#include "service/service.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* How long `up` waits for a client to qualify or report why not: enough for two servers
 * that do not answer, and a third one.
 */
#define QUALIFY_MS	30000
/* How long a controller may take to end. */
#define END_MS		10000
/* How often to look. */
#define LOOK_MS		100
/* The last message of the controller about a new address */
#define QUALIFIED	": qualified: "

struct tunnel {
	char ifname[IF_NAMESIZE];
	const char *instance;	/* of the unit that calls, or NULL */
	char unit[SERVICE_NAME_SIZE];	/* of the controller */
	bool service;		/* that unit exists */
	struct conf conf;
	time_t end;		/* of service, 0 for never */
	struct device dev;
	pid_t pid;		/* of the controller, if it is no service */
	int words;		/* its messages, if it is our child; else 0 */
	unsigned int matched;	/* octets of QUALIFIED seen so far in them */
};

/* -- the end of service -- */

/* Wait for the end of service, then delete the link. Meanwhile the clock may be set, and the
 * link may be deleted or replaced.
 */
static void serve_until(const struct tunnel *t)
{
	const time_t patience = 60;
	struct device dev;
	time_t now;

	while ((now = time(NULL)) < t->end) {
		sleep(t->end - now < patience ? t->end - now : patience);
		if (ipc_dev_get(t->ifname, false, &dev) ||
		    dev.ifindex != t->dev.ifindex)
			exit(STATUS_DONE);
	}
	announce(t->ifname, "the service has ended");
	record_remove(t->ifname);
	exit(ipc_link_del(t->dev.ifindex) ? STATUS_FAILED : STATUS_DONE);
}

/* Start a process for the end of service. A client needs none: its controller does it
 * (C-99).
 */
static void start_end(struct tunnel *t)
{
	pid_t pid;
	int words;

	if (!t->end || t->dev.config.mode == TEREDO_MODE_CLIENT)
		return;
	pid = background(t->ifname, &words);
	if (pid > 0)
		close(words);
	if (pid)
		return;
	record_claim(t->ifname);
	serve_until(t);
}

/* -- the controller -- */

static int start_controller(struct tunnel *t)
{
	char *name = t->ifname;

	t->service = service_available(t->unit);
	if (t->service) {
		/* Do not wait: the manager may have to run jobs first that wait for us. */
		if (!service_do("start", "--no-block", t->unit, false))
			return 0;
		complain(t->ifname, "the service %s does not start", t->unit);
		return -1;
	}
	t->pid = background(t->ifname, &t->words);
	if (t->pid)
		return t->pid > 0 ? 0 : -1;
	record_claim(t->ifname);
	exit(run_main(1, &name));
}

static bool has_ended(struct tunnel *t)
{
	if (t->pid && (t->words ? waitpid(t->pid, NULL, WNOHANG) :
				  kill(t->pid, 0)))
		t->pid = 0;
	return !t->pid;
}

/* Stop whatever runs for the tunnel, and wait for its end. */
static void stop_controller(struct tunnel *t)
{
	uint64_t end = host_clock() + END_MS;

	/* If there is no link, its mode is unknown: it may have been a client. */
	if ((!t->dev.ifindex || t->dev.config.mode == TEREDO_MODE_CLIENT) &&
	    service_available(t->unit))
		service_do("stop", NULL, t->unit, false);
	if (!t->pid)
		t->pid = record_process(t->ifname);
	if (!t->pid || kill(t->pid, SIGTERM))
		return;
	while (!has_ended(t)) {
		if (host_clock() > end)
			kill(t->pid, SIGKILL);
		poll(NULL, 0, LOOK_MS);
	}
}

/* -- waiting for it -- */

static sigset_t interrupts;

static void hold_interrupts(void)
{
	sigemptyset(&interrupts);
	sigaddset(&interrupts, SIGINT);
	sigaddset(&interrupts, SIGTERM);
	sigaddset(&interrupts, SIGHUP);
	sigprocmask(SIG_BLOCK, &interrupts, NULL);
}

static bool interrupted(void)
{
	const struct timespec now = { 0 };

	return sigtimedwait(&interrupts, NULL, &now) > 0;
}

/* Print the messages of the controller, and wait a little for more. */
static void pass_words(struct tunnel *t)
{
	struct pollfd fd = { .fd = t->words ? t->words : -1, .events = POLLIN };
	char text[1024];
	ssize_t n, i;

	if (poll(&fd, 1, LOOK_MS) <= 0)
		return;
	while ((n = read(t->words, text, sizeof(text))) > 0) {
		fwrite(text, 1, n, stderr);
		/* The text may arrive in two pieces. */
		for (i = 0; i < n && QUALIFIED[t->matched]; i++)
			t->matched = text[i] == QUALIFIED[t->matched] ?
				     t->matched + 1 : text[i] == QUALIFIED[0];
	}
	/* End of file: poll() would not wait any more. */
	if (!n)
		poll(NULL, 0, LOOK_MS);
}

/* Return true if the link has its address. The controller reports the address to the
 * kernel before it adds it to the link.
 */
static bool has_address(const struct device *dev)
{
	struct ifaddrs *list, *one;
	bool found = false;

	if (dev->state != TEREDO_STATE_QUALIFIED || getifaddrs(&list))
		return false;
	for (one = list; one && !found; one = one->ifa_next)
		found = one->ifa_addr && one->ifa_addr->sa_family == AF_INET6 &&
			!strcmp(one->ifa_name, dev->ifname) &&
			!memcmp(&((struct sockaddr_in6 *)one->ifa_addr)->sin6_addr,
				&dev->address, sizeof(dev->address));
	freeifaddrs(list);
	return found;
}

static bool controller_failed(struct tunnel *t, unsigned int looks)
{
	if (!t->service)
		return has_ended(t);
	/* Ask less often, since it takes a process. */
	return looks % 10 == 9 && service_state(t->unit) == SERVICE_FAILED;
}

/* Wait until the client is qualified, or the reason is known why it is not. */
static int wait_qualified(struct tunnel *t)
{
	uint64_t end = host_clock() + QUALIFY_MS;
	bool anew = !has_address(&t->dev);
	unsigned int looks;
	struct device dev;

	for (looks = 0; !interrupted(); looks++) {
		bool late = host_clock() >= end;

		pass_words(t);
		if (ipc_dev_get(t->ifname, false, &dev) ||
		    dev.ifindex != t->dev.ifindex) {
			complain(t->ifname, "the link was removed");
			return STATUS_FAILED;
		}
		/* A new address is added first, then the route, then it is announced. */
		if (has_address(&dev) &&
		    (!t->words || !anew || late || !QUALIFIED[t->matched])) {
			pass_words(t);
			if (t->service)
				announce(t->ifname, "qualified: address %s",
					 ipv6_text(&dev.address));
			return STATUS_DONE;
		}
		if (controller_failed(t, looks)) {
			pass_words(t);
			complain(t->ifname, "the controller has ended%s%s",
				 t->service ? ", see journalctl -u " : "",
				 t->service ? t->unit : "");
			return STATUS_FAILED;
		}
		if (dev.state != TEREDO_STATE_OFFLINE && !late)
			continue;
		complain(t->ifname, "not qualified%s: %s",
			 late ? " yet" : "", dev.reason[0] ? dev.reason :
			 "nothing heard from the controller");
		complain(t->ifname,
			 "the controller keeps trying; `teredo-tool down %s` ends that",
			 t->ifname);
		return STATUS_NOT_YET;
	}
	complain(t->ifname, "interrupted");
	return STATUS_FAILED;
}

/* -- the link -- */

/* Print which address or route the kernel refuses. */
static int not_added(const struct device *dev, const char *what,
		     const struct in6_addr *addr, uint8_t len)
{
	complain(dev->ifname, "%s %s/%u: %s", what, ipv6_text(addr), len,
		 ipc_error());
	return STATUS_FAILED;
}

/* Add addresses and routes. Returns the exit status. */
static int add_routes(const struct device *dev, const struct conf *conf)
{
	const struct config *config = &dev->config;
	bool relay = config->mode == TEREDO_MODE_RELAY ||
		     config->mode == TEREDO_MODE_HOST_RELAY ||
		     config->relaying;
	struct link link;
	unsigned int i;
	uint32_t table;

	if (ipc_link_get(dev->ifindex, &link))
		return request_failed(dev->ifname);
	table = config->table ? config->table : ipc_route_table(&link);
	for (i = 0; i < conf->addresses_count; i++)
		if (ipc_addr_add(dev->ifindex, &conf->addresses[i].addr,
				 conf->addresses[i].len))
			return not_added(dev, "address",
					 &conf->addresses[i].addr,
					 conf->addresses[i].len);
	/* A relay attracts packets for the prefix. */
	if (relay && ipc_route_add(dev->ifindex, &config->prefix,
				   config->prefix_len, table,
				   config->metric))
		return not_added(dev, "route", &config->prefix,
				 config->prefix_len);
	for (i = 0; i < conf->routes_count; i++)
		if (ipc_route_add(dev->ifindex, &conf->routes[i].addr,
				  conf->routes[i].len, table,
				  config->metric))
			return not_added(dev, "route", &conf->routes[i].addr,
					 conf->routes[i].len);
	return STATUS_DONE;
}

static int fail(const struct tunnel *t, int err)
{
	complain(t->ifname, "%s", explain_set_up(&t->dev, err));
	return t->instance && (err == -EADDRNOTAVAIL || err == -EADDRINUSE) ?
	       STATUS_NOT_YET : STATUS_FAILED;
}

/* Make the link. On failure, the caller removes what is left of it. */
static int make_link(struct tunnel *t)
{
	const struct conf *conf = &t->conf;
	int err;

	record_write(t->ifname, 0, NULL);
	err = ipc_link_add(t->ifname, &conf->config);
	if (err)
		return fail(t, err);
	err = ipc_dev_get(t->ifname, false, &t->dev);
	if (err)
		return fail(t, err);
	record_write(t->ifname, t->dev.ifindex, NULL);
	if (conf->mtu)
		err = ipc_link_set_mtu(t->dev.ifindex, conf->mtu);
	if (!err)
		err = ipc_link_set_up(t->dev.ifindex, true);
	return err ? fail(t, err) : add_routes(&t->dev, conf);
}

/* Load the secrets of a server, if there is a file. */
static int load_secrets(const char *ifname)
{
	char path[64 + IF_NAMESIZE];

	snprintf(path, sizeof(path), CONF_FOLDER "/%s.secrets", ifname);
	return access(path, F_OK) ? 0 : secret_load(ifname, path);
}

/* Remove all of the tunnel that exists. */
static int take_away(struct tunnel *t)
{
	int err;

	stop_controller(t);
	err = t->dev.ifindex ? ipc_link_del(t->dev.ifindex) : 0;
	if (err && err != -ENODEV)
		return request_failed(t->ifname);
	record_remove(t->ifname);
	return STATUS_DONE;
}

static int make_tunnel(struct tunnel *t)
{
	char digest[RECORD_DIGEST_SIZE];
	int status;

	/* Before the link is made, so that a later change of the files shows. */
	record_digest(t->ifname, digest);
	status = make_link(t);
	if (!status && t->dev.config.mode == TEREDO_MODE_SERVER)
		status = load_secrets(t->ifname);
	if (!status && t->dev.config.mode == TEREDO_MODE_CLIENT &&
	    start_controller(t))
		status = STATUS_FAILED;
	if (status) {
		take_away(t);
		return status;
	}
	start_end(t);
	record_write(t->ifname, t->dev.ifindex, digest);
	return STATUS_DONE;
}

/* Keep a tunnel whose configuration has not changed. */
static int keep_tunnel(struct tunnel *t)
{
	announce(t->ifname, "nothing has changed, it stays as it is");
	start_end(t);
	return t->dev.config.mode == TEREDO_MODE_CLIENT && start_controller(t) ?
	       STATUS_FAILED : STATUS_DONE;
}

/* -- the command line -- */

/* Take NAME, or --unit INSTANCE. */
static int take_tunnel(int argc, char **argv, struct tunnel *t)
{
	if (take_name(argc, argv, t->ifname))
		return STATUS_USAGE;
	t->instance = flag_value(FLAG_UNIT);
	service_name(t->unit, SERVICE_CONTROLLER, t->ifname);
	return 0;
}

/* Lock the tunnel, and find out what of it exists. */
static int begin(struct tunnel *t, struct record *record, int *lock)
{
	*lock = record_lock(t->ifname);
	if (*lock == -2) {
		complain(t->ifname, "another `up` or `down` of it is still running");
		return STATUS_FAILED;
	}
	record_read(t->ifname, record);
	if (ipc_dev_get(t->ifname, false, &t->dev))
		t->dev.ifindex = 0;
	return 0;
}

static bool is_recorded(const struct tunnel *t, const struct record *record)
{
	return record->there &&
	       (!record->ifindex || record->ifindex == t->dev.ifindex);
}

static bool is_complete(const struct record *record)
{
	return record->ifindex && record->digest[1];
}

/* Handle an existing link of that name. Returns 0 if it was removed, -1 if it was kept, or
 * the exit status.
 */
static int replace(struct tunnel *t, const struct record *record)
{
	char digest[RECORD_DIGEST_SIZE];

	if (!is_recorded(t, record)) {
		complain(t->ifname, "there is a link of that name, which `up` did not create");
		return STATUS_FAILED;
	}
	if (is_complete(record) && !t->instance) {
		complain(t->ifname, "the tunnel is up already");
		return STATUS_FAILED;
	}
	record_digest(t->ifname, digest);
	if (!is_complete(record) || strcmp(record->digest, digest))
		return take_away(t);
	return keep_tunnel(t) ? STATUS_FAILED : -1;
}

int up_main(int argc, char **argv)
{
	char error[CONF_ERROR_SIZE];
	struct tunnel t = { 0 };
	struct record record;
	int lock, status, err;

	if (take_tunnel(argc, argv, &t))
		return STATUS_USAGE;
	err = conf_read(t.ifname, &t.conf, error);
	if (err) {
		complain(NULL, "%s%s", error,
			 err == -ENOENT ? "; it must describe the tunnel: man teredo.conf" :
			 err == -EACCES ? "; only its owner may read it, be root" :
			 "");
		return STATUS_FAILED;
	}
	conf_until(t.ifname, &t.end);
	if (t.end && time(NULL) >= t.end) {
		complain(t.ifname, "the service has ended: its last day was %s",
			 t.conf.until);
		return STATUS_FAILED;
	}
	if (begin(&t, &record, &lock))
		return STATUS_FAILED;
	if (if_nametoindex(t.ifname)) {
		status = replace(&t, &record);
		if (status)
			return status < 0 ? STATUS_DONE : status;
		t.pid = 0;
		t.dev.ifindex = 0;
	}
	status = make_tunnel(&t);
	/* Let `down` run while we wait. */
	if (lock >= 0)
		close(lock);
	if (status || t.instance || t.dev.config.mode != TEREDO_MODE_CLIENT)
		return status;
	hold_interrupts();
	status = wait_qualified(&t);
	if (status == STATUS_FAILED) {
		lock = record_lock(t.ifname);
		record_read(t.ifname, &record);
		if (record.ifindex == t.dev.ifindex)
			take_away(&t);
	}
	return status;
}

int down_main(int argc, char **argv)
{
	struct tunnel t = { 0 };
	struct record record;
	int lock;

	if (take_tunnel(argc, argv, &t))
		return STATUS_USAGE;
	if (t.instance &&
	    service_job(SERVICE_LINK, t.instance) == SERVICE_JOB_RESTART)
		return STATUS_DONE;
	if (begin(&t, &record, &lock))
		return STATUS_FAILED;
	if (!t.dev.ifindex) {
		/* Its controller may still run. */
		if (record.there)
			take_away(&t);
		if (t.instance)
			return STATUS_DONE;
		complain(t.ifname, if_nametoindex(t.ifname) ?
			 "not a link of type teredo" :
			 "there is no such tunnel");
		return STATUS_FAILED;
	}
	if (t.instance && !is_recorded(&t, &record)) {
		record_remove(t.ifname);
		return STATUS_DONE;
	}
	return take_away(&t);
}
