/* SPDX-License-Identifier: GPL-2.0 */
/* Notifications over netlink: functions for the table of link/notify.h. */
#ifndef TEREDO_NL_EVENT_H
#define TEREDO_NL_EVENT_H

struct teredo_notify;

extern const struct teredo_notify teredo_nl_notify;

#endif /* TEREDO_NL_EVENT_H */
