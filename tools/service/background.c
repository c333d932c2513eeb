// SPDX-License-Identifier: GPL-2.0
#include "service/background.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "ipc/ipc.h"
#include "text/terminal.h"

/* Descriptor for the messages to the old process */
#define WORDS	3

static ssize_t write_words(void *cookie, const char *text, size_t len)
{
	const int *priority = cookie;
	const char *end;
	size_t at, n;

	/* The old process may be gone or slow. The log gets every message. */
	if (write(WORDS, text, len) < 0)
		errno = 0;
	/* Skip the name of the program, which syslog adds itself. */
	at = len > strlen(PROGRAM ": ") &&
	     !memcmp(text, PROGRAM ": ", strlen(PROGRAM ": ")) ?
	     strlen(PROGRAM ": ") : 0;
	for (; at < len; at += n + 1) {
		end = memchr(text + at, '\n', len - at);
		n = end ? (size_t)(end - text) - at : len - at;
		if (n)
			syslog(*priority, "%.*s", (int)n, text + at);
	}
	return len;
}

static FILE *open_log(int *priority)
{
	static const cookie_io_functions_t functions = { .write = write_words };
	FILE *log = fopencookie(priority, "w", functions);

	if (log)
		setvbuf(log, NULL, _IOLBF, 0);
	return log;
}

/* Detach from the caller: its terminal, files, folder and umask. */
static void detach(int words)
{
	static int info = LOG_INFO, warning = LOG_WARNING;
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
				       SIGUSR1 };
	int null = open("/dev/null", O_RDWR);
	/* @words may be one of the standard descriptors, if those were closed. */
	int spare = fcntl(words, F_DUPFD, WORDS);
	FILE *out = open_log(&info), *err = open_log(&warning);
	size_t i;

	setsid();
	if (chdir("/"))
		syslog(LOG_WARNING, "/: %m");
	umask(0077);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		signal(signals[i], SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	for (i = 0; i < WORDS && null >= 0; i++)
		dup2(null, i);
	if (spare != WORDS)
		dup2(spare, WORDS);
	fcntl(WORDS, F_SETFD, FD_CLOEXEC);
	fcntl(WORDS, F_SETFL, O_NONBLOCK);
	closefrom(WORDS + 1);
	openlog(PROGRAM, LOG_PID, LOG_DAEMON);
	if (out)
		stdout = out;
	if (err)
		stderr = err;
}

pid_t background(const char *ifname, int *words)
{
	int fd[2];
	pid_t pid;

	if (pipe2(fd, O_CLOEXEC | O_NONBLOCK)) {
		complain(ifname, "cannot start a process for it: %s",
			 strerror(errno));
		return -1;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		/* Do not share the sockets of the old process. */
		ipc_close();
		detach(fd[1]);
		return 0;
	}
	close(fd[1]);
	if (pid < 0) {
		complain(ifname, "cannot start a process for it: %s",
			 strerror(errno));
		close(fd[0]);
		return -1;
	}
	*words = fd[0];
	return pid;
}
