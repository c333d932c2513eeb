/* SPDX-License-Identifier: GPL-2.0 */
/* What keeps a device from working as it should, and what to do about it: all
 * that the host itself can tell, without sending anything.
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
