package proof

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// TenantHead reads an entry of the organisation's log that holds the head of a tenant's log; ok is
// false for an entry of another kind, or one whose details are malformed.
func TenantHead(e Entry) (tenant string, h Head, ok bool) {
	if e.Kind != KindTenantHead {
		return "", Head{}, false
	}
	size, err := strconv.ParseInt(e.Detail["size"], 10, 64)
	root, err2 := hex.DecodeString(e.Detail["root"])
	if err != nil || err2 != nil || size < 0 || len(root) != len(Hash{}) || e.Detail["tenant"] == "" {
		return "", Head{}, false
	}
	return e.Detail["tenant"], Head{Size: size, Root: Hash(root), By: fmt.Sprintf("entry %d of the organisation's log", e.Seq)}, true
}

// TenantHeadDetail is the detail of such an entry.
func TenantHeadDetail(tenant string, size int64, root Hash) map[string]string {
	return map[string]string{"tenant": tenant, "size": strconv.FormatInt(size, 10), "root": root.String()}
}
