package main

import (
	"net/url"
	"path/filepath"
	"strings"

	"clause.dev/clause/internal/policy/check"
)

// The part of SARIF 2.1.0 (OASIS, errata 01) that a check has something to say in.
const (
	sarifVersion = "2.1.0"
	sarifSchema  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)

type sarifLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []sarifRun `json:"runs"`
}

type sarifRun struct {
	Tool       sarifTool     `json:"tool"`
	ColumnKind string        `json:"columnKind"`
	Results    []sarifResult `json:"results"`
}

type sarifTool struct {
	Driver sarifDriver `json:"driver"`
}

type sarifDriver struct {
	Name    string      `json:"name"`
	Version string      `json:"version"`
	Rules   []sarifRule `json:"rules"`
}

type sarifRule struct {
	ID               string          `json:"id"`
	ShortDescription sarifText       `json:"shortDescription"`
	FullDescription  sarifText       `json:"fullDescription"`
	Help             sarifText       `json:"help"`
	Configuration    sarifSeverity   `json:"defaultConfiguration"`
	Properties       sarifProperties `json:"properties"`
}

type sarifText struct {
	Text string `json:"text"`
}

type sarifSeverity struct {
	Level string `json:"level"`
}

type sarifProperties struct {
	RestsOn string   `json:"restsOn,omitempty"`
	About   []string `json:"about,omitempty"`
	Remedy  string   `json:"remedy,omitempty"`
}

type sarifResult struct {
	RuleID       string             `json:"ruleId"`
	RuleIndex    int                `json:"ruleIndex"`
	Level        string             `json:"level"`
	Message      sarifText          `json:"message"`
	Locations    []sarifLocation    `json:"locations"`
	Fingerprints map[string]string  `json:"partialFingerprints"`
	Suppressions []sarifSuppression `json:"suppressions,omitempty"`
	Properties   sarifProperties    `json:"properties"`
}

type sarifLocation struct {
	Physical sarifPhysical  `json:"physicalLocation"`
	Logical  []sarifLogical `json:"logicalLocations,omitempty"`
}

type sarifPhysical struct {
	Artifact struct {
		URI string `json:"uri"`
	} `json:"artifactLocation"`
	Region *sarifRegion `json:"region,omitempty"`
}

type sarifRegion struct {
	StartLine   int `json:"startLine"`
	StartColumn int `json:"startColumn"`
}

type sarifLogical struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
}

type sarifSuppression struct {
	Kind          string `json:"kind"`
	Justification string `json:"justification"`
}

// sarifOf is a check as a SARIF log. Findings that are known are suppressed in the source, which is
// where the policy says so.
func sarifOf(out checked) sarifLog {
	driver, index := sarifDriver{Name: "clause", Version: strings.TrimPrefix(version(), "clause ")}, map[string]int{}
	for i, r := range check.Rules() {
		index[r.Code] = i
		driver.Rules = append(driver.Rules, sarifRule{
			ID: r.Code, ShortDescription: sarifText{r.Title}, FullDescription: sarifText{r.Explanation}, Help: sarifText{r.Remedy},
			Configuration: sarifSeverity{string(r.Severity)}, Properties: sarifProperties{RestsOn: r.RestsOn},
		})
	}
	run := sarifRun{Tool: sarifTool{driver}, ColumnKind: "unicodeCodePoints", Results: []sarifResult{}}
	for _, f := range out.Findings {
		run.Results = append(run.Results, sarifResultOf(f, index[f.Code]))
	}
	return sarifLog{Schema: sarifSchema, Version: sarifVersion, Runs: []sarifRun{run}}
}

func sarifResultOf(f check.Finding, rule int) sarifResult {
	r := sarifResult{
		RuleID: f.Code, RuleIndex: rule, Level: string(f.Severity),
		Message:      sarifText{f.Message + ". Rests on " + f.RestsOn + ". To do: " + f.Remedy},
		Fingerprints: map[string]string{"about/v1": f.Code + " " + strings.Join(f.About, " ")},
		Properties:   sarifProperties{RestsOn: f.RestsOn, About: f.About, Remedy: f.Remedy},
	}
	at := sarifLocation{}
	at.Physical.Artifact.URI = uriOf(f.File)
	if f.Pos.Line > 0 {
		at.Physical.Region = &sarifRegion{f.Pos.Line, f.Pos.Column}
	}
	for _, id := range f.Clauses {
		at.Logical = append(at.Logical, sarifLogical{id, "clause"})
	}
	r.Locations = []sarifLocation{at}
	if f.Known != "" {
		r.Suppressions = []sarifSuppression{{"inSource", strings.Join(strings.Fields(f.Known), " ")}}
	}
	return r
}

// uriOf is a file's name as a URI: relative ones stay relative, to wherever the log is read.
func uriOf(file string) string {
	u := url.URL{Path: filepath.ToSlash(file)}
	if filepath.IsAbs(file) {
		u.Scheme = "file"
	}
	return u.String()
}
