/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TEREDO_TOOL_EXPLAIN_H
#define TEREDO_TOOL_EXPLAIN_H

#include "client/refresh.h"

/* Explain in one sentence why the last round failed; valid until the next call. */
const char *explain_failure(const struct qualify *q);
/* Say what was rejected, by whom, and why; valid until the next call. */
const char *explain_rejected(const struct qualify_target *t);
/* Explain why the link of @dev could not be set up. @err is a negative errno, and
 * ipc_error() has the words of the kernel.
 */
const char *explain_set_up(const struct device *dev, int err);
/* Explain why the search of the refresh interval was given up. */
const char *explain_refresh(const struct refresh *r,
			    enum refresh_failure failure);

#endif /* TEREDO_TOOL_EXPLAIN_H */
