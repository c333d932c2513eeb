// SPDX-License-Identifier: GPL-2.0
/* The secrets of a server. They come from files, standard input or the random numbers of
 * the host, never from the command line, which all users can see.
 */
#include <errno.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command/command.h"
#include "ipc/ipc.h"
#include "text/json.h"
#include "text/key.h"
#include "text/names.h"
#include "text/quote.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* Print a generated key. It cannot be read again later. */
static int show_key(const char *id, const struct key *key)
{
	char text[KEY_TEXT_SIZE];

	key_text(key, text);
	if (json_wanted) {
		json_open_object(NULL);
		json_string("id", id);
		json_string("key", text);
		json_string("algorithm",
			    name_of(&algorithm_names, key->algorithm));
		json_close_object();
	} else {
		puts(text);
	}
	explicit_bzero(text, sizeof(text));
	return fflush(stdout) ? -1 : 0;
}

static void ignore(const struct secret *secret, void *arg)
{
	(void)secret;
	(void)arg;
}

/* Add a generated secret, but only if it could be printed: a secret that nobody has seen
 * locks the client out. When replacing, print first, since the old secret cannot be
 * restored.
 */
static int make(const char *ifname, const char *id, const struct key *key,
		bool replace)
{
	struct device dev;
	int err;

	err = ipc_dev_get(ifname, false, &dev);
	/* Check in advance, as far as possible, that it can be replaced. */
	if (!err && replace && dev.config.mode == TEREDO_MODE_SERVER)
		err = ipc_secret_dump(ifname, ignore, NULL);
	else if (!err)
		err = ipc_secret_add(ifname, id, key, replace);
	if (err)
		return request_failed(ifname);
	if (show_key(id, key)) {
		err = errno;
		if (!replace)
			ipc_secret_del(ifname, id);
		errno = err;
		return output_failed("the secret cannot be printed, so it is not used");
	}
	if (replace && ipc_secret_add(ifname, id, key, true))
		return request_failed(ifname);
	return STATUS_DONE;
}

static int add(const char *ifname, const char *id, const char *path,
	       uint8_t algorithm, bool replace)
{
	struct key key = { .algorithm = algorithm };
	char error[KEY_ERROR_SIZE];
	int status = STATUS_DONE;
	bool exposed = false;

	if (path && key_read(path, &key, &exposed, error)) {
		complain(ifname, "%s", error);
		return STATUS_FAILED;
	}
	if (!path)
		key_generate(&key);
	if (path && exposed)
		warn(ifname, "everybody can read key file %s", path);
	if (key.len < KEY_GOOD_LEN)
		warn(ifname, "a key of %u octets can be guessed; use at least %u",
		     key.len, KEY_GOOD_LEN);
	if (!path)
		status = make(ifname, id, &key, replace);
	else if (ipc_secret_add(ifname, id, &key, replace))
		status = request_failed(ifname);
	explicit_bzero(&key, sizeof(key));
	return status;
}

static void show_secret(const struct secret *secret, void *arg)
{
	bool *heading = arg;

	if (json_wanted) {
		json_open_object(NULL);
		json_string("id", secret->id);
		json_string("state", name_of(&secret_state_names,
					     secret->state));
		json_string("algorithm", name_of(&algorithm_names,
						 secret->algorithm));
		json_close_object();
		return;
	}
	if (!*heading)
		printf("%-8s %-12s %s\n", "STATE", "ALGORITHM", "ID");
	*heading = true;
	printf("%-8s ", name_of(&secret_state_names, secret->state));
	printf("%-12s %s\n", name_of(&algorithm_names, secret->algorithm),
	       quote(secret->id));
}

/* The identifiers of a file, to find duplicates: the second secret would silently replace
 * the first.
 */
struct seen {
	void *tree;
};

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *see(struct seen *seen, const char *id)
{
	char *copy = strdup(id);
	char **node = copy ? tsearch(copy, &seen->tree, compare_ids) : NULL;

	if (!node || *node != copy) {
		free(copy);
		return node ? "the identifier is listed twice" :
			      strerror(ENOMEM);
	}
	return NULL;
}

/* Load a line: ID KEY [ALGORITHM [STATE]]. Returns NULL, or what is wrong. */
static const char *load_line(const char *ifname, char *line, struct seen *seen)
{
	char *word[5], *rest = NULL;
	struct key key = { 0 };
	const char *wrong;
	unsigned int i;
	int algorithm = 0, state = 0;

	for (i = 0; i < 5; i++)
		word[i] = strtok_r(i ? NULL : line, " \t\r\n", &rest);
	if (!word[0] || word[0][0] == '#')
		return NULL;
	if (word[2])
		algorithm = name_find(&algorithm_names, word[2]);
	if (word[2] && word[3])
		state = name_find(&secret_state_names, word[3]);
	if (!word[1] || word[4] || algorithm < 0 || state < 0)
		return "not ID KEY [ALGORITHM [STATE]]";
	if (strlen(word[0]) > TEREDO_ID_MAX)
		return "the identifier is too long";
	key.algorithm = algorithm;
	wrong = see(seen, word[0]);
	if (!wrong)
		wrong = key_parse(&key, word[1], strlen(word[1]));
	if (!wrong && (ipc_secret_add(ifname, word[0], &key, true) ||
		       (state && ipc_secret_set(ifname, word[0], state))))
		wrong = ipc_error();
	explicit_bzero(&key, sizeof(key));
	return wrong;
}

int secret_load(const char *ifname, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	const char *wrong = NULL;
	struct seen seen = { NULL };
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	if (!file) {
		complain(ifname, "%s: %s", path, strerror(errno));
		return STATUS_FAILED;
	}
	while (!wrong && (len = getline(&line, &size, file)) >= 0) {
		number++;
		wrong = strlen(line) == (size_t)len ?
			load_line(ifname, line, &seen) :
			"it contains a zero octet";
	}
	if (!wrong && ferror(file))
		wrong = strerror(errno);
	if (wrong)
		complain(ifname, "%s:%u: %s", path, number, wrong);
	if (line)
		explicit_bzero(line, size);
	free(line);
	tdestroy(seen.tree, free);
	if (file != stdin)
		fclose(file);
	return wrong ? STATUS_FAILED : STATUS_DONE;
}

/* Take DEV ID. */
static int take_secret(char **argv, char *ifname)
{
	size_t len = strlen(argv[1]);

	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (!len || len > TEREDO_ID_MAX)
		return usage_error("the identifier has %zu octets, not 1 to %u",
				   len, TEREDO_ID_MAX);
	return 0;
}

/* Take DEV ID [KEYFILE|-] [algorithm NAME]. */
static int take_and_add(int argc, char **argv, bool replace)
{
	const char *path = argc % 2 ? argv[2] : NULL;
	int algorithm = TEREDO_ALGORITHM_HMAC_SHA1;
	char ifname[IF_NAMESIZE];

	if (take_secret(argv, ifname))
		return STATUS_USAGE;
	if (path && !*path)
		return usage_error("KEYFILE is empty");
	if (path && argc == 3 && !strcmp(path, "algorithm"))
		return usage_error("algorithm needs a name: %s; a file of that name is ./algorithm",
				   names_list(&algorithm_names));
	if (argc > 3) {
		if (strcmp(argv[argc - 2], "algorithm"))
			return misuse("\"%s\" where \"algorithm\" is expected",
				      argv[argc - 2]);
		algorithm = name_find(&algorithm_names, argv[argc - 1]);
		if (algorithm < 0)
			return usage_error("algorithm \"%s\" is not valid; expected %s",
					   argv[argc - 1],
					   names_list(&algorithm_names));
	}
	return add(ifname, argv[1], path, algorithm, replace);
}

int secret_add_main(int argc, char **argv)
{
	return take_and_add(argc, argv, false);
}

int secret_replace_main(int argc, char **argv)
{
	return take_and_add(argc, argv, true);
}

int secret_set_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];
	int state;

	(void)argc;
	if (take_secret(argv, ifname))
		return STATUS_USAGE;
	state = name_find(&secret_state_names, argv[2]);
	if (state < 0)
		return usage_error("\"%s\" is not a state of a secret; expected %s",
				   argv[2], names_list(&secret_state_names));
	if (ipc_secret_set(ifname, argv[1], state))
		return request_failed(ifname);
	return STATUS_DONE;
}

int secret_del_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];

	(void)argc;
	if (take_secret(argv, ifname))
		return STATUS_USAGE;
	if (ipc_secret_del(ifname, argv[1]))
		return request_failed(ifname);
	return STATUS_DONE;
}

int secret_load_main(int argc, char **argv)
{
	char ifname[IF_NAMESIZE];

	(void)argc;
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (!*argv[1])
		return usage_error("FILE is empty");
	return secret_load(ifname, argv[1]);
}

int secret_list_main(int argc, char **argv)
{
	bool heading = false;
	char ifname[IF_NAMESIZE];
	int err;

	(void)argc;
	if (take_ifname(argv[0], ifname))
		return STATUS_USAGE;
	if (json_wanted)
		json_open_list(NULL);
	err = ipc_secret_dump(ifname, show_secret, &heading);
	if (json_wanted)
		json_close_list();
	return err ? request_failed(ifname) : STATUS_DONE;
}
