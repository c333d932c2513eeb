/* SPDX-License-Identifier: GPL-2.0 */
/* The process that has a UDP port of this host. */
#ifndef TEREDO_TOOL_HOLDER_H
#define TEREDO_TOOL_HOLDER_H

#include "base/containers.h"

/* Return who else has @port of @addr (0: any address) in this namespace, in words that
 * continue "in use by"; NULL if nobody has it. Valid until the next call.
 */
const char *holder_of(__be32 addr, __be16 port);

/* Return true if @addr, 0 for any, is an address of this host. */
bool holder_may_have(__be32 addr);

#endif /* TEREDO_TOOL_HOLDER_H */
