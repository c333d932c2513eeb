/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers of allocated and freed objects, by kind. At unload the two must be equal;
 * teredo_ledger_close() reports it. An object counts as freed once it is handed to RCU:
 * what RCU does not free, kmemleak finds. Packets of trusted peers are not counted.
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
	TEREDO_OBJECT_EXTRA,		/* struct teredo_extra */
	TEREDO_OBJECT_NEIGHBOUR,
	TEREDO_OBJECT_WAIT,
	TEREDO_OBJECT_WAITING,		/* packet held in a struct teredo_wait */
	TEREDO_OBJECT_DUMP,
	TEREDO_OBJECT_EVENT,
	TEREDO_OBJECT_PERCPU,		/* per-CPU memory; kmemleak does not report it */
	TEREDO_OBJECTS,
};

/* Numbers of one CPU; an object may be freed on another CPU */
struct teredo_ledger {
	unsigned long made[TEREDO_OBJECTS];
	unsigned long gone[TEREDO_OBJECTS];
};

DECLARE_PER_CPU(struct teredo_ledger, teredo_ledger);

/* Count @object as allocated, or as freed, and return it. To be wrapped around an
 * allocation, or around the argument of the function that frees. NULL is not counted. Any
 * context.
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

/* The same for per-CPU memory, whose pointers have their own address space */
static inline void __percpu *teredo_percpu_made(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.made[TEREDO_OBJECT_PERCPU]);
	return object;
}

/* Allocate a zeroed @type per CPU, charged to the memory cgroup of the current task. May
 * sleep. Returns NULL without memory.
 */
#define teredo_percpu_alloc(type)					\
	((type __percpu *)teredo_percpu_made(				\
		alloc_percpu_gfp(type, GFP_KERNEL_ACCOUNT)))

static inline void teredo_percpu_free(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.gone[TEREDO_OBJECT_PERCPU]);
	free_percpu(object);
}

/* Log the numbers of each kind, and warn where they differ. At unload, as the last step. */
void teredo_ledger_close(void);

#endif /* TEREDO_LEDGER_H */
