/* SPDX-License-Identifier: GPL-2.0 */
/* Hints: what keeps a device from working, and what to do about it, as far as the host
 * itself can tell without sending anything.
 */
#ifndef TEREDO_TOOL_HINTS_H
#define TEREDO_TOOL_HINTS_H

#include "base/containers.h"

#define HINTS_MAX	8

struct hints {
	unsigned int count;
	char text[HINTS_MAX][192];
};

void hints_find(const struct device *dev, struct hints *out);

#endif /* TEREDO_TOOL_HINTS_H */
