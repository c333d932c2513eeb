// SPDX-License-Identifier: GPL-2.0
#include "text/key.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <nettle/base16.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include "base/host.h"

#define HEX	"hex:"

/* -- files -- */

static bool take_hex(struct key *key, const char *text, size_t len)
{
	struct base16_decode_ctx ctx;
	size_t size = sizeof(key->octets);

	if (!len || BASE16_DECODE_LENGTH(len) > size)
		return false;
	base16_decode_init(&ctx);
	if (!base16_decode_update(&ctx, &size, key->octets, len, text) ||
	    !base16_decode_final(&ctx))
		return false;
	key->len = size;
	return key->len;
}

const char *key_parse(struct key *key, const char *text, size_t len)
{
	if (len >= strlen(HEX) && !memcmp(text, HEX, strlen(HEX)))
		return take_hex(key, text + strlen(HEX), len - strlen(HEX)) ?
		       NULL : "what follows \"" HEX "\" is not 1 to 255 octets in hexadecimal";
	if (!len)
		return "it is empty";
	if (len > sizeof(key->octets))
		return "it is longer than 255 octets";
	memcpy(key->octets, text, len);
	key->len = len;
	return NULL;
}

int key_read(const char *path, struct key *key, bool *exposed, char *error)
{
	return key_read_copy(path, path, key, exposed, error);
}

int key_read_copy(const char *path, const char *copy, struct key *key,
		  bool *exposed, char *error)
{
	bool from_stdin = !strcmp(copy, "-");
	char text[KEY_TEXT_SIZE + 2];
	const char *wrong = NULL;
	struct stat st;
	size_t len = 0;
	FILE *file;

	*exposed = false;
	file = from_stdin ? stdin : fopen(copy, "re");
	if (file) {
		/* stdio must not keep a copy of the key that is not wiped. */
		setvbuf(file, NULL, _IONBF, 0);
		len = fread(text, 1, sizeof(text), file);
	}
	if (!file || ferror(file)) {
		wrong = strerror(errno);
	} else {
		if (len && text[len - 1] == '\n')
			len--;
		if (len && text[len - 1] == '\r')
			len--;
		wrong = key_parse(key, text, len);
		if (!fstat(fileno(file), &st))
			*exposed = S_ISREG(st.st_mode) && st.st_mode & 0007;
	}
	explicit_bzero(text, sizeof(text));
	if (file && !from_stdin)
		fclose(file);
	if (!wrong)
		return 0;
	snprintf(error, KEY_ERROR_SIZE, "key file %s: %s", path, wrong);
	return -1;
}

void key_generate(struct key *key)
{
	key->len = key_au_len(key);
	host_random(key->octets, key->len);
}

void key_text(const struct key *key, char *out)
{
	memcpy(out, HEX, strlen(HEX));
	out += strlen(HEX);
	base16_encode_update(out, key->len, key->octets);
	out[BASE16_ENCODE_LENGTH(key->len)] = 0;
}

/* -- authentication values -- */

size_t key_au_len(const struct key *key)
{
	return key->algorithm == TEREDO_ALGORITHM_HMAC_SHA256 ?
	       SHA256_DIGEST_SIZE : SHA1_DIGEST_SIZE;
}

void key_sign(const struct key *key, const uint8_t *data, size_t len,
	      uint8_t *value)
{
	union {
		struct hmac_sha1_ctx sha1;
		struct hmac_sha256_ctx sha256;
	} ctx;

	if (key->algorithm == TEREDO_ALGORITHM_HMAC_SHA256) {
		hmac_sha256_set_key(&ctx.sha256, key->len, key->octets);
		hmac_sha256_update(&ctx.sha256, len, data);
		hmac_sha256_digest(&ctx.sha256, SHA256_DIGEST_SIZE, value);
	} else {
		hmac_sha1_set_key(&ctx.sha1, key->len, key->octets);
		hmac_sha1_update(&ctx.sha1, len, data);
		hmac_sha1_digest(&ctx.sha1, SHA1_DIGEST_SIZE, value);
	}
	explicit_bzero(&ctx, sizeof(ctx));
}

bool key_verify(const struct key *key, const uint8_t *data, size_t len,
		const uint8_t *value)
{
	uint8_t right[TEREDO_AU_MAX];

	key_sign(key, data, len, right);
	return memeql_sec(right, value, key_au_len(key));
}
