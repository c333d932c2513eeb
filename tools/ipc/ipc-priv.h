/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by the files of ipc/: sockets, requests, errors. */
#ifndef TEREDO_TOOL_IPC_PRIV_H
#define TEREDO_TOOL_IPC_PRIV_H

#include <stddef.h>
#include <libmnl/libmnl.h>
#include "ipc/ipc.h"

/* Room for any request; the longest ones hold a datagram or a server name. */
#define REQUEST_SIZE	4096

struct ipc_socket {
	struct mnl_socket *nl;
	struct ipc_socket *next;	/* of all that are open */
	uint32_t seq;
	bool interrupted;	/* of the last dump */
	/* called for messages that do not answer the current request */
	void (*async)(const struct nlmsghdr *nlh);
};

/* Record why something failed; returns -@err. @text may be NULL. */
int ipc_fail(int err, const char *text);

/* Open the socket, unless it is open. */
int ipc_socket_open(struct ipc_socket *s, int protocol);
void ipc_socket_close(struct ipc_socket *s);

/* Send the request, with a sequence number and flags, and call @each for each message of
 * the answer. Ends in time whatever else arrives. A request whose answer is lost is
 * repeated, except for a dump.
 */
int ipc_request(struct ipc_socket *s, struct nlmsghdr *nlh,
		void (*each)(const struct nlmsghdr *nlh, void *arg),
		void *arg);

/* The same for a request that must not be repeated. If the answer is lost, returns -ENOBUFS,
 * and the request may have been carried out or not.
 */
int ipc_request_once(struct ipc_socket *s, struct nlmsghdr *nlh);

/* Send a request that the kernel answers only if it fails, by a message with the sequence
 * number now in s->seq. Does not wait.
 */
int ipc_post(struct ipc_socket *s, struct nlmsghdr *nlh);

/* Return the errno of an NLMSG_ERROR, negative; 0 for an acknowledgment. */
int ipc_read_error(const struct nlmsghdr *nlh);

/* Read the messages that have arrived, without waiting. During a flood, the rest is left to the
 * next call. Returns false if messages were lost.
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

/* Read an attribute of a fixed length, and note that it is there; any other length is
 * ignored.
 */
void ipc_take(const struct nlattr *attr, void *out, size_t len, uint32_t *has);

/* Where an attribute of a fixed length is stored in a struct; tables are indexed by attribute.
 */
struct ipc_member {
	uint16_t offset;
	uint16_t size;
};

#define IPC_MEMBER(set, name, type, member) \
	[TEREDO_A_##set##_##name] = { offsetof(type, member), \
				      sizeof(((type *)0)->member) }

/* Read an attribute that the table knows, ignore others. */
void ipc_take_member(const struct nlattr *attr,
		     const struct ipc_member *table, uint16_t max, void *base,
		     uint32_t *has);
/* Read a string, truncated to what fits. */
void ipc_take_string(const struct nlattr *attr, char *out, size_t size);

/* Return true if the kernel has the module; else ipc_error() says how to get it. */
bool ipc_has_teredo(void);

#endif /* TEREDO_TOOL_IPC_PRIV_H */
