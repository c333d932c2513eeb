/* SPDX-License-Identifier: GPL-2.0 */
/* Records of what `up` has made, for the next `up` and `down`: in /run, by name and network
 * namespace. If they cannot be written, links are made nevertheless.
 */
#ifndef TEREDO_TOOL_RECORD_H
#define TEREDO_TOOL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Lock a tunnel, and wait for other processes for a limited time. Returns a descriptor that
 * holds the lock, -1 if the file of the lock cannot be opened, -2 after a timeout.
 */
int record_lock(const char *ifname);

/* Make a digest of the configuration and the secrets of a tunnel. */
#define RECORD_DIGEST_SIZE	(2 * 32 + 1)
void record_digest(const char *ifname, char *digest);

struct record {
	bool there;
	uint32_t ifindex;	/* 0: the link was about to be made */
	char digest[RECORD_DIGEST_SIZE];	/* "-": not complete */
};

void record_read(const char *ifname, struct record *record);
void record_write(const char *ifname, uint32_t ifindex, const char *digest);
void record_remove(const char *ifname);

/* Register this process, until it ends, as the background process of the tunnel; and return
 * the pid of that process, or 0.
 */
void record_claim(const char *ifname);
pid_t record_process(const char *ifname);

#endif /* TEREDO_TOOL_RECORD_H */
