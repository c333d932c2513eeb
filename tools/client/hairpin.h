/* SPDX-License-Identifier: GPL-2.0 */
/* Hairpinning: find out whether the NAT returns datagrams sent to our own mapped address. */
#ifndef TEREDO_TOOL_HAIRPIN_H
#define TEREDO_TOOL_HAIRPIN_H

#include "base/containers.h"

#define HAIRPIN_TRIES		3
#define HAIRPIN_SPACING_MS	500

/* Send between the mappings of two sockets, several times, so that filters on the path open.
 * Returns true if anything arrived.
 */
bool hairpin_test(const int fds[2], const struct endpoint mapped[2]);

#endif /* TEREDO_TOOL_HAIRPIN_H */
