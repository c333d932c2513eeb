// SPDX-License-Identifier: GPL-2.0
#include "role/roles.h"

#include "link/config.h"

const struct teredo_role *teredo_role_find(const struct teredo_config *cfg)
{
	switch (cfg->mode) {
	case TEREDO_MODE_CLIENT:
		return &teredo_client_role;
	case TEREDO_MODE_RELAY:
		return &teredo_relay_role;
	case TEREDO_MODE_HOST_RELAY:
		return &teredo_host_relay_role;
	case TEREDO_MODE_SERVER:
		return cfg->relaying ? &teredo_server_relay_role :
				       &teredo_server_role;
	default:
		return NULL;
	}
}
