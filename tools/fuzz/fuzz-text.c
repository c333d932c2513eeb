// SPDX-License-Identifier: GPL-2.0
/* Contents of files and command lines: keys, secrets of a server, NAME.conf, cached refresh
 * intervals, and options. The first octet of the input says which.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <time.h>
#include <unistd.h>

#include "command/command.h"
#include "text/conf.h"
#include "fuzz.h"
#include "base/host.h"
#include "ipc/ipc.h"
#include "text/key.h"
#include "text/names.h"
#include "text/options.h"
#include "text/quote.h"
#include "client/refresh.h"
#include "client/remember.h"
#include "command/subcommands.h"
#include "text/terminal.h"

/* -- stubs for the rest of the tool -- */

bool json_wanted;
/* Calls of ipc_secret_add(), of which every hundredth fails */
static unsigned int requests;

static void vsay(const char *format, va_list args)
{
	char text[4096];

	vsnprintf(text, sizeof(text), format, args);
}

void complain(const char *dev, const char *format, ...)
{
	va_list args;

	(void)dev;
	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

void warn(const char *dev, const char *format, ...)
{
	va_list args;

	(void)dev;
	va_start(args, format);
	vsay(format, args);
	va_end(args);
}

int misuse(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	return STATUS_USAGE;
}

int usage_error(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsay(format, args);
	va_end(args);
	return STATUS_USAGE;
}

int request_failed(const char *dev)
{
	(void)dev;
	return STATUS_FAILED;
}

int output_failed(const char *what)
{
	(void)what;
	return STATUS_FAILED;
}

int take_ifname(const char *text, char *ifname)
{
	(void)text;
	memcpy(ifname, "teredo0", sizeof("teredo0"));
	return 0;
}

const char *ipc_error(void)
{
	return "no";
}

int ipc_dev_get(const char *ifname, bool with_stats, struct device *dev)
{
	(void)ifname;
	(void)with_stats;
	memset(dev, 0, sizeof(*dev));
	dev->config.mode = TEREDO_MODE_SERVER;
	return 0;
}

int ipc_secret_add(const char *ifname, const char *id, const struct key *key,
		   bool replace)
{
	(void)ifname;
	(void)replace;
	must(id[0] && strlen(id) <= TEREDO_ID_MAX);
	must(key->len && key->algorithm <= TEREDO_ALGORITHM_HMAC_SHA256);
	return ++requests % 100 ? 0 : -EPERM;
}

int ipc_secret_set(const char *ifname, const char *id, uint8_t state)
{
	(void)ifname;
	must(id[0] && state <= TEREDO_SECRET_STATE_REVOKED);
	return 0;
}

int ipc_secret_del(const char *ifname, const char *id)
{
	(void)ifname;
	(void)id;
	return 0;
}

int ipc_secret_dump(const char *ifname,
		    void (*each)(const struct secret *secret, void *arg),
		    void *arg)
{
	(void)ifname;
	(void)each;
	(void)arg;
	return 0;
}

int ipc_gateway(__be32 to, struct gateway *gateway)
{
	(void)to;
	memset(gateway, 0, sizeof(*gateway));
	return 0;
}

/* A fixed time, so that recent entries stay recent */
time_t time(time_t *out)
{
	if (out)
		*out = 1800000000;
	return 1800000000;
}

/* -- files -- */

static char folder[32];

static void leave_folder(void)
{
	unlink("x.conf");
	unlink(REMEMBER_FILE);
	rmdir(folder);
}

/* In memory, since many files are written */
static void enter_folder(void)
{
	if (folder[0])
		return;
	snprintf(folder, sizeof(folder), "/dev/shm/teredo-fuzz.XXXXXX");
	must(mkdtemp(folder) && !chdir(folder));
	/* remember.c looks for it in the environment. */
	setenv("STATE_DIRECTORY", folder, 1);
	atexit(leave_folder);
}

static void write_file(const char *name, const uint8_t *data, size_t len)
{
	int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	must(fd >= 0 && write(fd, data, len) == (ssize_t)len);
	close(fd);
}

static void test_key(void)
{
	struct key key = { 0 }, again = { 0 };
	char error[KEY_ERROR_SIZE] = "", text[KEY_TEXT_SIZE];
	bool exposed;

	if (key_read("x.conf", &key, &exposed, error)) {
		must(error[0]);
		return;
	}
	must(key.len && !exposed);
	key_text(&key, text);
	must(!key_parse(&again, text, strlen(text)));
	must(again.len == key.len && !memcmp(again.octets, key.octets, key.len));
}

static void test_conf(void)
{
	char error[CONF_ERROR_SIZE] = "";
	struct conf conf;

	if (conf_read("x", &conf, error)) {
		must(error[0]);
		return;
	}
	must(conf.addresses_count <= CONF_LIST_MAX);
	must(conf.routes_count <= CONF_LIST_MAX);
	must(!conf.mtu || conf.mtu >= TEREDO_MTU_MIN);
	must(conf.algorithm >= 0);
	must(!strcmp(conf_until("x", NULL), conf.until));
}

static void test_remember(void)
{
	struct network network = {
		.mapped = htonl(0xc0000207), .mac = { 2, 0, 0, 0, 0, 1 },
	};

	must(remember_find(&network) <= REFRESH_MAX_MS / 1000);
	must(!remember_store(&network, 77));
	must(remember_find(&network) == 77);
}

/* -- options -- */

static int put_attr(void *to, uint16_t attr, const void *data, size_t len)
{
	config_take(to, attr, data, len);
	return 0;
}

/* An accepted configuration survives the way to the kernel, and its text form parses to the
 * same.
 */
static void check_config(const struct config *config)
{
	struct option_value value, again;
	struct config copy = { 0 }, parsed = { 0 };
	char error[OPTIONS_ERROR_SIZE];
	char *pair[2];
	size_t i;

	config_put(config, put_attr, &copy);
	must(copy.set == config->set);
	for (i = 0; i < OPTIONS_COUNT; i++) {
		if (!options_value(config, &options[i], &value))
			continue;
		must(options_value(&copy, &options[i], &again) &&
		     !strcmp(value.text, again.text));
		pair[0] = (char *)options[i].name;
		pair[1] = value.text;
		must(!options_parse(2, pair, &parsed, error));
		must(options_value(&parsed, &options[i], &again) &&
		     !strcmp(value.text, again.text));
	}
}

static char *string_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text);
	memcpy(text, data, size);
	text[size] = 0;
	return text;
}

/* The input is a list of words, each with a final zero. */
static void test_options(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size), *words[64], error[OPTIONS_ERROR_SIZE] = "";
	struct config config = { 0 };
	int count = 0;
	size_t i;
	int err;

	for (i = 0; i < size && count < 64; i += strlen(text + i) + 1)
		words[count++] = text + i;
	err = options_parse(count, words, &config, error);
	if (!err && options_check(&config, error))
		err = OPTIONS_WRONG;
	if (err < 0)
		must(error[0] && strlen(error) < sizeof(error));
	if (!err)
		check_config(&config);
	free(text);
}

/* No controls for a terminal */
static void check_quoted(const char *text)
{
	for (; *text; text++)
		must((uint8_t)*text >= ' ' && *text != 0x7f);
}

static void test_values(const uint8_t *data, size_t size)
{
	char *text = string_of(data, size), entry[32];
	struct endpoint endpoint;
	struct in6_addr addr;
	uint32_t number;
	uint8_t len;

	if (parse_endpoint(text, size & 1 ? 0 : TEREDO_PORT, &endpoint))
		must(endpoint.port);
	if (parse_prefix(text, 64, &addr, &len))
		must(len <= 128);
	if (parse_number(text, 3, 70000, &number))
		must(number >= 3 && number <= 70000);
	list_entry(text, size % 5, entry, sizeof(entry));
	must(!strchr(entry, ',') && strlen(entry) < sizeof(entry));
	name_find(&algorithm_names, text);
	refuse_host(text);
	check_quoted(quote(text));
	free(text);
}

/* Attributes as a kernel of another version might send them */
static void test_attributes(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct config config = { 0 };
	struct option_value value;
	uint8_t data_of_attr[1100];
	size_t i;

	while (in.left) {
		uint16_t attr = take8(&in), len = take16(&in) % 1100;
		uint8_t *copy;

		take(&in, data_of_attr, len);
		copy = copy_of(data_of_attr, len);
		config_take(&config, attr, copy, len);
		free(copy);
	}
	for (i = 0; i < OPTIONS_COUNT; i++)
		options_value(&config, &options[i], &value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t how;

	if (!size)
		return 0;
	how = *data++;
	size--;
	enter_folder();
	switch (how % 8) {
	case 0:
		write_file("x.conf", data, size);
		test_key();
		break;
	case 1:
	case 2:
		write_file("x.conf", data, size);
		test_conf();
		break;
	case 3:
		write_file(REMEMBER_FILE, data, size);
		test_remember();
		break;
	case 4:
		write_file("x.conf", data, size);
		secret_load("teredo0", "x.conf");
		break;
	case 5:
		test_options(data, size);
		break;
	case 6:
		test_values(data, size);
		break;
	case 7:
		test_attributes(data, size);
		break;
	}
	return 0;
}
