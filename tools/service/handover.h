/* SPDX-License-Identifier: GPL-2.0 */
/* Files for a controller that is a service. They may be readable by root only, which the
 * service is not. So root copies them into the folder of the service, which systemd makes
 * and names in $RUNTIME_DIRECTORY, at each start and reload.
 */
#ifndef TEREDO_TOOL_HANDOVER_H
#define TEREDO_TOOL_HANDOVER_H

#define HANDOVER_CONF	"conf"
#define HANDOVER_KEY	"key"

/* Copy the files for the controller of @ifname. Returns the exit status. */
int handover(const char *ifname);

/* Return the path of the copy of a file, if there is such a file; NULL where no copies are
 * made. Valid until the next call.
 */
const char *handover_copy(const char *name);

#endif /* TEREDO_TOOL_HANDOVER_H */
