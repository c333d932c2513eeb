// SPDX-License-Identifier: GPL-2.0
#include "client/verdict.h"

bool verdict_is_full(const struct probe *probe)
{
	return probe->qualify.target[0].answered &&
	       probe->qualify.target[1].answered;
}

const struct endpoint *verdict_mapping(const struct probe *probe)
{
	return &probe->qualify.target[!probe->qualify.target[0].answered].mapped;
}

/* One that answers fully before one that does not, then the nearest. */
static bool is_better(const struct probe *a, const struct probe *b)
{
	if (verdict_is_full(a) != verdict_is_full(b))
		return verdict_is_full(a);
	return a->qualify.target[0].rtt < b->qualify.target[0].rtt;
}

void verdict_find(struct verdict *v, const struct probe *probes, int count,
		  __be16 port)
{
	const struct endpoint *first = NULL;
	unsigned int seen = 0;
	bool differ = false;
	bool none = false;
	int i, j;

	memset(v, 0, sizeof(*v));
	v->best = -1;
	for (i = 0; i < count; i++) {
		for (j = 0; j < 2; j++) {
			const struct qualify_target *t =
				&probes[i].qualify.target[j];

			if (!t->answered)
				continue;
			seen++;
			if (!first)
				first = &t->mapped;
			differ |= t->mapped.port != first->port;
			v->addresses_differ |= t->mapped.addr != first->addr;
		}
		none |= probes[i].qualify.nat == TEREDO_NAT_NONE;
		if (probes[i].up && (v->best < 0 ||
				     is_better(&probes[i], &probes[v->best])))
			v->best = i;
	}
	v->answered = seen;
	v->port_kept = first && !differ && first->port == port;
	if (differ || v->addresses_differ)
		v->nat = TEREDO_NAT_SYMMETRIC;
	else if (none)
		v->nat = TEREDO_NAT_NONE;
	else if (seen > 1)
		v->nat = TEREDO_NAT_RESTRICTED;
	else
		v->nat = TEREDO_NAT_UNKNOWN;
	/* A server that happened to see one mapping is no way around it. */
	if (v->nat == TEREDO_NAT_SYMMETRIC)
		v->best = -1;
}
