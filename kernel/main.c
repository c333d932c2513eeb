// SPDX-License-Identifier: GPL-2.0
#include <linux/module.h>
#include <net/genetlink.h>
#include <net/rtnetlink.h>

#include "base/compat.h"
#include "base/ledger.h"
#include "control/secret.h"
#include "data/socket.h"
#include "device/device.h"
#include "method/discovery.h"
#include "netlink/family.h"
#include "netlink/netlink-gen.h"

static int __init teredo_init(void)
{
	int err;

	err = teredo_sockets_register();
	if (err)
		return err;
	err = teredo_discovery_init();
	if (err)
		goto err_sockets;
	err = teredo_nl_init();
	if (err)
		goto err_discovery;
	err = teredo_device_init(teredo_config_nl_policy,
				 ARRAY_SIZE(teredo_config_nl_policy) - 1);
	if (err)
		goto err_nl;
	return 0;

err_nl:
	teredo_nl_exit();
err_discovery:
	teredo_discovery_exit();
err_sockets:
	teredo_sockets_unregister();
	return err;
}

/* First the links go, and with them all peers: each tells listeners, in the name of
 * the family, whose groups would be somebody else's if it had gone before. Requests
 * that come meanwhile find no link. A dump that is under way holds the module. What
 * RCU still has to free needs no code of ours, but for secrets.
 */
static void __exit teredo_exit(void)
{
	teredo_device_exit();
	teredo_nl_exit();
	teredo_discovery_exit();
	teredo_sockets_unregister();
	teredo_secret_exit();
	teredo_ledger_close();
}

module_init(teredo_init);
module_exit(teredo_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Teredo: IPv6 for hosts behind IPv4 NATs");
MODULE_VERSION(TEREDO_VERSION);
MODULE_ALIAS_RTNL_LINK("teredo");
MODULE_ALIAS_GENL_FAMILY("teredo");
/* Looked for when the first secret comes; too late for some containers. */
MODULE_SOFTDEP("pre: crypto-sha1 crypto-sha256");
