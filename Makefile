# The commands of README. Everything runs on Node 24, which `npm ci` brings where the system's is older.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
REPORT := .reports/vitest.json

.PHONY: demo test verify lint checks unit neighbours parity bench clean

node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: node_modules/.package-lock.json ## start the gateway with an embedded provider on localhost:8080
	@exec node demo/main.ts

neighbours: node_modules/.package-lock.json ## install or build the real neighbours of the tests
	node test/neighbours/install.ts

verify: node_modules/.package-lock.json ## compiler, lint, format, graph, dead code, generated docs
	@$(MAKE) --no-print-directory --jobs=2 --output-sync lint checks

# Half of the time of all checks; what make says of a failure names the one that failed.
lint: node_modules/.package-lock.json
	npm run --silent lint

checks: node_modules/.package-lock.json
	npm run --silent checks

test: verify neighbours ## every check and every test, real neighbours included
	@rm -f $(REPORT)
	npx vitest run --coverage --reporter=default --reporter=json --outputFile.json=$(REPORT) || true
	@node test/summary.ts $(REPORT)

unit: node_modules/.package-lock.json ## the tests that need nothing but npm
	npm test --silent

parity: node_modules/.package-lock.json ## random questions to the index and to a real API server: N=1000000 [SEED=…]
	@node test/parity/main.ts $(or $(N),30000) $(SEED)

bench: node_modules/.package-lock.json ## CPU per request against oauth2-proxy, memory, decisions
	node test/neighbours/install.ts bench
	npm run --silent build
	node bench/inline-door.ts
	node bench/bearer.ts
	node bench/token-first-sight.ts
	node bench/memory.ts
	node --expose-gc bench/decisions.ts
	node bench/whole-decision.ts

clean:
	rm -rf dist coverage .reports
