// SPDX-License-Identifier: GPL-2.0
#include "client/remember.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "base/host.h"
#include "ipc/ipc.h"
#include "client/refresh.h"

struct memory {
	struct network network;
	uint32_t seconds;
	int64_t at;		/* when it was determined, wall clock */
};

struct memories {
	struct memory entry[REMEMBER_MAX];
	unsigned int count;
};

void network_here(struct network *out, __be32 mapped, __be32 server)
{
	struct gateway gateway;

	memset(out, 0, sizeof(*out));
	out->mapped = mapped;
	if (ipc_gateway(server, &gateway))
		return;
	out->gateway = gateway.addr;
	memcpy(out->mac, gateway.mac, sizeof(out->mac));
}

bool same_network(const struct network *a, const struct network *b)
{
	return a->mapped == b->mapped && a->gateway == b->gateway &&
	       !memcmp(a->mac, b->mac, sizeof(a->mac));
}

/* Open the folder. Returns a descriptor or a negative errno. */
static int open_folder(bool make)
{
	const char *list = getenv("STATE_DIRECTORY");
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%.*s",
		 list ? (int)strcspn(list, ":") : (int)sizeof(path),
		 list ? list : REMEMBER_FOLDER);
	if (make)
		mkdir(path, 0755);
	fd = open(path, O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/* MAPPED GATEWAY MAC SECONDS TIME */
static bool parse_line(const char *line, struct memory *out)
{
	char mapped[16], gateway[16];
	unsigned int mac[6];
	char end;
	int i;

	if (sscanf(line,
		   "%15s %15s %2x:%2x:%2x:%2x:%2x:%2x %" SCNu32 " %" SCNd64 "%c",
		   mapped, gateway, &mac[0], &mac[1], &mac[2], &mac[3],
		   &mac[4], &mac[5], &out->seconds, &out->at, &end) != 11 ||
	    end != '\n' ||
	    inet_pton(AF_INET, mapped, &out->network.mapped) != 1 ||
	    inet_pton(AF_INET, gateway, &out->network.gateway) != 1)
		return false;
	for (i = 0; i < 6; i++)
		out->network.mac[i] = mac[i];
	return out->seconds && out->seconds <= REFRESH_MAX_MS / 1000;
}

/* Return true if the entry is not too old. A time in the future comes from a wrong clock,
 * and is not accepted.
 */
static bool is_recent(const struct memory *memory)
{
	int64_t now = time(NULL);

	return memory->at > 0 && memory->at <= now &&
	       now - memory->at < REMEMBER_DAYS * (int64_t)86400;
}

/* Load all entries that can be used, oldest first. */
static void load(int folder, struct memories *all)
{
	char line[256];
	unsigned int i;
	FILE *file;
	int fd;

	all->count = 0;
	/* It may not be a regular file, and must not block us. */
	fd = openat(folder, REMEMBER_FILE,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return;
	file = fdopen(fd, "r");
	if (!file) {
		close(fd);
		return;
	}
	/* One line per entry, as write_all() writes them. */
	for (i = 0; i < REMEMBER_MAX && fgets(line, sizeof(line), file); i++) {
		struct memory *memory = &all->entry[all->count];

		all->count += parse_line(line, memory) && is_recent(memory);
	}
	fclose(file);
}

static struct memory *find(struct memories *all, const struct network *network)
{
	unsigned int i;

	for (i = 0; i < all->count; i++)
		if (same_network(&all->entry[i].network, network))
			return &all->entry[i];
	return NULL;
}

static int write_all(int fd, const struct memories *all)
{
	FILE *file = fdopen(fd, "w");
	unsigned int i;
	int err = 0;

	if (!file) {
		close(fd);
		return -ENOMEM;
	}
	for (i = 0; i < all->count; i++) {
		const struct memory *memory = &all->entry[i];
		const uint8_t *mac = memory->network.mac;

		fprintf(file,
			"%s %s %02x:%02x:%02x:%02x:%02x:%02x %" PRIu32 " %" PRId64 "\n",
			ipv4_text(memory->network.mapped),
			ipv4_text(memory->network.gateway),
			mac[0], mac[1], mac[2], mac[3], mac[4], mac[5],
			memory->seconds, memory->at);
	}
	/* Errors must show before the file is renamed, for example a full disk. */
	if (fflush(file) || fsync(fd))
		err = -errno;
	fclose(file);
	return err;
}

/* Replace the old file atomically. */
static int save(int folder, const struct memories *all)
{
	char name[64];
	int fd, err;

	snprintf(name, sizeof(name), REMEMBER_FILE ".%d", getpid());
	unlinkat(folder, name, 0);
	fd = openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC,
		    0644);
	if (fd < 0)
		return -errno;
	err = write_all(fd, all);
	if (!err && renameat(folder, name, folder, REMEMBER_FILE))
		err = -errno;
	if (err)
		unlinkat(folder, name, 0);
	return err;
}

uint32_t remember_find(const struct network *network)
{
	int folder = open_folder(false);
	const struct memory *memory;
	struct memories all;

	if (folder < 0)
		return 0;
	load(folder, &all);
	close(folder);
	memory = find(&all, network);
	return memory ? memory->seconds : 0;
}

static void forget(struct memories *all, struct memory *memory)
{
	struct memory *end = &all->entry[--all->count];

	memmove(memory, memory + 1, (char *)end - (char *)memory);
}

int remember_store(const struct network *network, uint32_t seconds)
{
	int err, folder = open_folder(true);
	struct memories all;
	struct memory *memory;

	if (folder < 0)
		return folder;
	load(folder, &all);
	memory = find(&all, network);
	if (memory)
		forget(&all, memory);
	else if (all.count == REMEMBER_MAX)
		forget(&all, &all.entry[0]);
	memory = &all.entry[all.count++];
	memory->network = *network;
	memory->seconds = seconds;
	memory->at = time(NULL);
	err = save(folder, &all);
	close(folder);
	return err;
}
