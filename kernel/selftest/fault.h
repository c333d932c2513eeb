/* SPDX-License-Identifier: GPL-2.0 */
/* Fault injection, for the debug build, which includes this file ahead of all others. With
 * fail-nth, calls into the kernel fail one after the other, as allocations do
 * (selftests/fault.sh): registrations, and what the kernel itself has no way to make fail,
 * such as per-CPU allocations.
 */
#ifndef TEREDO_SELFTEST_FAULT_H
#define TEREDO_SELFTEST_FAULT_H

#include <crypto/hash.h>
#include <linux/fault-inject.h>
#include <linux/igmp.h>
#include <linux/inetdevice.h>
#include <linux/netdevice.h>
#include <linux/percpu.h>
#include <linux/rhashtable.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>
#include <net/gro_cells.h>
#include <net/net_namespace.h>
#include <net/netlink.h>
#include <net/route.h>
#include <net/rtnetlink.h>
#include <net/udp_tunnel.h>

/* Never fails by chance, and does not log */
static struct fault_attr teredo_fault __maybe_unused = {
	.times = ATOMIC_INIT(-1),
};

#define TEREDO_FAULT(failure, call) \
	(should_fail(&teredo_fault, 1) ? (failure) : (call))

#define register_pernet_subsys(ops) \
	TEREDO_FAULT(-ENOMEM, register_pernet_subsys(ops))
#define register_netdevice_notifier(nb) \
	TEREDO_FAULT(-ENOMEM, register_netdevice_notifier(nb))
#define register_inetaddr_notifier(nb) \
	TEREDO_FAULT(-ENOMEM, register_inetaddr_notifier(nb))
#define netlink_register_notifier(nb) \
	TEREDO_FAULT(-ENOMEM, netlink_register_notifier(nb))
#define rtnl_link_register(ops) \
	TEREDO_FAULT(-EEXIST, rtnl_link_register(ops))
#define genl_register_family(family) \
	TEREDO_FAULT(-EEXIST, genl_register_family(family))
#define register_netdevice(dev) \
	TEREDO_FAULT(-ENOMEM, register_netdevice(dev))

#define alloc_workqueue(...) \
	TEREDO_FAULT(NULL, alloc_workqueue(__VA_ARGS__))
#define __alloc_percpu(size, align) \
	TEREDO_FAULT(NULL, __alloc_percpu(size, align))
#define __alloc_percpu_gfp(size, align, gfp) \
	TEREDO_FAULT(NULL, __alloc_percpu_gfp(size, align, gfp))
#define gro_cells_init(cells, dev) \
	TEREDO_FAULT(-ENOMEM, gro_cells_init(cells, dev))
#define rhashtable_init(table, params) \
	TEREDO_FAULT(-ENOMEM, rhashtable_init(table, params))
#define rhashtable_insert_fast(table, obj, params) \
	TEREDO_FAULT(-ENOMEM, rhashtable_insert_fast(table, obj, params))
#define rhashtable_lookup_insert_fast(table, obj, params) \
	TEREDO_FAULT(-ENOMEM, rhashtable_lookup_insert_fast(table, obj, params))
#define rhashtable_replace_fast(table, old, new, params) \
	TEREDO_FAULT(-ENOMEM, rhashtable_replace_fast(table, old, new, params))

#define crypto_alloc_shash(name, type, mask) \
	TEREDO_FAULT(ERR_PTR(-ENOENT), crypto_alloc_shash(name, type, mask))
#define crypto_shash_setkey(tfm, key, len) \
	TEREDO_FAULT(-EINVAL, crypto_shash_setkey(tfm, key, len))

#define udp_sock_create(net, cfg, sock) \
	TEREDO_FAULT(-EADDRINUSE, udp_sock_create(net, cfg, sock))
#define sock_create_kern(net, family, type, protocol, sock) \
	TEREDO_FAULT(-ENFILE, sock_create_kern(net, family, type, protocol, sock))
#define kernel_bind(sock, addr, len) \
	TEREDO_FAULT(-EADDRINUSE, kernel_bind(sock, addr, len))
#define ip_route_output_key(net, flow) \
	TEREDO_FAULT(ERR_PTR(-ENETUNREACH), ip_route_output_key(net, flow))

#endif /* TEREDO_SELFTEST_FAULT_H */
