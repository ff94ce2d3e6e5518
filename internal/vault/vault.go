// Package vault keeps personal data: records of one subject in one data set, each encrypted under
// the subject's key. It asks the decision itself, whoever calls, and writes the ledger's entry
// itself: nothing is released before its entry is durable, and no change is made without one.
package vault

import (
	"crypto/rand"
	"encoding/base32"
	"encoding/binary"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"clause.dev/clause/internal/db"
	"clause.dev/clause/internal/decision"
	"clause.dev/clause/internal/fault"
	"clause.dev/clause/internal/keyring"
	"clause.dev/clause/internal/policy"
)

// Config is what a vault is made of. Region and Environment are this server's. AggregateMin is the
// fewest people a released statistic is about; MemoryMax bounds what memory-only data sets hold,
// in bytes.
type Config struct {
	DB              *db.DB
	Ring            *keyring.Ring
	Rules           *decision.Rules
	Policy          *policy.Policy
	Now             func() time.Time
	Objects         Objects // where blobs are kept
	Region          string
	Environment     string
	AggregateMin    int
	AggregateClause string // the clause that says so
	MemoryMax       int64
	Shared          bool // others write to the store beside the vault: nothing is remembered of it

	Retained Retained // what may be kept of people who are erased; zero: nothing
	// Swept is told, in the transaction that ends it, of each sweep of an erased person or tenant. It may be nil.
	Swept func(*db.Tx, Swept) error
	// Used is told, in the transaction that records it, of each use of a grant; its error lets nothing through.
	// It may be nil.
	Used func(tx *db.Tx, grant string) error
	// Again are the tenants whose ids may be used again once they were erased and swept: nobody's but the
	// probes', who would leave another one behind each time.
	Again []string
}

// Vault is the one door to personal data. It is safe for concurrent use.
type Vault struct {
	Config
	sets     map[string]*dataSet
	here     decision.RegionID
	memory   *memory
	recent   *recent           // nil on a store that others write to
	editions map[string]string // of purposes that outgrew the consents once given to them

	mu   sync.RWMutex
	keys map[keyOf]*keyring.TenantKey // parsed; a row must still vouch for each use

	unscrubbed atomic.Bool  // rows were deleted whose bytes may still be in the store's files
	copying    sync.RWMutex // read-held by a backup: blobs that were let go stay meanwhile
}

// keyOf names a tenant's key.
type keyOf struct{ tenant, id string }

// dataSet is what the vault needs of a data set on every request.
type dataSet struct {
	*policy.DataSet
	id    decision.DataSetID
	index map[string]int // field id → position, which is its bit
	finds bool           // some field can be looked up
}

// single is the record id of a data set that holds one record a subject.
const single = "main"

// New returns a vault. The region must be one the policy names.
func New(c Config) (*Vault, error) {
	const op = "vault.New"
	v := &Vault{Config: c, sets: map[string]*dataSet{}, keys: map[keyOf]*keyring.TenantKey{}}
	if v.here = c.Rules.Region(c.Region); v.here == 0 {
		return nil, fault.New(op, fault.Invalid, "the policy names no region %q for this server", c.Region)
	}
	if c.AggregateMin < 2 {
		return nil, fault.New(op, fault.Invalid, "a statistic must be about two people at least")
	}
	for i := range c.Policy.Data {
		set := &dataSet{DataSet: &c.Policy.Data[i], index: map[string]int{}}
		set.id = c.Rules.DataSet(set.ID)
		for at, f := range set.Fields {
			set.index[f.ID] = at
			set.finds = set.finds || f.Find || f.Unique
		}
		v.sets[set.ID] = set
	}
	if c.DB.Exclusive() && !c.Shared {
		v.recent = &recent{people: map[person]*known{}}
	}
	memory, err := newMemory(c.MemoryMax)
	if err != nil {
		return nil, fault.Wrap(op, err)
	}
	v.memory = memory
	v.unscrubbed.Store(true) // the process before may have died between a sweep and its scrub
	return v, nil
}

// Close wipes what is held in memory only.
func (v *Vault) Close() { v.memory.wipe() }

var (
	tenantPattern = regexp.MustCompile(`^[a-z][a-z0-9-]{1,62}$`)
	idEncoding    = base32.NewEncoding(idAlphabet).WithPadding(base32.NoPadding)
)

// idAlphabet leaves out i, l, o and u, which are misread and make words.
const idAlphabet = "0123456789abcdefghjkmnpqrstvwxyz"

// newID returns prefix and 128 random bits: ids of people say nothing about them.
func newID(prefix string) string {
	var b [16]byte
	rand.Read(b[:])
	return prefix + idEncoding.EncodeToString(b[:])
}

// newRecordID begins with the time in milliseconds, so that a list is in order of creation.
func newRecordID(now time.Time) string {
	var b [16]byte
	rand.Read(b[:])
	binary.BigEndian.PutUint64(b[:8], uint64(now.UnixMilli())<<16|uint64(b[6])<<8|uint64(b[7]))
	return recordPrefix + idEncoding.EncodeToString(b[:])
}

const (
	subjectPrefix = "sub_"
	recordPrefix  = "rec_"
	blobPrefix    = "blob_"
	idLength      = 26
)

// isID reports whether id is one that this server could have made: anything else came from outside
// and may hold anything, so it is not even looked up.
func isID(prefix, id string) bool {
	rest, ok := strings.CutPrefix(id, prefix)
	if !ok || len(rest) != idLength {
		return false
	}
	for i := 0; i < len(rest); i++ {
		if strings.IndexByte(idAlphabet, rest[i]) < 0 {
			return false
		}
	}
	return true
}

func isRecordID(id string) bool { return id == single || isID(recordPrefix, id) }
