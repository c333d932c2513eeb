// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "ipc.h"
#include "options.h"
#include "subcommands.h"
#include "terminal.h"

/* DEV [OPTIONS] */
static int take_arguments(int argc, char **argv, char *ifname,
			  struct config *config)
{
	char error[OPTIONS_ERROR_SIZE];

	if (!argc)
		return usage_error("which device?");
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (options_parse(argc - 1, argv + 1, config, error))
		return usage_error("%s", error);
	return 0;
}

int add_main(int argc, char **argv)
{
	struct config config = { 0 };
	char ifname[IF_NAMESIZE];

	if (take_arguments(argc, argv, ifname, &config))
		return STATUS_USAGE;
	if (ipc_link_add(ifname, &config))
		return request_failed(ifname);
	return STATUS_DONE;
}

int set_main(int argc, char **argv)
{
	struct config config = { 0 };
	char ifname[IF_NAMESIZE];

	if (take_arguments(argc, argv, ifname, &config))
		return STATUS_USAGE;
	if (!config.set)
		return usage_error("set what?");
	if (ipc_dev_set(ifname, &config))
		return request_failed(ifname);
	return STATUS_DONE;
}

int del_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	struct device dev;

	if (argc != 1)
		return usage_error(argc ? "del takes one device" :
					  "which device?");
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	/* By its index, so that it is a Teredo device for sure. */
	if (ipc_dev_get(ifname, false, &dev) || ipc_link_del(dev.ifindex))
		return request_failed(ifname);
	return STATUS_DONE;
}
