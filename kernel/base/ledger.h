/* SPDX-License-Identifier: GPL-2.0 */
/* What the module has made and not yet freed, by kind: when it goes, nothing may
 * be left, and that it says (teredo_ledger_close()). Each is noted where it is
 * allocated and where it is let go of, if need be to RCU, which kmemleak watches.
 * None of this happens for a packet to or from a trusted peer.
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
	TEREDO_OBJECT_NEIGHBOUR,	/* a peer's extra */
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

/* Both return @object, so that they fit around an allocation and into what frees
 * it; NULL is none.
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

/* The same of memory of each CPU, whose pointers are of another kind; the last one
 * frees it.
 */
static inline void __percpu *teredo_percpu_made(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.made[TEREDO_OBJECT_PERCPU]);
	return object;
}

/* One of @type for each CPU, zeroed and charged to whoever asks for it. May sleep. */
#define teredo_percpu_alloc(type)					\
	((type __percpu *)teredo_percpu_made(				\
		alloc_percpu_gfp(type, GFP_KERNEL_ACCOUNT)))

static inline void teredo_percpu_free(void __percpu *object)
{
	if (object)
		this_cpu_inc(teredo_ledger.gone[TEREDO_OBJECT_PERCPU]);
	free_percpu(object);
}

/* The module goes: the account, in the kernel's log. */
void teredo_ledger_close(void);

#endif /* TEREDO_LEDGER_H */
