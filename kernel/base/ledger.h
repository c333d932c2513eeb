/* SPDX-License-Identifier: GPL-2.0 */
/* Objects of the module by kind, allocated and freed: at unload the two have to be equal,
 * which teredo_ledger_close() reports. Counted where an object is allocated, and where it is
 * freed or handed to RCU, which kmemleak watches. Packets of trusted peers are not counted.
 */
#ifndef TEREDO_LEDGER_H
#define TEREDO_LEDGER_H

#include <linux/percpu.h>

enum teredo_object {
	TEREDO_OBJECT_LINK,
	TEREDO_OBJECT_CONFIG,
	TEREDO_OBJECT_STATUS,
	TEREDO_OBJECT_SOCKET,
	TEREDO_OBJECT_SECRET,
	TEREDO_OBJECT_PEER,
	TEREDO_OBJECT_EXTRA,		/* of a peer */
	TEREDO_OBJECT_NEIGHBOUR,
	TEREDO_OBJECT_WAIT,
	TEREDO_OBJECT_WAITING,		/* a packet, in there */
	TEREDO_OBJECT_DUMP,
	TEREDO_OBJECT_EVENT,
	TEREDO_OBJECT_PERCPU,		/* of each CPU, which kmemleak does not tell of */
	TEREDO_OBJECTS,
};

struct teredo_ledger {
	unsigned long made[TEREDO_OBJECTS];
	unsigned long gone[TEREDO_OBJECTS];
};

DECLARE_PER_CPU(struct teredo_ledger, teredo_ledger);

/* Count an object and return it, to be wrapped around an allocation or the argument of a
 * function that frees; NULL is not counted.
 */
static inline void *teredo_made(enum teredo_object what, void *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.made[what]);
	return object;
}

static inline void *teredo_gone(enum teredo_object what, void *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.gone[what]);
	return object;
}

/* The same for per-CPU memory, whose pointers have a type of their own */
static inline void __percpu *teredo_percpu_made(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.made[TEREDO_OBJECT_PERCPU]);
	return object;
}

/* Allocate one @type per CPU, zeroed and charged to the current task. May sleep. */
#define teredo_percpu_alloc(type)					\
	((type __percpu *)teredo_percpu_made(				\
		alloc_percpu_gfp(type, GFP_KERNEL_ACCOUNT)))

static inline void teredo_percpu_free(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.gone[TEREDO_OBJECT_PERCPU]);
	free_percpu(object);
}

/* Log the account, at unload. */
void teredo_ledger_close(void);

#endif /* TEREDO_LEDGER_H */
