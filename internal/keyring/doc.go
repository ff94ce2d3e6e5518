// Package keyring holds the keys of Clause and nothing else: it knows no policy, no record, no store.
//
//	root key (KMS, or a file outside every backup)
//	  └ epoch key      a new one every epoch; the old one is destroyed at the end of the backup horizon
//	      └ tenant key     replaced each epoch; destroying it erases the tenant at once
//	          └ subject key    re-wrapped each epoch; destroying it erases the person at once
//	              └ AES-256-GCM over each record
//
// A key below the epoch is kept by the caller, in the store, wrapped by the key above it; this package
// keeps what must outlive the store and stay out of every backup: a folder with the epoch keys, each
// sealed by the root, the list of destroyed keys, and the ledger's signing key. docs/keys.md tells an
// operator what each file is for.
//
// Why erasure is real: a wrapped key opens only while its id is not on the list of destroyed keys and
// the epoch key above it exists. A backup holds wrapped keys only. So a person is gone from the live
// store when their key's id is on the list, and from every backup when the epoch in which the backup
// was made is destroyed.
//
// The primitives, all of Go's standard library and all allowed in its FIPS 140-3 mode:
//
//   - Wrapping, sealing: AES-256-GCM with a random 96-bit nonce in front (cipher.NewGCMWithRandomNonce).
//     NIST SP 800-38D allows 2³² messages under one key, far above what one subject or one tenant's
//     epoch holds.
//   - Keys for different uses under one key: HKDF-SHA-256 (RFC 5869), never the same key twice.
//   - Look-up by value: HMAC-SHA-256 under a key of the tenant, data set and field.
//   - Large objects: STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015), see SealStream.
//   - The ledger's signature: Ed25519.
//
// What is wrapped is bound, as associated data, to where it belongs: store, tenant, subject and key id.
// A wrapped key copied to another row does not open.
package keyring
