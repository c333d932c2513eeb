// SPDX-License-Identifier: GPL-2.0
/* Whole tunnels from /etc/teredo: up and down. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "conf.h"
#include "ipc.h"
#include "subcommands.h"
#include "terminal.h"

#define UNIT	"teredo@"

/* Run systemctl; its exit status, or -1 if it could not be run. */
static int systemctl(const char *verb, const char *ifname, bool quiet)
{
	char unit[sizeof(UNIT) + IF_NAMESIZE + sizeof(".service")];
	int status, null;
	pid_t pid;

	snprintf(unit, sizeof(unit), UNIT "%s.service", ifname);
	pid = fork();
	if (pid < 0)
		return -1;
	if (!pid) {
		null = open("/dev/null", O_WRONLY);
		if (quiet && null >= 0) {
			dup2(null, STDOUT_FILENO);
			dup2(null, STDERR_FILENO);
		}
		execlp("systemctl", "systemctl", verb, unit, (char *)NULL);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0 || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Is the unit there, and a systemd that would start it in this namespace? */
static bool has_service(const char *ifname)
{
	return !netns_entered && !access("/run/systemd/system", F_OK) &&
	       !systemctl("cat", ifname, true);
}

/* Become a process of its own in the background: 0 there, its number here, or
 * -1.
 */
static pid_t to_background(const char *ifname)
{
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		complain(ifname, "%s", strerror(errno));
	if (pid)
		return pid;
	setsid();
	/* Sockets of the parent are not shared. */
	ipc_close();
	return 0;
}

/* Wait for the end of service, and take the link away then. The clock may be
 * set meanwhile, and the link may be gone, or be another one.
 */
static void serve_until(const char *ifname, uint32_t ifindex, time_t end)
{
	const time_t patience = 60;
	struct device dev;
	time_t now;

	while ((now = time(NULL)) < end) {
		sleep(end - now < patience ? end - now : patience);
		if (ipc_dev_get(ifname, false, &dev) ||
		    dev.ifindex != ifindex)
			exit(STATUS_DONE);
	}
	printf("%s: the service has ended\n", ifname);
	exit(ipc_link_del(ifindex) ? STATUS_FAILED : STATUS_DONE);
}

/* Without a service manager the controller goes to the background, and ends
 * when the link does.
 */
static int start_controller(const char *ifname)
{
	char *name = (char *)ifname;
	pid_t pid;

	if (has_service(ifname)) {
		if (!systemctl("start", ifname, false))
			return 0;
		complain(ifname, "the service " UNIT "%s does not start",
			 ifname);
		return -1;
	}
	pid = to_background(ifname);
	if (pid > 0)
		printf("%s: the controller is process %d\n", ifname, pid);
	if (pid)
		return pid > 0 ? 0 : -1;
	exit(run_main(1, &name));
}

static int add_routes(const struct device *dev, const struct conf *conf)
{
	const struct config *config = &dev->config;
	bool relay = config->mode == TEREDO_MODE_RELAY ||
		     config->mode == TEREDO_MODE_HOST_RELAY ||
		     config->relaying;
	unsigned int i;

	for (i = 0; i < conf->addresses_count; i++)
		if (ipc_addr_add(dev->ifindex, &conf->addresses[i].addr,
				 conf->addresses[i].len))
			return -1;
	/* What a relay is for. */
	if (relay && ipc_route_add(dev->ifindex, &config->prefix,
				   config->prefix_len, 0))
		return -1;
	for (i = 0; i < conf->routes_count; i++)
		if (ipc_route_add(dev->ifindex, &conf->routes[i].addr,
				  conf->routes[i].len, 0))
			return -1;
	return 0;
}

static int make_link(const char *ifname, const struct conf *conf,
		     struct device *dev)
{
	if (ipc_link_add(ifname, &conf->config)) {
		complain(ifname, "%s", ipc_error());
		return -1;
	}
	if (!ipc_dev_get(ifname, false, dev) &&
	    (!conf->mtu || !ipc_link_set_mtu(dev->ifindex, conf->mtu)) &&
	    !ipc_link_set_up(dev->ifindex, true) &&
	    !add_routes(dev, conf))
		return 0;
	complain(ifname, "%s", ipc_error());
	if (dev->ifindex)
		ipc_link_del(dev->ifindex);
	return -1;
}

/* What a server shares with its clients, if anything. */
static int load_secrets(const char *ifname)
{
	char path[64 + IF_NAMESIZE];

	snprintf(path, sizeof(path), CONF_FOLDER "/%s.secrets", ifname);
	return access(path, F_OK) ? 0 : secret_load(ifname, path);
}

static int take_name(int argc, char **argv, char *ifname)
{
	if (argc != 1)
		return usage_error(argc ? "one tunnel at a time" :
					  "which tunnel?");
	return take_ifname(argv[0], ifname);
}

int up_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE], error[CONF_ERROR_SIZE];
	struct device dev = { 0 };
	struct conf conf;
	time_t end = 0;

	if (take_name(argc, argv, ifname))
		return STATUS_USAGE;
	if (conf_read(ifname, &conf, error)) {
		complain(NULL, "%s", error);
		return STATUS_FAILED;
	}
	conf_until(ifname, &end);
	if (end && time(NULL) >= end) {
		complain(ifname, "the service has ended: its last day was %s",
			 conf.until);
		return STATUS_FAILED;
	}
	if (make_link(ifname, &conf, &dev))
		return STATUS_FAILED;
	if ((dev.config.mode == TEREDO_MODE_CLIENT &&
	     start_controller(ifname)) ||
	    (dev.config.mode == TEREDO_MODE_SERVER && load_secrets(ifname))) {
		ipc_link_del(dev.ifindex);
		return STATUS_FAILED;
	}
	/* A controller does it itself (C-99). */
	if (end && dev.config.mode != TEREDO_MODE_CLIENT &&
	    !to_background(ifname))
		serve_until(ifname, dev.ifindex, end);
	return STATUS_DONE;
}

int down_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	struct device dev;

	if (take_name(argc, argv, ifname))
		return STATUS_USAGE;
	if (ipc_dev_get(ifname, false, &dev))
		return request_failed(ifname);
	if (dev.config.mode == TEREDO_MODE_CLIENT && has_service(ifname))
		systemctl("stop", ifname, false);
	if (ipc_link_del(dev.ifindex))
		return request_failed(ifname);
	return STATUS_DONE;
}
