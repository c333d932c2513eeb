// SPDX-License-Identifier: GPL-2.0
/* The plugin link_teredo.so of ip(8): OPTIONS of `ip link ... type teredo`. */
#include <libmnl/libmnl.h>

#include "iplink_abi.h"
#include "names.h"
#include "options.h"

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

	if (argc && !strcmp(argv[0], "help")) {
		print_help(lu, argc, argv, stderr);
		return -1;
	}
	if (options_parse(argc, argv, &config, error)) {
		fprintf(stderr, "teredo: %s\n", error);
		print_help(lu, argc, argv, stderr);
		return -1;
	}
	return config_put(&config, put, nlh);
}

static void print_one(const struct option_def *def,
		      const struct option_value *value)
{
	char format[32];

	/* Text leaves out what has its default, JSON has it all. */
	if (value->is_default && !is_json_context())
		return;
	snprintf(format, sizeof(format), "%s %%%c ", def->name,
		 value->kind == VALUE_NUMBER ? 'u' : 's');
	switch (value->kind) {
	case VALUE_STRING:
		print_color_string(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
				   def->name, format, value->text);
		break;
	case VALUE_NUMBER:
		print_color_uint(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
				 def->name, format, value->number);
		break;
	case VALUE_BOOL:
		if (is_json_context())
			print_color_bool(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
					 def->name, NULL, value->number);
		else
			print_color_string(IPLINK_PRINT_ANY, IPLINK_NO_COLOR,
					   def->name, format, value->text);
		break;
	}
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
		/* struct rtattr and struct nlattr are the same thing. */
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
