// Package proof is the ledger's format and an independent verifier of it.
//
// A log is a sequence of entries, each one line of canonical JSON (Entry). The leaves of its
// Merkle tree are the entries' bytes, hashed as RFC 6962 says; it is served as c2sp.org/tlog-tiles
// and its head is a c2sp.org/tlog-checkpoint signed with Ed25519. Verify needs nothing but those
// bytes and the log's verifier key.
//
// The package imports nothing of Clause and shares nothing with the writer but the entry's
// encoding, so that a fault of the writer cannot hide itself here: the tree is computed by the
// recursive definition of RFC 6962, section 2.1, and the checkpoint is parsed by hand.
package proof

// Bounds of the format.
const (
	// BundleWidth is the number of entries in a full bundle and of hashes in a full tile.
	BundleWidth = 256
	// MaxEntry is the size in bytes that an entry's length prefix can say.
	MaxEntry = 65535
	// MaxID is the longest id in an entry, in bytes.
	MaxID = 128
	// MaxClauses is how many clauses an entry may name, so that the longest fit in MaxEntry.
	MaxClauses = 400
	// MaxDetail is how many details an entry may carry.
	MaxDetail = 32
)
