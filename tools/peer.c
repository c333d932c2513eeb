// SPDX-License-Identifier: GPL-2.0
#include "ipc.h"
#include "options.h"
#include "subcommands.h"
#include "terminal.h"

int peer_main(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	struct endpoint mapped;
	char ifname[IF_NAMESIZE];
	struct in6_addr addr;
	int err;

	if (!(!strcmp(verb, "add") && argc == 5) &&
	    !(!strcmp(verb, "del") && argc == 3) &&
	    !(!strcmp(verb, "flush") && argc == 2))
		return usage_error("peer add, del or flush, as below");
	if (take_ifname(argv[1], ifname))
		return STATUS_USAGE;
	if (argc > 2 && inet_pton(AF_INET6, argv[2], &addr) != 1)
		return usage_error("\"%s\" is no IPv6 address", argv[2]);
	if (argc > 3 && strcmp(argv[3], "at"))
		return usage_error("\"at\" is missing before \"%s\"", argv[3]);
	if (argc > 4 && !parse_endpoint(argv[4], 0, &mapped))
		return usage_error("\"%s\" is not IPV4:PORT", argv[4]);

	if (!strcmp(verb, "add"))
		err = ipc_peer_new(ifname, &addr, &mapped);
	else if (!strcmp(verb, "del"))
		err = ipc_peer_del(ifname, &addr);
	else
		err = ipc_peer_flush(ifname);
	return err ? request_failed(ifname) : STATUS_DONE;
}
