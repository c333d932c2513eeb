/* SPDX-License-Identifier: GPL-2.0 */
/* Secrets that clients share with their server (RFC 4380 5.2.2): files, and authentication
 * values.
 */
#ifndef TEREDO_TOOL_KEY_H
#define TEREDO_TOOL_KEY_H

#include "base/containers.h"

struct key {
	uint8_t algorithm;	/* enum teredo_algorithm */
	uint8_t len;		/* 0: none */
	uint8_t octets[TEREDO_KEY_MAX];
};

/* Keys with fewer octets can be guessed (SEC-05). */
#define KEY_GOOD_LEN	16

/* Parse the octets of a key: @text as it is or, behind "hex:", in hexadecimal. Returns
 * NULL, or what is wrong with it.
 */
const char *key_parse(struct key *key, const char *text, size_t len);

#define KEY_ERROR_SIZE	512
/* Read a key from a file, without the end of its line, or from standard input if @path is
 * "-". Returns 0, or -1 with a sentence in @error, which has room for KEY_ERROR_SIZE
 * octets. Sets *@exposed if everybody may read the file.
 */
int key_read(const char *path, struct key *key, bool *exposed, char *error);
/* The same, from a copy of that file. */
int key_read_copy(const char *path, const char *copy, struct key *key,
		  bool *exposed, char *error);

/* Generate a key for key->algorithm, as long as its values. */
void key_generate(struct key *key);

/* Format the key as a line for a file. */
#define KEY_TEXT_SIZE	(sizeof("hex:") + 2 * TEREDO_KEY_MAX)
void key_text(const struct key *key, char *out);

/* Return the length of an authentication value, in octets. */
size_t key_au_len(const struct key *key);

/* Compute the authentication value of @data (C-28). */
void key_sign(const struct key *key, const uint8_t *data, size_t len,
	      uint8_t *value);

/* Return true if @value is the authentication value of @data; constant time (C-32). */
bool key_verify(const struct key *key, const uint8_t *data, size_t len,
		const uint8_t *value);

#endif /* TEREDO_TOOL_KEY_H */
