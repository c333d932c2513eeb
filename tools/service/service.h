/* SPDX-License-Identifier: GPL-2.0 */
/* The service manager, systemd: names of units, and what it is about to do. */
#ifndef TEREDO_TOOL_SERVICE_H
#define TEREDO_TOOL_SERVICE_H

#include <stdbool.h>

#define SERVICE_CONTROLLER	"teredo"
#define SERVICE_LINK		"teredo-link"

/* Room for the name of a unit: each octet of an interface's may become four. */
#define SERVICE_NAME_SIZE	96

/* The name of an instance of a unit. What a name of a unit can hold stays as it
 * is, dashes too, so that `systemctl start teredo@my-tun` is what it looks like;
 * everything else is escaped as systemd-escape(1) does.
 */
void service_name(char *out, const char *template, const char *ifname);

/* Take the name of a link from that of an instance, which may be escaped more
 * than it has to be. Returns 0, or -1 if it cannot be the name of a link.
 */
int service_take_instance(const char *instance, char *ifname);

/* Is the unit there, and a systemd that would start it where we are? */
bool service_available(const char *unit);

/* Run systemctl with a verb and a unit, for so many seconds at most; @quiet: what
 * it says does not matter. Returns its exit status, or -1.
 */
int service_do(const char *verb, const char *option, const char *unit,
	       bool quiet);

/* What has become of a unit that was told to start. */
enum service_state { SERVICE_STARTING, SERVICE_RUNS, SERVICE_FAILED };
enum service_state service_state(const char *unit);

/* What the manager is doing with an instance, as a program of it asks that is run
 * at its end.
 */
enum service_job { SERVICE_JOB_NONE, SERVICE_JOB_STOP, SERVICE_JOB_RESTART };
enum service_job service_job(const char *template, const char *instance);

/* Tell the manager, if there is one that wants to know, that we are at work. */
void service_ready(void);

#endif /* TEREDO_TOOL_SERVICE_H */
