// Package clesaro holds the example policy of Clesaro, a personal finance service.
package clesaro

import _ "embed" // the policy

// Policy is the policy file.
//
//go:embed policy.yaml
var Policy []byte
