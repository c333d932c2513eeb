// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "command/command.h"
#include "ipc/ipc.h"
#include "text/json.h"
#include "service/service.h"
#include "command/subcommands.h"
#include "text/terminal.h"

#ifndef VERSION
#define VERSION	"unknown"
#endif

bool json_wanted;
bool netns_entered;

/* Commands with the same first word stand together, the one without a second word first. */
const struct command commands[] = {
	{ .name = "add", .main = add_main,
	  .args = "DEV [OPTIONS]",
	  .brief = "create the link and configure it", .options = true },
	{ .name = "set", .main = set_main,
	  .args = "DEV OPTIONS",
	  .brief = "configure it; mode, local and port only while it is down",
	  .help = "A change of mode resets the options that are not for all modes.",
	  .options = true },
	{ .name = "del", .main = del_main,
	  .args = "DEV",
	  .brief = "delete the link" },
	{ .name = "show", .main = show_main,
	  .args = "[DEV]",
	  .brief = "one device, or all" },
	{ .name = "show peers", .main = show_peers_main,
	  .args = "[DEV] [state STATE] [ADDRESS]",
	  .brief = "the peers, or those that match",
	  .help = "STATE: probing, trusted, unreachable, temporary, active" },
	{ .name = "show stats", .main = show_stats_main,
	  .args = "[DEV]",
	  .brief = "why packets were dropped or answered: counters" },
	{ .name = "run", .main = run_main,
	  .args = "DEV [table N] [metric N]",
	  .brief = "be the controller of a client, in the foreground",
	  .help = "SIGINT and SIGTERM end it, SIGHUP makes it read the configuration again." },
	{ .name = "release", .main = release_main,
	  .args = "DEV",
	  .brief = "remove what a controller has left behind: address and route" },
	{ .name = "probe", .main = probe_main,
	  .args = "HOST [HOST...]",
	  .brief = "how servers see this host; needs no device and no privilege" },
	{ .name = "peer add", .main = peer_add_main,
	  .args = "DEV ADDRESS at IPV4:PORT",
	  .brief = "set the mapping of a peer by hand; it never expires" },
	{ .name = "peer del", .main = peer_del_main,
	  .args = "DEV ADDRESS",
	  .brief = "forget a peer" },
	{ .name = "peer flush", .main = peer_flush_main,
	  .args = "DEV",
	  .brief = "forget all peers" },
	{ .name = "secret add", .main = secret_add_main,
	  .args = "DEV ID [KEYFILE|-] [algorithm NAME]",
	  .brief = "share a secret with a client that has none yet",
	  .help = "Without KEYFILE, generate a key and print it.\n"
	  "NAME: hmac-sha1 (default), hmac-sha256" },
	{ .name = "secret replace", .main = secret_replace_main,
	  .args = "DEV ID [KEYFILE|-] [algorithm NAME]",
	  .brief = "replace the secret shared with a client",
	  .help = "Without KEYFILE, generate a key and print it.\n"
	  "NAME: hmac-sha1 (default), hmac-sha256" },
	{ .name = "secret set", .main = secret_set_main,
	  .args = "DEV ID valid|renew|revoked",
	  .brief = "change the state of a secret" },
	{ .name = "secret del", .main = secret_del_main,
	  .args = "DEV ID",
	  .brief = "forget a secret" },
	{ .name = "secret load", .main = secret_load_main,
	  .args = "DEV FILE|-",
	  .brief = "add or replace many, from lines of: ID KEY [ALGORITHM [STATE]]" },
	{ .name = "secret list", .main = secret_list_main,
	  .args = "DEV",
	  .brief = "the identifiers that have a secret" },
	{ .name = "monitor", .main = monitor_main,
	  .args = "[DEV]",
	  .brief = "events as they happen" },
	{ .name = "up", .main = up_main,
	  .args = "NAME",
	  .brief = "create the tunnel of /etc/teredo/NAME.conf" },
	{ .name = "down", .main = down_main,
	  .args = "NAME",
	  .brief = "remove it" },
};

const size_t commands_count = sizeof(commands) / sizeof(commands[0]);

/* Return why a text cannot be the name of an interface, or NULL. */
static const char *refuse_ifname(const char *text)
{
	size_t len = strlen(text);

	if (!len)
		return "it is empty";
	if (len >= IF_NAMESIZE)
		return "it is longer than 15 octets";
	if (text[0] == '-')
		return "it begins with -";
	if (!strcmp(text, ".") || !strcmp(text, ".."))
		return "it stands for a folder";
	/* These are folders in /proc/sys/net, beside those of the links. */
	if (!strcmp(text, "all") || !strcmp(text, "default"))
		return "it stands for all links";
	/* The kernel takes \xa0 for a space, and % for a template of names. */
	if (strpbrk(text, "/:% \t\n\v\f\r\xa0"))
		return "it must contain no space and none of / : %";
	return NULL;
}

int take_ifname(const char *text, char *ifname)
{
	const char *wrong = refuse_ifname(text);

	if (wrong)
		return usage_error("\"%s\" cannot be the name of a device: %s",
				   text, wrong);
	memcpy(ifname, text, strlen(text) + 1);
	return 0;
}

int take_name(int argc, char **argv, char *ifname)
{
	const char *instance = flag_value(FLAG_UNIT);
	char name[IF_NAMESIZE];

	if (argc)
		return take_ifname(argv[0], ifname);
	if (service_take_instance(instance, name))
		return usage_error("--unit \"%s\" cannot stand for a device",
				   instance);
	return take_ifname(name, ifname);
}

int request_failed(const char *dev)
{
	complain(dev, "%s", ipc_error());
	return STATUS_FAILED;
}

int output_failed(const char *what)
{
	complain(NULL, "%s%s%s", what, errno ? ": " : "",
		 errno ? strerror(errno) : "");
	/* So that main() does not print the error again. */
	fclose(stdout);
	stdout = NULL;
	return STATUS_FAILED;
}

/* Take the flags that all commands have. */
static int take_flags(void)
{
	const char *netns = flag_value(FLAG_NETNS);

	json_wanted = flag_given(FLAG_JSON);
	json_set_pretty(flag_given(FLAG_PRETTY));
	if (!netns || flag_given(FLAG_HELP) || flag_given(FLAG_VERSION))
		return STATUS_DONE;
	if (ipc_enter_netns(netns)) {
		complain(NULL, "%s: %s", netns, ipc_error());
		return STATUS_FAILED;
	}
	netns_entered = true;
	return STATUS_DONE;
}

/* Occupy standard descriptors that are closed. Otherwise a socket could take such a number,
 * and receive the output.
 */
static void hold_closed(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			exit(STATUS_FAILED);
}

int main(int argc, char **argv)
{
	struct args args;
	int status;

	hold_closed();
	/* Which characters the terminal can show; nothing else of the locale. */
	setlocale(LC_CTYPE, "");
	status = args_parse(argc, argv, &args);
	if (!status)
		status = take_flags();
	if (!status && flag_given(FLAG_VERSION))
		puts(PROGRAM " " VERSION);
	else if (!status)
		status = command_run(&args);
	ipc_close();
	errno = 0;
	if (stdout && (fflush(stdout) || ferror(stdout)))
		status = output_failed("cannot write the output");
	return status;
}
