/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_TOOL_EXPLAIN_H
#define TEREDO_TOOL_EXPLAIN_H

#include "client/refresh.h"

/* Why the round that has just failed did, in one sentence; valid until the
 * next call.
 */
const char *explain_failure(const struct qualify *q);
/* What was rejected, by whom, and why; valid until the next call. */
const char *explain_rejected(const struct qualify_target *t);
/* Why the link of @dev could not be set up: @err is a negative errno, ipc_error() what
 * the kernel said.
 */
const char *explain_set_up(const struct device *dev, int err);
/* The same for a search of the refresh interval that was given up. */
const char *explain_refresh(const struct refresh *r,
			    enum refresh_failure failure);

#endif /* TEREDO_TOOL_EXPLAIN_H */
