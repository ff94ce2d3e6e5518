# The two commands of README: `go run ./cmd/clause demo`, and `make test`.

.PHONY: test deps bench kill fuzz

# Everything, on a fresh Debian machine too. Three packages at a time: many tests wait more than they compute.
test: deps
	go test -count=1 -p 3 -timeout 20m ./...

# What the tests need beyond Go, from Debian's packages. The tests start it themselves.
deps:
	@sh .ci/deps

# The table of docs/speed.md, made anew.
bench:
	go run ./bench

# Hundreds of rounds of kill -9 under load.
kill:
	CLAUSE_KILL_ROUNDS=300 go test -count=1 -timeout 60m -run 'Kill' ./internal/vault ./internal/db

# Each fuzz target for a while: make fuzz FUZZTIME=5m
FUZZTIME ?= 20s
fuzz:
	@for package in $$(go list ./...); do \
		for target in $$(go test -list '^Fuzz' $$package | grep ^Fuzz); do \
			echo "$$package $$target"; \
			go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x $$package || exit 1; \
		done; \
	done
