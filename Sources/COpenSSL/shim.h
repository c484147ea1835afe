#pragma once
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pemerr.h>
#include <openssl/ssl.h>
#include <openssl/x509err.h>

// Swift does not see macros that take arguments, nor what is defined by them.

/// What a server never does: compress (CRIME), renegotiate (its client could make it do so for ever), or let the client's
/// taste decide on the cipher.
static const uint64_t tls_server_options =
    SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE;

/// Sessions of TLS 1.2 are not resumed by tickets.
static const uint64_t tls_no_ticket_option = SSL_OP_NO_TICKET;

/// Sets the oldest version a peer may speak.
static inline int tls_set_minimum_version(SSL_CTX *context, int version) {
  return (int)SSL_CTX_set_min_proto_version(context, version);
}

/// Keeps no sessions in memory, and no buffers of connections that are idle.
static inline void tls_save_memory(SSL_CTX *context) {
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
}
