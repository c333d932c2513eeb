// SPDX-License-Identifier: GPL-2.0
#include "link/modes.h"

/* The texts are constants, because an extended acknowledgment cannot be formatted before
 * Linux 6.2.
 */
static const struct misplaced {
	u8 attr;
	u8 mode;
	const char *text;
} misplaced[] = {
	{ TEREDO_A_CONFIG_SERVER, TEREDO_MODE_RELAY,
	  "server is for mode client, not for mode relay" },
	{ TEREDO_A_CONFIG_SERVER, TEREDO_MODE_HOST_RELAY,
	  "server is for mode client, not for mode host-relay" },
	{ TEREDO_A_CONFIG_SERVER, TEREDO_MODE_SERVER,
	  "server is for mode client, not for mode server" },
	{ TEREDO_A_CONFIG_SERVER_NAME, TEREDO_MODE_RELAY,
	  "server-name is for mode client, not for mode relay" },
	{ TEREDO_A_CONFIG_SERVER_NAME, TEREDO_MODE_HOST_RELAY,
	  "server-name is for mode client, not for mode host-relay" },
	{ TEREDO_A_CONFIG_SERVER_NAME, TEREDO_MODE_SERVER,
	  "server-name is for mode client, not for mode server" },
	{ TEREDO_A_CONFIG_SERVER2, TEREDO_MODE_RELAY,
	  "server2 is for modes client and server, not for mode relay" },
	{ TEREDO_A_CONFIG_SERVER2, TEREDO_MODE_HOST_RELAY,
	  "server2 is for modes client and server, not for mode host-relay" },
	{ TEREDO_A_CONFIG_REFRESH, TEREDO_MODE_RELAY,
	  "refresh is for mode client, not for mode relay" },
	{ TEREDO_A_CONFIG_REFRESH, TEREDO_MODE_HOST_RELAY,
	  "refresh is for mode client, not for mode host-relay" },
	{ TEREDO_A_CONFIG_REFRESH, TEREDO_MODE_SERVER,
	  "refresh is for mode client, not for mode server" },
	{ TEREDO_A_CONFIG_DISCOVERY, TEREDO_MODE_RELAY,
	  "discovery is for mode client, not for mode relay" },
	{ TEREDO_A_CONFIG_DISCOVERY, TEREDO_MODE_HOST_RELAY,
	  "discovery is for mode client, not for mode host-relay" },
	{ TEREDO_A_CONFIG_DISCOVERY, TEREDO_MODE_SERVER,
	  "discovery is for mode client, not for mode server" },
	{ TEREDO_A_CONFIG_SECURE, TEREDO_MODE_RELAY,
	  "secure is for modes client and server, not for mode relay" },
	{ TEREDO_A_CONFIG_SECURE, TEREDO_MODE_HOST_RELAY,
	  "secure is for modes client and server, not for mode host-relay" },
	{ TEREDO_A_CONFIG_RELAYING, TEREDO_MODE_CLIENT,
	  "relaying is for mode server, not for mode client" },
	{ TEREDO_A_CONFIG_RELAYING, TEREDO_MODE_RELAY,
	  "relaying is for mode server, not for mode relay" },
	{ TEREDO_A_CONFIG_RELAYING, TEREDO_MODE_HOST_RELAY,
	  "relaying is for mode server, not for mode host-relay" },
	{ TEREDO_A_CONFIG_ID, TEREDO_MODE_RELAY,
	  "id is for mode client, not for mode relay" },
	{ TEREDO_A_CONFIG_ID, TEREDO_MODE_HOST_RELAY,
	  "id is for mode client, not for mode host-relay" },
	{ TEREDO_A_CONFIG_ID, TEREDO_MODE_SERVER,
	  "id is for mode client, not for mode server" },
	{ }
};

bool teredo_mode_exists(unsigned int mode)
{
	switch (mode) {
	case TEREDO_MODE_CLIENT:
	case TEREDO_MODE_RELAY:
	case TEREDO_MODE_HOST_RELAY:
	case TEREDO_MODE_SERVER:
		return true;
	default:
		return false;
	}
}

const char *teredo_mode_refuses(unsigned int mode, unsigned int attr)
{
	const struct misplaced *row;

	for (row = misplaced; row->text; row++)
		if (row->attr == attr && row->mode == mode)
			break;
	return row->text;
}
