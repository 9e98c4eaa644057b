# Needs Go 1.26, and make and a POSIX shell; what else is missing is installed by each target's first step
# (apt-get or Homebrew). Servers named in DATABASE_URL and REDIS_URL are used instead of our own.

PART      ?=
SCALE     ?= 1
FUZZTIME  ?= 10s
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

# The nested modules keep their dependencies out of our users' module graph.
MODULES := $(patsubst %/go.mod,%,$(wildcard ./go.mod examples/academy/go.mod examples/mounts/go.mod internal/proof/go.mod))

# Packages with goroutines or shared state, where the race detector can find something.
RACE := $(wildcard crm campaign funnel shortlink storage internal/api internal/devstack internal/jobs internal/pgtest internal/projection internal/telemetry internal/web)

NEEDS        := internal/devstack/install.sh
WITH_SERVERS := go run ./internal/devstack/run --

# each runs a command in every module, to the end, and fails if it failed in one of them.
each = status=0; for module in $(MODULES); do echo "== $$module: $(1)"; (cd $$module && $(1)) || status=1; done; exit $$status

.DEFAULT_GOAL := help
.PHONY: help demo test race bench soak fuzz lint fmt verify

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' Makefile

demo: ## run the example school with the CRM in it
	@$(NEEDS) postgres redis
	cd examples/academy && go run .

test: ## vet and test all modules on real servers and a real browser
	@$(NEEDS) postgres redis chromium fonts
	@$(WITH_SERVERS) sh -c '$(call each,go vet ./... && go test -timeout 20m ./...)'

race: ## test what runs at once under the race detector
	@$(NEEDS) postgres redis
	@$(WITH_SERVERS) go test -race $(patsubst %,./%/...,$(RACE))

bench: ## measure; PART=sync|segment|campaign|shortlink|funnel|home (empty: all) SCALE=1
	@$(NEEDS) postgres redis $(if $(filter shortlink,$(or $(PART),shortlink)),wrk) $(if $(filter campaign,$(or $(PART),campaign)),smtp-sink)
	go run ./internal/bench -part "$(PART)" -scale "$(SCALE)"

soak: ## the long kill and load tests (up to an hour)
	@$(NEEDS) postgres redis chromium fonts
	cd internal/proof && go test -tags soak -timeout 60m ./...

fuzz: ## run every fuzz target for FUZZTIME=10s each
	@$(NEEDS) postgres redis
	@grep -rl --include='*_test.go' '^func Fuzz' . | sed 's|/[^/]*$$||' | sort -u | while read -r dir; do \
		for target in $$(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$$dir"/*_test.go); do \
			echo "== $$dir $$target"; \
			(cd "$$dir" && go test -run '^$$' -fuzz "^$$target\$$" -fuzztime $(FUZZTIME) .) || exit 1; \
		done; \
	done

lint: ## formatting, go vet and staticcheck
	@unformatted=$$(gofmt -l .); [ -z "$$unformatted" ] || { echo "run make fmt for:"; echo "$$unformatted"; exit 1; }
	@$(call each,go vet ./... && go run $(STATICCHECK) ./...)

fmt: ## format all Go files
	gofmt -w .

verify: lint test race ## everything a change must pass
