// SPDX-License-Identifier: GPL-2.0
#include "advice/holder.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/host.h"
#include "ipc/ipc.h"

/* Prefix of an IPv4-mapped IPv6 address in /proc/net/udp6 */
#define MAPPED "0000000000000000FFFF0000"

/* Format of a line: local address and port, user, inode */
#define ENTRY	" %*u: %32[0-9A-F]:%4x %*[0-9A-F]:%*x %*x %*x:%*x %*x:%*x" \
		" %*x %u %*u %lu"

/* A socket listed in /proc/net */
struct holder {
	unsigned long inode;
	unsigned int uid;
};

/* Look for a Teredo device that uses this address and port. */
struct search {
	__be32 addr;
	__be16 port;
	char ifname[IF_NAMESIZE];	/* "" until it is found */
};

static void look_at(const struct device *dev, void *arg)
{
	struct search *search = arg;

	if (dev->state != TEREDO_STATE_DOWN && dev->port == search->port &&
	    (!dev->local || !search->addr || dev->local == search->addr))
		memcpy(search->ifname, dev->ifname, sizeof(search->ifname));
}

/* Look in the list at @path for a socket with this port, and an address that conflicts with
 * @addr. The list has addresses in hexadecimal, in memory order. An IPv6 socket without an
 * address is assumed to receive IPv4, too.
 */
static bool find_in(const char *path, bool ipv6, __be32 addr, __be16 port,
		    struct holder *out)
{
	char line[512], text[33];
	unsigned int number;
	bool found = false;
	uint32_t v4;
	FILE *file;

	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		if (sscanf(line, ENTRY, text, &number, &out->uid,
			   &out->inode) != 4 || number != ntohs(port))
			continue;
		v4 = ipv6 ? 0 : strtoul(text, NULL, 16);
		if (!ipv6)
			found = !addr || !v4 || v4 == addr;
		else if (strncmp(text, MAPPED, strlen(MAPPED)))
			found = strspn(text, "0") == strlen(text);
		else
			found = !addr || strtoul(text + strlen(MAPPED), NULL,
						 16) == addr;
	}
	fclose(file);
	return found;
}

static bool has_socket(const char *pid, unsigned long inode)
{
	char path[300], target[64], wanted[64];
	struct dirent *entry;
	bool found = false;
	ssize_t len;
	DIR *dir;

	snprintf(wanted, sizeof(wanted), "socket:[%lu]", inode);
	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	dir = opendir(path);
	if (!dir)
		return false;
	while (!found && (entry = readdir(dir))) {
		len = readlinkat(dirfd(dir), entry->d_name, target,
				 sizeof(target) - 1);
		if (len < 0)
			continue;
		target[len] = 0;
		found = !strcmp(target, wanted);
	}
	closedir(dir);
	return found;
}

/* Read the name of a process. Processes choose their names, so make it safe for a terminal. */
static void name_process(const char *pid, char *out, size_t size)
{
	char path[64], name[32] = "";
	FILE *file;
	char *c;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	file = fopen(path, "re");
	if (file) {
		if (!fgets(name, sizeof(name), file))
			name[0] = 0;
		fclose(file);
	}
	name[strcspn(name, "\n")] = 0;
	for (c = name; *c; c++)
		if (!isprint((unsigned char)*c))
			*c = '?';
	snprintf(out, size, "%s, process %.20s", name, pid);
}

static bool find_process(unsigned long inode, char *out, size_t size)
{
	struct dirent *entry;
	bool found = false;
	DIR *proc;

	proc = opendir("/proc");
	if (!proc)
		return false;
	while (!found && (entry = readdir(proc))) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !has_socket(entry->d_name, inode))
			continue;
		name_process(entry->d_name, out, size);
		found = true;
	}
	closedir(proc);
	return found;
}

const char *holder_of(__be32 addr, __be16 port)
{
	struct search search = { .addr = addr, .port = port };
	static char text[128];
	struct holder holder;

	if (!find_in("/proc/self/net/udp", false, addr, port, &holder) &&
	    !find_in("/proc/self/net/udp6", true, addr, port, &holder))
		return NULL;
	if (find_process(holder.inode, text, sizeof(text)))
		return text;
	/* No process has it: look for a Teredo device, whose socket belongs to the kernel. */
	ipc_dev_dump(false, look_at, &search);
	if (search.ifname[0])
		snprintf(text, sizeof(text), "the tunnel %s", search.ifname);
	else if (geteuid())
		snprintf(text, sizeof(text),
			 "user %u: `ss -ulnp sport = %u` tells root more",
			 holder.uid, ntohs(port));
	else
		return "the kernel, or a process in another container";
	return text;
}

bool holder_may_have(__be32 addr)
{
	__be16 port;
	int fd = host_udp_socket(addr, &port);

	if (fd >= 0)
		close(fd);
	return fd != -EADDRNOTAVAIL;
}
