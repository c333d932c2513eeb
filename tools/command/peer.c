// SPDX-License-Identifier: GPL-2.0
#include "ipc/ipc.h"
#include "text/options.h"
#include "command/subcommands.h"

/* Take DEV ADDRESS. */
static int take_peer(char **argv, char *ifname, struct in6_addr *addr)
{
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (inet_pton(AF_INET6, argv[1], addr) != 1)
		return usage_error("\"%s\" is not an IPv6 address", argv[1]);
	return 0;
}

int peer_add_main(int argc, char **argv)
{
	struct endpoint mapped;
	char ifname[IF_NAMESIZE];
	struct in6_addr addr;

	(void)argc;
	if (take_peer(argv, ifname, &addr))
		return STATUS_USAGE;
	if (!parse_endpoint(argv[3], 0, &mapped))
		return usage_error("\"%s\" is not IPV4:PORT, with a port from 1 to 65535",
				   argv[3]);
	if (ipc_peer_new(ifname, &addr, &mapped))
		return request_failed(ifname);
	return STATUS_DONE;
}

int peer_del_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	struct in6_addr addr;

	(void)argc;
	if (take_peer(argv, ifname, &addr))
		return STATUS_USAGE;
	if (ipc_peer_del(ifname, &addr))
		return request_failed(ifname);
	return STATUS_DONE;
}

int peer_flush_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];

	(void)argc;
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (ipc_peer_flush(ifname))
		return request_failed(ifname);
	return STATUS_DONE;
}
