# posledger: every command a developer or operator needs. `make help` lists them.

CARGO     ?= cargo
DATA      ?= demo-data
LISTEN    ?= 127.0.0.1:7171
URL       := http://$(LISTEN)
BIN       := target/release

.DEFAULT_GOAL := help

##@ Use

.PHONY: demo
demo: build ## Build, import a sample day, look at it, export a snapshot, leave the daemon serving
	@DATA='$(DATA)' LISTEN='$(LISTEN)' BIN='$(BIN)' sh tests/demo.sh

.PHONY: run
run: build ## Run the daemon in the foreground, on the demo's data (DATA=... for another folder)
	$(BIN)/posledgerd --data '$(DATA)/ledger' --listen '$(LISTEN)'

.PHONY: build
build: ## Build both programs, optimized
	@$(CARGO) build --release --bins

##@ Check

.PHONY: check
check: fmt lint pure doc deny ## Format, lints, purity, docs, licences and advisories

.PHONY: fmt
fmt: ## Is the code formatted?
	$(CARGO) fmt --all --check

.PHONY: lint
lint: ## Clippy, warnings are errors
	$(CARGO) clippy --workspace --all-targets --locked -- -D warnings

.PHONY: pure
pure: ## Does the domain know a clock, IO, async or randomness? Is money ever a float?
	CARGO='$(CARGO)' sh tests/pure.sh

.PHONY: doc
doc: ## Does the documentation build without a warning?
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --no-deps --locked

.PHONY: deny
deny: ## Licences, advisories, sources and duplicates of all dependencies
	CARGO='$(CARGO)' sh tests/deny.sh

##@ Test

.PHONY: test
test: ## Everything: unit, scenario, property, end-to-end, crash and history tests
	$(CARGO) test --workspace --locked --no-fail-fast
	@$(MAKE) --no-print-directory mutants

.PHONY: mutants
mutants: ## Plant bugs; each must turn a test red
	CARGO='$(CARGO)' sh tests/mutants.sh

.PHONY: bench
bench: ## Measure: fold, frames, append against a plain file, import end to end
	$(CARGO) bench --workspace --locked

##@ Other

.PHONY: clean
clean: ## Remove what was built, and the demo's data
	$(CARGO) clean
	rm -rf '$(DATA)'

.PHONY: help
help: ## This list
	@awk 'BEGIN { FS = ":.*##" } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*##/ { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)
	@echo
