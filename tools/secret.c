// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <net/if.h>

#include "subcommands.h"
#include "terminal.h"

int secret_main(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	char ifname[IF_NAMESIZE];

	if (!(!strcmp(verb, "add") && (argc == 3 || argc == 4)) &&
	    !(!strcmp(verb, "del") && argc == 3) &&
	    !(!strcmp(verb, "list") && argc == 2))
		return usage_error("secret add, del or list, as below");
	if (take_ifname(argv[1], ifname))
		return STATUS_USAGE;
	complain(ifname, "secrets are not supported by this module");
	return STATUS_FAILED;
}
