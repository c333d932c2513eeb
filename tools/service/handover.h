/* SPDX-License-Identifier: GPL-2.0 */
/* Files for a controller that is a service. They may be readable by root only, and the
 * service is not root. So root copies them at each start and reload into the folder of the
 * service, which systemd creates and names in $RUNTIME_DIRECTORY.
 */
#ifndef TEREDO_TOOL_HANDOVER_H
#define TEREDO_TOOL_HANDOVER_H

#define HANDOVER_CONF	"conf"
#define HANDOVER_KEY	"key"

/* Copy the files for the controller of @ifname. Returns the exit status. */
int handover(const char *ifname);

/* Return the path of the copy of a file, which may not exist; NULL outside a unit. Valid
 * until the next call.
 */
const char *handover_copy(const char *name);

#endif /* TEREDO_TOOL_HANDOVER_H */
