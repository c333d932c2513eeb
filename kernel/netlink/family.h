/* SPDX-License-Identifier: GPL-2.0 */
/* The generic netlink family */
#ifndef TEREDO_FAMILY_H
#define TEREDO_FAMILY_H

struct genl_family;

extern struct genl_family teredo_nl_family;

/* Register the family, and set teredo_notify. Returns 0 or -errno. */
int teredo_nl_init(void);
void teredo_nl_exit(void);

#endif /* TEREDO_FAMILY_H */
