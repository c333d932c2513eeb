/* SPDX-License-Identifier: GPL-2.0 */
/* Exit status of the tool, and options that its other parts have to know */
#ifndef TEREDO_TOOL_STATUS_H
#define TEREDO_TOOL_STATUS_H

#include <stdbool.h>

#define STATUS_DONE	0
#define STATUS_FAILED	1
#define STATUS_USAGE	2
#define STATUS_NOT_YET	3	/* it may become so by itself */
#define STATUS_NO_LINK	4	/* of a service: its link is gone */

/* The tool has entered another network namespace, as -n says. */
extern bool netns_entered;

#endif /* TEREDO_TOOL_STATUS_H */
