/* SPDX-License-Identifier: GPL-2.0 */
/* Records of what `up` has made, for the next `up` and `down`: in /run, by name and
 * network namespace. Where that cannot be written, links are made all the same.
 */
#ifndef TEREDO_TOOL_RECORD_H
#define TEREDO_TOOL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Lock a tunnel: wait for other processes, but not for ever. Returns a descriptor that
 * holds the lock; -1 if there is no place for it; -2 if another process does not end.
 */
int record_lock(const char *ifname);

/* Record what a tunnel is made of. */
#define RECORD_DIGEST_SIZE	(2 * 32 + 1)
void record_digest(const char *ifname, char *digest);

struct record {
	bool there;
	uint32_t ifindex;	/* 0: the link was about to be made */
	char digest[RECORD_DIGEST_SIZE];	/* "-": it is not complete */
};

void record_read(const char *ifname, struct record *record);
void record_write(const char *ifname, uint32_t ifindex, const char *digest);
void record_remove(const char *ifname);

/* Claim to be the background process of the tunnel, as long as this process lives; and
 * return which one it is, 0 if there is none.
 */
void record_claim(const char *ifname);
pid_t record_process(const char *ifname);

#endif /* TEREDO_TOOL_RECORD_H */
