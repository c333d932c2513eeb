// SPDX-License-Identifier: GPL-2.0
#include "base/endpoint.h"

#if BITS_PER_LONG != 64
DEFINE_SEQLOCK(teredo_endpoint_lock);
#endif
