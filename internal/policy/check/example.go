package check

import (
	"embed"
	"strings"
)

// The examples are the parts of a policy that matter; what they leave out stands in testdata/base.yaml.
//
//go:embed testdata/*/bad.yaml testdata/*/good.yaml
var examples embed.FS

// Examples returns a part of a policy in which the finding is, its line marked, and one in which it is
// not; "" for a code nobody knows.
func Examples(code string) (bad, good string) {
	return example(code, "bad"), example(code, "good")
}

func example(code, name string) string {
	src, err := examples.ReadFile("testdata/" + code + "/" + name + ".yaml")
	if err != nil {
		return ""
	}
	return strings.Trim(string(src), "\n") + "\n"
}
