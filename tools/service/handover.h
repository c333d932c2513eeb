/* SPDX-License-Identifier: GPL-2.0 */
/* The files of a controller that is a service. They may be for root's eyes only, which
 * the service is not. So root copies them into the service's own folder, which systemd
 * makes for it and names in $RUNTIME_DIRECTORY, each time that it starts or reloads.
 */
#ifndef TEREDO_TOOL_HANDOVER_H
#define TEREDO_TOOL_HANDOVER_H

#define HANDOVER_CONF	"conf"
#define HANDOVER_KEY	"key"

/* Copy what there is for the controller of @ifname. Returns the exit status. */
int handover(const char *ifname);

/* Where the copy of one of these files is, if there is such a file; valid until the next
 * call. NULL where no copies are made.
 */
const char *handover_copy(const char *name);

#endif /* TEREDO_TOOL_HANDOVER_H */
