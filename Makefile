# The one door to the repository: `make` lists what it opens. A machine needs only Node 18 or newer,
# npm and make.

BUN := .tools/bin/bun
NODE := .tools/bin/node
INSTALLED := .tools/installed
PAGE := console/dist/index.html

PACKAGES := $(wildcard */package.json)
PAGE_SOURCES := $(shell find console client proto -type f -not -path '*/dist/*' -not -path '*/node_modules/*' -not -name '*.test.ts')

.DEFAULT_GOAL := help
.PHONY: help setup up test check bench pictures gen pack clean FORCE

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## /{ printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(INSTALLED) $(PAGE) ## bring the tools and dependencies, build the page; quick when nothing changed
	@:

up: setup ## start everything on this machine (the same as ./weir up)
	@./weir up

test: setup ## run all tests; the last line is the counts
	@$(BUN) scripts/test.ts

check: setup ## lint, types, schema, generated files, house rules
	@$(BUN) scripts/check.ts

bench: setup ## run the benchmarks beside their peers
	@$(BUN) bench/src/main.ts

pictures: setup ## take the pictures of docs and examples from the running product
	@$(NODE) scripts/pictures.ts
	@$(NODE) scripts/demo-pictures.ts

gen: $(INSTALLED) ## write the generated files again: code from .proto, docs/config.md
	@$(BUN) scripts/gen.ts

pack: $(INSTALLED) ## build the packages that others install, @weir/client and @weir/proto, into dist/
	@$(BUN) scripts/pack.ts

clean: ## remove what setup and up made (tools, dependencies, page, .weir)
	rm -rf .tools node_modules */node_modules console/dist dist .weir

# Somebody who removes node_modules by hand gets it again.
$(INSTALLED): scripts/bring-bun.sh scripts/check-binaries.mjs scripts/binaries.sha256 scripts/link-tools.sh bun.lock bunfig.toml package.json $(PACKAGES) $(if $(wildcard node_modules/.bin),,FORCE)
	@sh scripts/bring-bun.sh
	@echo 'weir: bringing the dependencies'
	@$(BUN) install --frozen-lockfile --no-summary
	@node scripts/check-binaries.mjs
	@sh scripts/link-tools.sh
	@touch $@

$(PAGE): $(INSTALLED) $(PAGE_SOURCES)
	@$(NODE) node_modules/vite/bin/vite.js build console --logLevel warn
	@touch $@
