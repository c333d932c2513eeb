// SPDX-License-Identifier: GPL-2.0
#include "service/record.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <nettle/sha2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/conf.h"
#include "base/host.h"

#define FOLDER		"/run/teredo"
#define NOT_COMPLETE	"-"
/* Longer than any `up` or `down` holds the lock. */
#define PATIENCE_MS	120000

/* Include the namespace: two namespaces may have links with the same name. */
static void path_of(char *path, const char *ifname, const char *kind)
{
	struct stat ns = { 0 };

	stat("/proc/self/ns/net", &ns);
	snprintf(path, PATH_MAX, FOLDER "/%llu-%s.%s",
		 (unsigned long long)ns.st_ino, ifname, kind);
}

static int open_own(const char *ifname, const char *kind)
{
	char path[PATH_MAX];

	mkdir(FOLDER, 0755);
	path_of(path, ifname, kind);
	return open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

int record_lock(const char *ifname)
{
	uint64_t end = host_clock() + PATIENCE_MS;
	int fd = open_own(ifname, "lock");

	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB)) {
		if (errno == EWOULDBLOCK && host_clock() < end) {
			poll(NULL, 0, 50);
			continue;
		}
		close(fd);
		return -2;
	}
	return fd < 0 ? -1 : fd;
}

static void add_file(struct sha256_ctx *hash, const char *ifname,
		     const char *kind)
{
	char path[PATH_MAX], part[4096];
	FILE *file;
	size_t n;

	snprintf(path, sizeof(path), CONF_FOLDER "/%s.%s", ifname, kind);
	file = fopen(path, "re");
	while (file && (n = fread(part, 1, sizeof(part), file)))
		sha256_update(hash, n, (uint8_t *)part);
	if (file)
		fclose(file);
	sha256_update(hash, 1, (const uint8_t *)"");
}

void record_digest(const char *ifname, char *digest)
{
	uint8_t sum[SHA256_DIGEST_SIZE];
	struct sha256_ctx hash;
	size_t i;

	sha256_init(&hash);
	add_file(&hash, ifname, "conf");
	add_file(&hash, ifname, "secrets");
	sha256_digest(&hash, sizeof(sum), sum);
	for (i = 0; i < sizeof(sum); i++)
		sprintf(digest + 2 * i, "%02x", sum[i]);
}

void record_read(const char *ifname, struct record *record)
{
	char path[PATH_MAX];
	FILE *file;

	memset(record, 0, sizeof(*record));
	path_of(path, ifname, "link");
	file = fopen(path, "re");
	if (!file)
		return;
	record->there = fscanf(file, "%u %64s", &record->ifindex,
			       record->digest) == 2;
	fclose(file);
}

void record_remove(const char *ifname)
{
	char path[PATH_MAX];

	path_of(path, ifname, "link");
	unlink(path);
}

void record_write(const char *ifname, uint32_t ifindex, const char *digest)
{
	char text[RECORD_DIGEST_SIZE + 16];
	int len, fd = open_own(ifname, "link");

	if (fd < 0)
		return;
	len = sprintf(text, "%u %s\n", ifindex, digest ? digest : NOT_COMPLETE);
	/* Do not leave an incomplete record. */
	if (ftruncate(fd, 0) || write(fd, text, len) != len)
		record_remove(ifname);
	close(fd);
}

void record_claim(const char *ifname)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_own(ifname, "process");

	/* Left open: the end of this process releases the lock. */
	if (fd >= 0)
		fcntl(fd, F_SETLK, &lock);
}

pid_t record_process(const char *ifname)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int fd = open_own(ifname, "process");
	pid_t pid = 0;

	if (fd < 0)
		return 0;
	if (!fcntl(fd, F_GETLK, &lock) && lock.l_type != F_UNLCK &&
	    lock.l_pid > 0)
		pid = lock.l_pid;
	close(fd);
	return pid;
}
