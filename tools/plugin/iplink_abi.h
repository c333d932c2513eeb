/* SPDX-License-Identifier: GPL-2.0 */
/* Interface between ip(8) and its plugins. iproute2 installs no header for it; these are our
 * own declarations of the few things that the plugin uses, which have been the same since
 * iproute2 4.18.
 */
#ifndef TEREDO_IPLINK_ABI_H
#define TEREDO_IPLINK_ABI_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct nlmsghdr;
struct rtattr;

struct link_util {
	struct link_util *next;
	const char *id;
	int maxattr;
	int (*parse_opt)(struct link_util *lu, int argc, char **argv,
			 struct nlmsghdr *nlh);
	void (*print_opt)(struct link_util *lu, FILE *out,
			  struct rtattr *tb[]);
	void (*print_xstats)(struct link_util *lu, FILE *out,
			     struct rtattr *xstats);
	void (*print_help)(struct link_util *lu, int argc, char **argv,
			   FILE *out);
	int (*parse_ifla_xstats)(struct link_util *lu, int argc, char **argv);
	int (*print_ifla_xstats)(struct nlmsghdr *nlh, void *arg);
};

/* Size of the buffer of a link request in ip. */
#define IPLINK_REQUEST_SIZE	1024

/* Provided by ip. */
int addattr_l(struct nlmsghdr *nlh, int maxlen, int type, const void *data,
	      int len);
bool is_json_context(void);
/* First argument: 1 text, 2 JSON, 4 both; second one: no colour */
#define IPLINK_PRINT_ANY	4
#define IPLINK_NO_COLOR		6
int print_color_string(int type, int color, const char *key,
		       const char *format, const char *value);
int print_color_uint(int type, int color, const char *key,
		     const char *format, unsigned int value);
int print_color_bool(int type, int color, const char *key,
		     const char *format, bool value);

#endif /* TEREDO_IPLINK_ABI_H */
