// SPDX-License-Identifier: GPL-2.0
#include "link/notify.h"

#include <linux/cache.h>

const struct teredo_notify *teredo_notify __ro_after_init;
