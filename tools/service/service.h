/* SPDX-License-Identifier: GPL-2.0 */
/* The service manager, systemd: names of units, and their states. */
#ifndef TEREDO_TOOL_SERVICE_H
#define TEREDO_TOOL_SERVICE_H

#include <stdbool.h>

#define SERVICE_CONTROLLER	"teredo"
#define SERVICE_LINK		"teredo-link"

/* Size of the name of a unit: each octet of the name of a link may become four. */
#define SERVICE_NAME_SIZE	96

/* Write the name of an instance of a unit to @out. Octets that are allowed in the name of a
 * unit stay as they are, even dashes, so that `systemctl start teredo@my-tun` works. All
 * others are escaped as systemd-escape(1) does.
 */
void service_name(char *out, const char *template, const char *ifname);

/* Take the name of a link from the name of an instance, which may be escaped more than
 * necessary. Returns 0, or -1 if it cannot be the name of a link.
 */
int service_take_instance(const char *instance, char *ifname);

/* Return true if systemd runs, knows the unit, and would start it in our namespace. */
bool service_available(const char *unit);

/* Run systemctl with a verb, an option or NULL, and a unit, and wait for its end, but not
 * for ever. Discard its output if @quiet. Returns its exit status, or -1.
 */
int service_do(const char *verb, const char *option, const char *unit,
	       bool quiet);

/* Return the state of a unit that was told to start. */
enum service_state { SERVICE_STARTING, SERVICE_RUNS, SERVICE_FAILED };
enum service_state service_state(const char *unit);

/* Return the job that the manager has for an instance. For a program that runs at the end
 * of the instance.
 */
enum service_job { SERVICE_JOB_NONE, SERVICE_JOB_STOP, SERVICE_JOB_RESTART };
enum service_job service_job(const char *template, const char *instance);

/* Tell the manager that we are ready, if it wants to know. */
void service_ready(void);

#endif /* TEREDO_TOOL_SERVICE_H */
