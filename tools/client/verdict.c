// SPDX-License-Identifier: GPL-2.0
#include "client/verdict.h"

#include "client/nat.h"

bool verdict_is_full(const struct probe *probe)
{
	return probe->qualify.target[0].answered &&
	       probe->qualify.target[1].answered;
}

const struct endpoint *verdict_mapping(const struct probe *probe)
{
	return &probe->qualify.target[!probe->qualify.target[0].answered].mapped;
}

/* Prefer a server whose two addresses answered, then the shorter round trip. */
static bool is_better(const struct probe *a, const struct probe *b)
{
	if (verdict_is_full(a) != verdict_is_full(b))
		return verdict_is_full(a);
	return a->qualify.target[0].rtt < b->qualify.target[0].rtt;
}

void verdict_find(struct verdict *v, const struct probe *probes, int count,
		  __be16 port)
{
	const struct endpoint unknown = { 0 };
	struct nat_seen seen = { 0 };
	int i, j;

	memset(v, 0, sizeof(*v));
	v->best = -1;
	for (i = 0; i < count; i++) {
		for (j = 0; j < 2; j++)
			if (probes[i].qualify.target[j].answered)
				nat_see(&seen, &probes[i].qualify.target[j].mapped,
					&unknown);
		seen.none |= probes[i].qualify.nat == TEREDO_NAT_NONE;
		if (probes[i].up && (v->best < 0 ||
				     is_better(&probes[i], &probes[v->best])))
			v->best = i;
	}
	v->answered = seen.count;
	v->addresses_differ = seen.addresses_differ;
	v->port_kept = seen.count && !seen.ports_differ && seen.first.port == port;
	v->nat = nat_of(&seen);
	/* No server can be used, even if one happened to see a single mapping. */
	if (v->nat == TEREDO_NAT_SYMMETRIC)
		v->best = -1;
}
