/* SPDX-License-Identifier: GPL-2.0 */
/* Which options apply to which modes. Compiled into the module and the tool, so that both
 * refuse the same options with the same text.
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

/* Return true if this version supports the mode. */
bool teredo_mode_exists(unsigned int mode);

/* Return NULL if the attribute of the set config applies to the mode, else the text of the
 * error, which names the modes that it applies to.
 */
const char *teredo_mode_refuses(unsigned int mode, unsigned int attr);

#endif /* TEREDO_MODES_H */
