/* SPDX-License-Identifier: GPL-2.0 */
/* Does the NAT lead what we send to our own mapped address back in? */
#ifndef TEREDO_TOOL_HAIRPIN_H
#define TEREDO_TOOL_HAIRPIN_H

#include "base/containers.h"

#define HAIRPIN_TRIES		3
#define HAIRPIN_SPACING_MS	500

/* Have two sockets send to the mapping of each other, several times, so that
 * filters open on the way. True if anything arrived.
 */
bool hairpin_test(const int fds[2], const struct endpoint mapped[2]);

#endif /* TEREDO_TOOL_HAIRPIN_H */
