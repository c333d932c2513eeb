// SPDX-License-Identifier: GPL-2.0
#include "service/service.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/host.h"
#include "base/status.h"

#define SUFFIX	".service"

/* Longer than any unit of ours takes to stop. */
#define PATIENCE_MS	90000

/* -- names -- */

void service_name(char *out, const char *template, const char *ifname)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:-_.@";

	out += sprintf(out, "%s@", template);
	for (; *ifname; ifname++)
		out += sprintf(out, strchr(plain, *ifname) ? "%c" : "\\x%02x",
			       (unsigned char)*ifname);
	memcpy(out, SUFFIX, sizeof(SUFFIX));
}

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? at - digits : -1;
}

int service_take_instance(const char *instance, char *ifname)
{
	unsigned int len = 0;
	int high, low;

	while (*instance) {
		if (len == IF_NAMESIZE - 1)
			return -1;
		if (instance[0] == '\\' && instance[1] == 'x') {
			high = hex_digit(instance[2]);
			low = high < 0 ? -1 : hex_digit(instance[3]);
			if (low < 0 || !(high | low))
				return -1;
			ifname[len++] = high << 4 | low;
			instance += 4;
		} else {
			ifname[len++] = *instance++;
		}
	}
	ifname[len] = 0;
	return 0;
}

/* -- systemctl -- */

/* Start systemctl with its output to @out; discard the output if @out is negative. */
static pid_t start_systemctl(const char *const argv[], int out)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid) {
		if (null >= 0)
			close(null);
		return pid;
	}
	if (null >= 0) {
		dup2(null, STDIN_FILENO);
		if (out != STDOUT_FILENO)
			dup2(null, STDERR_FILENO);
	}
	if (out != STDOUT_FILENO)
		dup2(out >= 0 ? out : null, STDOUT_FILENO);
	execvp("systemctl", (char *const *)argv);
	_exit(127);
}

/* Wait for its end, and kill it after a timeout. Returns its exit status, or -1. */
static int end_systemctl(pid_t pid)
{
	uint64_t end = host_clock() + PATIENCE_MS;
	int status;

	while (!waitpid(pid, &status, WNOHANG)) {
		if (host_clock() > end)
			kill(pid, SIGKILL);
		poll(NULL, 0, 20);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Read the output of systemctl, or as much as there is room for. Returns 0, or -1 if it
 * fails.
 */
static int ask_systemctl(const char *const argv[], char *answer, size_t size)
{
	size_t len = 0;
	ssize_t n;
	int fd[2];
	pid_t pid;

	answer[0] = 0;
	if (pipe2(fd, O_CLOEXEC))
		return -1;
	pid = start_systemctl(argv, fd[1]);
	close(fd[1]);
	while (pid > 0 && len < size - 1 &&
	       (n = read(fd[0], answer + len, size - 1 - len)) > 0)
		len += n;
	answer[len] = 0;
	close(fd[0]);
	return pid > 0 && !end_systemctl(pid) ? 0 : -1;
}

int service_do(const char *verb, const char *option, const char *unit,
	       bool quiet)
{
	const char *const argv[] = { "systemctl", option ? option : verb,
				     option ? verb : "--", option ? "--" : unit,
				     option ? unit : NULL, NULL };
	pid_t pid = start_systemctl(argv, quiet ? -1 : STDOUT_FILENO);

	return pid > 0 ? end_systemctl(pid) : -1;
}

/* Return true if the manager is in our network namespace. If we cannot see it, it has
 * started us, so that is true.
 */
static bool same_netns(void)
{
	struct stat ours, its;

	return stat("/proc/self/ns/net", &ours) ||
	       stat("/proc/1/ns/net", &its) ||
	       (ours.st_dev == its.st_dev && ours.st_ino == its.st_ino);
}

bool service_available(const char *unit)
{
	return !netns_entered && !access("/run/systemd/system", F_OK) &&
	       same_netns() && !service_do("cat", NULL, unit, true);
}

enum service_state service_state(const char *unit)
{
	const char *const argv[] = { "systemctl", "show", "--property=Job",
				     "--property=ActiveState",
				     "--property=SubState", "--", unit, NULL };
	char answer[512];

	if (ask_systemctl(argv, answer, sizeof(answer)))
		return SERVICE_STARTING;
	if (strstr(answer, "ActiveState=failed") ||
	    strstr(answer, "SubState=auto-restart"))
		return SERVICE_FAILED;
	if (strstr(answer, "ActiveState=active"))
		return SERVICE_RUNS;
	/* Neither running nor waiting to start. */
	if (strstr(answer, "ActiveState=inactive") && !strstr(answer, "Job="))
		return SERVICE_FAILED;
	return SERVICE_STARTING;
}

enum service_job service_job(const char *template, const char *instance)
{
	static const char *const argv[] = { "systemctl", "list-jobs", "--full",
					    "--plain", "--no-legend", NULL };
	char wanted[SERVICE_NAME_SIZE], unit[512], type[32];
	static char answer[65536];
	char *line, *rest = NULL;

	snprintf(wanted, sizeof(wanted), "%s@%s" SUFFIX, template, instance);
	if (ask_systemctl(argv, answer, sizeof(answer)))
		return SERVICE_JOB_NONE;
	for (line = strtok_r(answer, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		if (sscanf(line, "%*u %511s %31s", unit, type) != 2 ||
		    strcmp(unit, wanted))
			continue;
		if (!strcmp(type, "restart"))
			return SERVICE_JOB_RESTART;
		if (!strcmp(type, "stop"))
			return SERVICE_JOB_STOP;
	}
	return SERVICE_JOB_NONE;
}

/* -- messages to the manager, see sd_notify(3) -- */

void service_ready(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	static const char ready[] = "READY=1";
	size_t len = path ? strlen(path) : 0;
	int fd;

	if (!len || len >= sizeof(addr.sun_path))
		return;
	memcpy(addr.sun_path, path, len);
	/* an abstract name */
	if (path[0] == '@')
		addr.sun_path[0] = 0;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return;
	sendto(fd, ready, sizeof(ready) - 1, MSG_NOSIGNAL,
	       (struct sockaddr *)&addr,
	       offsetof(struct sockaddr_un, sun_path) + len);
	close(fd);
}
