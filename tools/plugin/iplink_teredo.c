// SPDX-License-Identifier: GPL-2.0
/* Plugin link_teredo.so of ip(8): OPTIONS of `ip link ... type teredo` */
#include <libmnl/libmnl.h>

#include "plugin/iplink_abi.h"
#include "text/names.h"
#include "text/options.h"
#include "text/quote.h"

static void print_help(struct link_util *lu, int argc, char **argv, FILE *out)
{
	size_t i;

	(void)lu;
	(void)argc;
	(void)argv;
	fputs("Usage: ... teredo", out);
	for (i = 0; i < OPTIONS_COUNT; i++)
		fprintf(out, "%s [ %s %s ]\n", i ? "                 " : "",
			options[i].name, options[i].value);
}

static int put(void *nlh, uint16_t attr, const void *data, size_t len)
{
	return addattr_l(nlh, IPLINK_REQUEST_SIZE, attr, data, len);
}

static int parse_opt(struct link_util *lu, int argc, char **argv,
		     struct nlmsghdr *nlh)
{
	struct config config = { 0 };
	char error[OPTIONS_ERROR_SIZE];
	int err;

	err = options_parse(argc, argv, &config, error);
	if (err == OPTIONS_HELP) {
		print_help(lu, argc, argv, stderr);
		return -1;
	}
	/* For an existing link without "mode", only the kernel knows the mode, and checks. */
	if (!err && (CONFIG_HAS(&config, MODE) ||
		     nlh->nlmsg_flags & NLM_F_CREATE))
		err = options_check(&config, error);
	if (err) {
		fprintf(stderr, "teredo: %s\n", quote(error));
		return -1;
	}
	return config_put(&config, put, nlh);
}

static void print_value(const char *key, const char *format,
			const struct option_value *value)
{
	switch (value->kind) {
	case VALUE_STRING:
		print_color_string(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
				   key, format, quote(value->text));
		break;
	case VALUE_NUMBER:
		print_color_uint(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
				 key, format, value->number);
		break;
	case VALUE_BOOL:
		if (is_json_context())
			print_color_bool(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
					 key, NULL, value->number);
		else
			print_color_string(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
					   key, format, value->text);
		break;
	}
}

/* Return the key that teredo-tool uses for an option in JSON, NULL if it is the same. */
static const char *other_key(const struct option_def *def)
{
	if (def->attr == TEREDO_A_CONFIG_PEERS_MAX)
		return "peers_max";
	/* There, "server" is the address of the server in use. */
	if (def->attr == TEREDO_A_CONFIG_SERVER)
		return "server_name";
	return NULL;
}

/* Print an option: in text unless it has its default, in JSON unless it has no value. */
static void print_one(const struct option_def *def,
		      const struct option_value *value)
{
	bool json = is_json_context();
	char format[32];

	if (json ? value->is_unset : value->is_default)
		return;
	snprintf(format, sizeof(format), "%s %%%c ", def->name,
		 value->kind == VALUE_NUMBER ? 'u' : 's');
	print_value(def->name, format, value);
	if (json && other_key(def))
		print_value(other_key(def), NULL, value);
}

static void print_opt(struct link_util *lu, FILE *out, struct rtattr *tb[])
{
	struct config config = { 0 };
	struct option_value value;
	size_t i;

	(void)lu;
	(void)out;
	if (!tb)
		return;
	for (i = 1; i <= TEREDO_A_CONFIG_MAX; i++) {
		/* struct rtattr and struct nlattr have the same layout. */
		const struct nlattr *attr = (const struct nlattr *)tb[i];

		if (attr)
			config_take(&config, i, mnl_attr_get_payload(attr),
				    mnl_attr_get_payload_len(attr));
	}
	for (i = 0; i < OPTIONS_COUNT; i++)
		if (options_value(&config, &options[i], &value))
			print_one(&options[i], &value);
}

__attribute__((visibility("default")))
struct link_util teredo_link_util = {
	.id = "teredo",
	.maxattr = TEREDO_A_CONFIG_MAX,
	.parse_opt = parse_opt,
	.print_opt = print_opt,
	.print_help = print_help,
};
