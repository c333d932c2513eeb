/* SPDX-License-Identifier: GPL-2.0 */
/* What the ipc files share: sockets, requests, reasons. */
#ifndef TEREDO_TOOL_IPC_PRIV_H
#define TEREDO_TOOL_IPC_PRIV_H

#include <stddef.h>
#include <libmnl/libmnl.h>
#include "ipc/ipc.h"

/* Room for any request: the longest holds a datagram or a server name. */
#define REQUEST_SIZE	4096

struct ipc_socket {
	struct mnl_socket *nl;
	struct ipc_socket *next;	/* of all that are open */
	uint32_t seq;
	bool interrupted;	/* of the last dump */
	/* Takes what is no answer to the request under way. */
	void (*async)(const struct nlmsghdr *nlh);
};

/* Record why something failed; returns -@err. @text may be NULL. */
int ipc_fail(int err, const char *text);

/* Open the socket unless it is. */
int ipc_socket_open(struct ipc_socket *s, int protocol);
void ipc_socket_close(struct ipc_socket *s);

/* Send the request, which gets sequence number and flags, and hand each
 * message of the answer to @each. It has an end soon, whatever else arrives. A
 * request whose answer is lost is repeated, unless it is a dump.
 */
int ipc_request(struct ipc_socket *s, struct nlmsghdr *nlh,
		void (*each)(const struct nlmsghdr *nlh, void *arg),
		void *arg);

/* The same for what must not be done twice: when the answer is lost, -ENOBUFS says
 * that nobody knows whether it was done.
 */
int ipc_request_once(struct ipc_socket *s, struct nlmsghdr *nlh);

/* Send a request that the kernel answers only when it fails, by a message with
 * its sequence number, now in s->seq; wait for nothing.
 */
int ipc_post(struct ipc_socket *s, struct nlmsghdr *nlh);

/* The errno of an NLMSG_ERROR, negative; 0 for an acknowledgment. */
int ipc_read_error(const struct nlmsghdr *nlh);

/* Read what has arrived, without waiting, but not on and on: what arrives as fast as
 * it is read waits for the next call. Returns false if messages were lost.
 */
bool ipc_drain(struct ipc_socket *s,
	       void (*each)(const struct nlmsghdr *nlh, void *arg), void *arg);

/* Append an attribute to a request of REQUEST_SIZE octets. */
void ipc_put(struct nlmsghdr *nlh, uint16_t type, const void *data,
	     size_t len);
/* The same with the arguments of config_put(). */
int ipc_put_config(void *nlh, uint16_t attr, const void *data, size_t len);
/* Read a nest of configuration attributes. */
void ipc_take_config(struct config *config, const struct nlattr *nest);

/* Take an attribute of a fixed length, and note that it is there; what has
 * another length is left alone.
 */
void ipc_take(const struct nlattr *attr, void *out, size_t len, uint32_t *has);

/* Where an attribute of a fixed length lives in a struct; tables of these
 * are indexed by attribute.
 */
struct ipc_member {
	uint16_t offset;
	uint16_t size;
};

#define IPC_MEMBER(set, name, type, member) \
	[TEREDO_A_##set##_##name] = { offsetof(type, member), \
				      sizeof(((type *)0)->member) }

/* Take an attribute that the table knows, leave others. */
void ipc_take_member(const struct nlattr *attr,
		     const struct ipc_member *table, uint16_t max, void *base,
		     uint32_t *has);
/* A string, cut to what fits. */
void ipc_take_string(const struct nlattr *attr, char *out, size_t size);

/* True if the kernel has the module; else ipc_error() says how to get it. */
bool ipc_has_teredo(void);

#endif /* TEREDO_TOOL_IPC_PRIV_H */
