/* SPDX-License-Identifier: GPL-2.0 */
/* Devices and peers as JSON and as text, for show and monitor. */
#ifndef TEREDO_TOOL_FORMAT_H
#define TEREDO_TOOL_FORMAT_H

#include "base/containers.h"

/* Print the members of a JSON object that is already open. */
void format_dev_json(const struct device *dev);
void format_peer_json(const char *ifname, const struct peer *peer);

/* {"address": ..., "port": ...}, or null. */
void format_endpoint_json(const char *key, const struct endpoint *endpoint);

/* Return "3.2 s", or "never" if @has is false; in one of a few buffers that are used in
 * turn.
 */
const char *format_idle(bool has, uint32_t ms);

/* Return a duration such as "3 min"; valid until the next call. */
const char *format_age(uint32_t seconds);

/* Return the configured server of a client, as text for people. */
const char *format_server(const struct device *dev);

/* Return the address of the server in use, or of the configured one; 0 if unknown. */
__be32 dev_server(const struct device *dev);
__be32 dev_server2(const struct device *dev);

/* Return the refresh interval in use, in seconds. */
uint32_t dev_refresh(const struct device *dev);

#endif /* TEREDO_TOOL_FORMAT_H */
