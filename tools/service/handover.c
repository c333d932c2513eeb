// SPDX-License-Identifier: GPL-2.0
#include "service/handover.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "text/conf.h"
#include "text/key.h"
#include "base/status.h"
#include "text/terminal.h"

/* Larger files are not accepted: these are written by hand. */
#define SIZE_MAX_COPY	65536

#define NEW	".new"

/* Return the folder that systemd makes for the unit; NULL outside a unit. */
static const char *folder_path(void)
{
	return getenv("RUNTIME_DIRECTORY");
}

/* Write a file that only the owner of the folder may read. Returns 0 or a negative errno. */
static int write_copy(int folder, const char *name, const char *text,
		      size_t len)
{
	struct stat st;
	int fd, err = 0;

	if (fstat(folder, &st))
		return -errno;
	unlinkat(folder, NEW, 0);
	fd = openat(folder, NEW, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
	if (fd < 0)
		return -errno;
	errno = EIO;
	if (write(fd, text, len) != (ssize_t)len ||
	    fchown(fd, st.st_uid, st.st_gid) ||
	    renameat(folder, NEW, folder, name)) {
		err = -errno;
		unlinkat(folder, NEW, 0);
	}
	close(fd);
	return err;
}

/* Copy a file. If there is none, there is no copy afterwards. Returns 0 or a negative
 * errno.
 */
static int copy(int folder, const char *from, const char *name)
{
	static char text[SIZE_MAX_COPY];
	ssize_t len;
	int fd, err;

	unlinkat(folder, name, 0);
	fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	len = read(fd, text, sizeof(text));
	err = len < 0 ? -errno : 0;
	close(fd);
	if (!err && len == sizeof(text))
		err = -EFBIG;
	if (!err)
		err = write_copy(folder, name, text, len);
	explicit_bzero(text, sizeof(text));
	return err;
}

static bool is_exposed(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISREG(st.st_mode) && st.st_mode & 0007;
}

int handover(const char *ifname)
{
	char path[64 + IF_NAMESIZE], error[CONF_ERROR_SIZE];
	const char *key = path;
	struct conf conf;
	int folder, err;

	if (!folder_path()) {
		complain(ifname, "there is no $RUNTIME_DIRECTORY: this is for the unit");
		return STATUS_FAILED;
	}
	folder = open(folder_path(), O_DIRECTORY | O_CLOEXEC);
	if (folder < 0) {
		complain(ifname, "%s: %s", folder_path(), strerror(errno));
		return STATUS_FAILED;
	}
	snprintf(path, sizeof(path), CONF_FOLDER "/%s.conf", ifname);
	err = copy(folder, path, HANDOVER_CONF);
	if (err)
		complain(ifname, "%s: %s", path, strerror(-err));
	/* The controller will report errors in the file. */
	snprintf(path, sizeof(path), CONF_FOLDER "/%s.key", ifname);
	if (!conf_read(ifname, &conf, error) && conf.key[0])
		key = conf.key;
	if (is_exposed(key))
		warn(ifname, "everybody can read key file %s", key);
	err = copy(folder, key, HANDOVER_KEY);
	if (err)
		complain(ifname, "key file %s: %s", key, strerror(-err));
	close(folder);
	/* The controller can do without the files, or reports that it cannot. */
	return STATUS_DONE;
}

const char *handover_copy(const char *name)
{
	static char path[4096];

	if (!folder_path())
		return NULL;
	snprintf(path, sizeof(path), "%s/%s", folder_path(), name);
	return path;
}
