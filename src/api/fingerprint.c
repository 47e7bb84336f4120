#include "api/fingerprint.h"

#include <openssl/evp.h>
#include <stdint.h>

#include "core/memory.h"

/* With its length before it: parts can't be taken for each other. One that is absent is none of any length. */
static bool add(EVP_MD_CTX *digest, struct str part)
{
	uint64_t len = str_is_set(part) ? part.len : UINT64_MAX;

	return EVP_DigestUpdate(digest, &len, sizeof(len)) && EVP_DigestUpdate(digest, part.ptr, part.len);
}

static bool digest_request(const struct http_request *req, EVP_MD_CTX *digest, unsigned char ret[EVP_MAX_MD_SIZE])
{
	const struct str parts[] = { req->method_name, req->path, http_header(req, "If-Match"),
				     http_header(req, "If-None-Match"), req->body };

	if (!EVP_DigestInit_ex(digest, EVP_sha256(), NULL))
		return false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (!add(digest, parts[i]))
			return false;
	return EVP_DigestFinal_ex(digest, ret, NULL);
}

void fingerprint(const struct http_request *req, char ret[FINGERPRINT_LEN + 1])
{
	unsigned char bytes[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *digest = EVP_MD_CTX_new();

	/* It fails for want of memory only. */
	if (!digest || !digest_request(req, digest, bytes))
		memory_exhausted();
	for (int i = 0; i < FINGERPRINT_LEN / 2; i++) {
		ret[2 * i] = "0123456789abcdef"[bytes[i] >> 4];
		ret[2 * i + 1] = "0123456789abcdef"[bytes[i] & 15];
	}
	ret[FINGERPRINT_LEN] = '\0';
	EVP_MD_CTX_free(digest);
}
