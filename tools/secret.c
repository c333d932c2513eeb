// SPDX-License-Identifier: GPL-2.0
/* The secrets of a server. They come from files, standard input or the random
 * numbers of the host, never from the command line, where everybody sees them.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ipc.h"
#include "json.h"
#include "key.h"
#include "names.h"
#include "subcommands.h"
#include "terminal.h"

/* Print a key that was generated; nobody will see it again. */
static void show_key(const char *id, const struct key *key)
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
}

static int add(const char *ifname, const char *id, const char *path,
	       uint8_t algorithm)
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
	if (exposed)
		complain(ifname, "warning: everybody can read key file %s",
			 path);
	if (key.len < KEY_GOOD_LEN)
		complain(ifname,
			 "warning: a key of %u octets may be guessed; %u are enough",
			 key.len, KEY_GOOD_LEN);
	if (ipc_secret_add(ifname, id, &key))
		status = request_failed(ifname);
	else if (!path)
		show_key(id, &key);
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
	       secret->id);
}

static int list(const char *ifname)
{
	bool heading = false;
	int err;

	if (json_wanted)
		json_open_list(NULL);
	err = ipc_secret_dump(ifname, show_secret, &heading);
	if (json_wanted)
		json_close_list();
	return err ? request_failed(ifname) : STATUS_DONE;
}

/* ID KEY [ALGORITHM [STATE]]; NULL, or what is wrong. */
static const char *load_line(const char *ifname, char *line)
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
	wrong = key_parse(&key, word[1], strlen(word[1]));
	if (!wrong && (ipc_secret_add(ifname, word[0], &key) ||
		       (state && ipc_secret_set(ifname, word[0], state))))
		wrong = ipc_error();
	explicit_bzero(&key, sizeof(key));
	return wrong;
}

int secret_load(const char *ifname, const char *path)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;
	const char *wrong = NULL;
	unsigned int number = 0;
	char *line = NULL;
	size_t size = 0;

	if (!file) {
		complain(ifname, "%s: %s", path, strerror(errno));
		return STATUS_FAILED;
	}
	while (!wrong && getline(&line, &size, file) >= 0) {
		number++;
		wrong = load_line(ifname, line);
	}
	if (wrong)
		complain(ifname, "%s:%u: %s", path, number, wrong);
	if (line)
		explicit_bzero(line, size);
	free(line);
	if (file != stdin)
		fclose(file);
	return wrong ? STATUS_FAILED : STATUS_DONE;
}

/* [KEYFILE|-] [algorithm NAME] */
static int parse_add(const char *ifname, const char *id, int argc,
		     char **argv)
{
	const char *path = argc % 2 ? argv[0] : NULL;
	int algorithm = TEREDO_ALGORITHM_HMAC_SHA1;

	if (argc >= 2) {
		if (strcmp(argv[argc - 2], "algorithm"))
			return usage_error("secret add: unexpected \"%s\"",
					   argv[argc - 2]);
		algorithm = name_find(&algorithm_names, argv[argc - 1]);
		if (algorithm < 0)
			return usage_error("\"%s\" is no algorithm",
					   argv[argc - 1]);
	}
	return add(ifname, id, path, algorithm);
}

int secret_main(int argc, char **argv)
{
	const char *verb = argc ? argv[0] : "";
	const char *id = argc > 2 ? argv[2] : "";
	char ifname[IF_NAMESIZE];
	int state, err;

	if (!(!strcmp(verb, "add") && argc >= 3 && argc <= 6) &&
	    !(!strcmp(verb, "set") && argc == 4) &&
	    !(!strcmp(verb, "del") && argc == 3) &&
	    !(!strcmp(verb, "load") && argc == 3) &&
	    !(!strcmp(verb, "list") && argc == 2))
		return usage_error("secret add, set, del, load or list, as above");
	if (take_ifname(argv[1], ifname))
		return STATUS_USAGE;
	if (!strcmp(verb, "list"))
		return list(ifname);
	if (!strcmp(verb, "load"))
		return secret_load(ifname, argv[2]);
	if (!id[0] || strlen(id) > TEREDO_ID_MAX)
		return usage_error("an identifier has 1 to %u octets",
				   TEREDO_ID_MAX);
	if (!strcmp(verb, "add"))
		return parse_add(ifname, id, argc - 3, argv + 3);

	if (!strcmp(verb, "set")) {
		state = name_find(&secret_state_names, argv[3]);
		if (state < 0)
			return usage_error("\"%s\" is no state of a secret",
					   argv[3]);
		err = ipc_secret_set(ifname, id, state);
	} else {
		err = ipc_secret_del(ifname, id);
	}
	return err ? request_failed(ifname) : STATUS_DONE;
}
