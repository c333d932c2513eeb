// SPDX-License-Identifier: GPL-2.0
#include "command/command.h"
#include "ipc/ipc.h"
#include "text/options.h"
#include "command/subcommands.h"

/* Take DEV [OPTIONS]. Returns 0, OPTIONS_HELP, or OPTIONS_WRONG after a usage error. */
static int take_arguments(int argc, char **argv, char *ifname,
			  struct config *config)
{
	char error[OPTIONS_ERROR_SIZE];
	int err;

	if (take_ifname(argv[0], ifname))
		return OPTIONS_WRONG;
	err = options_parse(argc - 1, argv + 1, config, error);
	if (err < 0)
		usage_error("%s", error);
	return err;
}

int add_main(int argc, char **argv)
{
	struct config config = { 0 };
	char error[OPTIONS_ERROR_SIZE];
	char ifname[IF_NAMESIZE];
	int err;

	err = take_arguments(argc, argv, ifname, &config);
	if (err)
		return err > 0 ? command_help() : STATUS_USAGE;
	if (options_check(&config, error))
		return usage_error("%s", error);
	if (ipc_link_add(ifname, &config))
		return request_failed(ifname);
	return STATUS_DONE;
}

int set_main(int argc, char **argv)
{
	struct config config = { 0 };
	char error[OPTIONS_ERROR_SIZE];
	char ifname[IF_NAMESIZE];
	int err;

	err = take_arguments(argc, argv, ifname, &config);
	if (err)
		return err > 0 ? command_help() : STATUS_USAGE;
	/* If no mode is given, only the kernel knows it, and checks. */
	if (CONFIG_HAS(&config, MODE) && options_check(&config, error))
		return usage_error("%s", error);
	if (ipc_dev_set(ifname, &config))
		return request_failed(ifname);
	return STATUS_DONE;
}

int del_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	struct device dev;

	(void)argc;
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	/* Delete by index: ipc_dev_get() finds only Teredo devices. */
	if (ipc_dev_get(ifname, false, &dev) || ipc_link_del(dev.ifindex))
		return request_failed(ifname);
	return STATUS_DONE;
}
