/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_TOOL_EXPLAIN_H
#define TEREDO_TOOL_EXPLAIN_H

#include "qualify.h"

/* Why the round that has just failed did, in one sentence; valid until the
 * next call.
 */
const char *explain_failure(const struct qualify *q);

#endif /* TEREDO_TOOL_EXPLAIN_H */
