/* SPDX-License-Identifier: GPL-2.0 */
/* A process of its own, which outlives its caller and keeps nothing of it. */
#ifndef TEREDO_TOOL_BACKGROUND_H
#define TEREDO_TOOL_BACKGROUND_H

#include <sys/types.h>

/* Returns 0 in the new process, whose words go to syslog and, as long as somebody
 * reads there, to @words of the old one; there, its number, or -1.
 */
pid_t background(const char *ifname, int *words);

#endif /* TEREDO_TOOL_BACKGROUND_H */
