/* SPDX-License-Identifier: GPL-2.0 */
/* What `up` has made, for the next `up` and `down`: in /run, by name and network
 * namespace. Where nothing can be written there, links are made all the same.
 */
#ifndef TEREDO_TOOL_RECORD_H
#define TEREDO_TOOL_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* Only one process at a time works on a tunnel: wait for the others, but not for
 * ever. Returns a descriptor, which holds it, or -1 if there is no place for it, or
 * -2 if somebody else does not come to an end.
 */
int record_lock(const char *ifname);

/* What a tunnel is made of. */
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

/* Be the process that works for the tunnel in the background, as long as this
 * process lives; and which one is that, 0 if there is none.
 */
void record_claim(const char *ifname);
pid_t record_process(const char *ifname);

#endif /* TEREDO_TOOL_RECORD_H */
