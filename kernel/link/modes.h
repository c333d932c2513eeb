/* SPDX-License-Identifier: GPL-2.0 */
/* Which options mean something in which modes. Compiled into the module and the
 * tool, so that both refuse the same in the same words.
 */
#ifndef TEREDO_MODES_H
#define TEREDO_MODES_H

#ifdef __KERNEL__
#include <uapi/linux/teredo.h>
#else
#include <linux/teredo.h>
#endif

#include "codec/wire.h"

#define TEREDO_REFRESH_DEFAULT	30	/* seconds */

/* True if there is such a mode, in this version. */
bool teredo_mode_exists(unsigned int mode);

/* Why the attribute of the set config means nothing in that mode, with the modes in
 * which it does; NULL if it does in this one.
 */
const char *teredo_mode_refuses(unsigned int mode, unsigned int attr);

#endif /* TEREDO_MODES_H */
