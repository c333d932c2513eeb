/* SPDX-License-Identifier: GPL-2.0 */
/* Background processes, which outlive the caller and keep nothing of it. */
#ifndef TEREDO_TOOL_BACKGROUND_H
#define TEREDO_TOOL_BACKGROUND_H

#include <sys/types.h>

/* Fork a background process. Returns 0 in the new process. Its messages go to syslog and,
 * as long as the old process reads them, to the descriptor *@words there. Returns its pid
 * in the old process, or -1.
 */
pid_t background(const char *ifname, int *words);

#endif /* TEREDO_TOOL_BACKGROUND_H */
