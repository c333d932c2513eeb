// SPDX-License-Identifier: GPL-2.0
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "ipc.h"
#include "json.h"
#include "options.h"
#include "service.h"
#include "subcommands.h"
#include "terminal.h"

#ifndef VERSION
#define VERSION	"unknown"
#endif

bool json_wanted;
bool netns_entered;

static const struct {
	const char *name;
	int (*main)(int argc, char **argv);
	const char *usage;
} subcommands[] = {
	{ "add", add_main,
	  "add DEV [OPTIONS]            create the link and configure it" },
	{ "set", set_main,
	  "set DEV OPTIONS              configure; mode, local and port while it is down" },
	{ "del", del_main,
	  "del DEV                      delete the link" },
	{ "show", show_main,
	  "show [DEV]                   one device, or all\n"
	  "show peers [DEV] [state STATE] [ADDRESS]\n"
	  "show stats [DEV]             counters" },
	{ "run", run_main,
	  "run DEV [--force] [--once | --learn-refresh]\n"
	  "    [--key FILE] [--algorithm NAME]\n"
	  "                             be the controller of a client, in the foreground" },
	{ "release", release_main,
	  "release DEV                  take back what a controller has left" },
	{ "probe", probe_main,
	  "probe [--refresh[=SECONDS]] [--id NAME --key FILE [--algorithm NAME]]\n"
	  "    HOST [HOST...]\n"
	  "                             what servers see of us; needs no device" },
	{ "peer", peer_main,
	  "peer add DEV ADDRESS at IPV4:PORT\n"
	  "peer del DEV ADDRESS\n"
	  "peer flush DEV" },
	{ "secret", secret_main,
	  "secret add DEV ID [KEYFILE|-] [algorithm hmac-sha1|hmac-sha256]\n"
	  "secret set DEV ID valid|renew|revoked\n"
	  "secret del DEV ID\n"
	  "secret load DEV FILE|-       lines of: ID KEY [ALGORITHM [STATE]]\n"
	  "secret list DEV" },
	{ "monitor", monitor_main,
	  "monitor [DEV]                events as they happen" },
	{ "up", up_main,
	  "up NAME                      make the tunnel of /etc/teredo/NAME.conf" },
	{ "down", down_main,
	  "down NAME                    and take it away" },
};

#define SUBCOMMANDS_COUNT	(sizeof(subcommands) / sizeof(subcommands[0]))

/* Some lines, each behind two spaces. */
static void print_indented(FILE *out, const char *lines)
{
	while (*lines) {
		size_t len = strcspn(lines, "\n");

		fprintf(out, "  %.*s\n", (int)len, lines);
		lines += len;
		if (*lines)
			lines++;
	}
}

static void synopsis(FILE *out)
{
	size_t i;

	fputs("Usage: " PROGRAM " [-j] [-p] [-n NETNS] [-V] [-h] COMMAND\n", out);
	for (i = 0; i < SUBCOMMANDS_COUNT; i++)
		print_indented(out, subcommands[i].usage);
}

static void usage(FILE *out)
{
	size_t i;

	synopsis(out);
	fputs("OPTIONS:\n", out);
	for (i = 0; i < OPTIONS_COUNT; i++)
		fprintf(out, "  %-10s %s\n  %-10s   %s\n", options[i].name,
			options[i].value, "", options[i].help);
	fputs("Flags:\n"
	      "  -j, --json         JSON\n"
	      "  -p, --pretty       JSON on several lines\n"
	      "  -n, --netns NETNS  in that network namespace\n"
	      "  -V, --version\n"
	      "  -h, --help\n", out);
}

int usage_error(const char *format, ...)
{
	char text[OPTIONS_ERROR_SIZE + 64];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	/* The reason last, where it is seen. */
	synopsis(stderr);
	fputs("All options: " PROGRAM " -h\n", stderr);
	complain(NULL, "%s", text);
	return STATUS_USAGE;
}

int take_ifname(const char *text, char *ifname)
{
	/* As the kernel sees it; it would put a number in the place of %d. */
	size_t len = strlen(text);

	if (!len || len >= IF_NAMESIZE || strpbrk(text, "/:% \t\n\v\f\r") ||
	    !strcmp(text, ".") || !strcmp(text, ".."))
		return usage_error("\"%s\" cannot be the name of a device",
				   text);
	memcpy(ifname, text, len + 1);
	return 0;
}

int take_instance(const char *text, char *ifname)
{
	char name[IF_NAMESIZE];

	if (service_take_instance(text, name))
		return usage_error("\"%s\" cannot be the name of a device",
				   text);
	return take_ifname(name, ifname);
}

int request_failed(const char *dev)
{
	complain(dev, "%s", ipc_error());
	return STATUS_FAILED;
}

static int run_subcommand(int argc, char **argv)
{
	size_t i;

	if (!argc)
		return usage_error("which command?");
	if (!strcmp(argv[0], "help")) {
		usage(stdout);
		return STATUS_DONE;
	}
	for (i = 0; i < SUBCOMMANDS_COUNT; i++)
		if (!strcmp(argv[0], subcommands[i].name))
			return subcommands[i].main(argc - 1, argv + 1);
	return usage_error("unknown command \"%s\"", argv[0]);
}

int main(int argc, char **argv)
{
	static const struct option long_options[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "pretty", no_argument, NULL, 'p' },
		{ "netns", required_argument, NULL, 'n' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	int opt, status;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+jpn:Vh", long_options,
				  NULL)) >= 0) {
		switch (opt) {
		case 'j':
			json_wanted = true;
			break;
		case 'p':
			json_set_pretty(true);
			break;
		case 'n':
			if (!ipc_enter_netns(optarg)) {
				netns_entered = true;
				break;
			}
			complain(NULL, "%s: %s", optarg, ipc_error());
			return STATUS_FAILED;
		case 'V':
			puts(PROGRAM " " VERSION);
			return STATUS_DONE;
		case 'h':
			usage(stdout);
			return STATUS_DONE;
		default:
			return usage_error("unknown or incomplete flag \"%s\"",
					   argv[optind - 1]);
		}
	}

	status = run_subcommand(argc - optind, argv + optind);
	ipc_close();
	if ((fflush(stdout) || ferror(stdout)) && !status) {
		complain(NULL, "cannot write the output");
		status = STATUS_FAILED;
	}
	return status;
}
