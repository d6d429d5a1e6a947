# A menu over the presets in CMakePresets.json, not a build system. Every target installs what it misses (apt, root or sudo).
#?  make demo           a real 3-shard cluster on this machine with a live status tree, until Ctrl-C
#?  make demo ARGS=--once     the same, but: wait until Ready, write and read on every shard, stop it all, exit 0 or 1
#?  make test           build and run the tests (but soak and test-api), then the unit tests again under sanitizers
#?  make test SANITIZERS=     without the sanitizers;  FILTER=REGEX only tests whose name matches
#?  make test-api       charts, CRD and API client against a real Kubernetes API server (built once, some minutes)
#?  make soak           half an hour of slot moves: a million keys, kills at every stage, half-open slots (leave the machine to it)
#?  make e2e            install and run on a real Kubernetes with three workers (root; KUBE_BIN=FOLDER another version, CASE=NAME one case, PRESET=test other programs)
#?  make lint           format of all files and clang-tidy of changed ones (ALL=1: of all)
#?  make format         apply the format
#?  make bench          measure beside the peers: a table, and build/bench/results.json (FILTER=REGEX, QUICK=1 for fewer runs)
#?  make build          the shipped programs, in build/release/bin
#?  make clean          remove build/
.DEFAULT_GOAL := help
.PHONY: help demo test test-api soak e2e lint format bench build clean
SANITIZERS ?= asan tsan
PRESET ?= release

help:
	@sed -n 's/^#? \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

build:
	@tools/setup build
	@tools/build release

demo: build
	@exec build/release/bin/shardkeeper-coordinator demo $$(tools/setup servers) $(ARGS)

test:
	@tools/setup test
	@tools/run-tests test $(SANITIZERS)

e2e:
	@tools/setup kube
	@tools/build $(PRESET)
	@SHARDKEEPER_BIN=build/$(PRESET)/bin tools/e2e $(CASE)

test-api:
	@tools/setup test
	@tools/setup kube-api
	@LABELS='^(kubeapi|chart)$$' tools/run-tests test

soak:
	@tools/setup test
	@LABELS='^soak$$' tools/run-tests test

lint:
	@tools/setup test
	@tools/lint

format:
	@tools/setup test
	@tools/lint --fix

bench:
	@tools/setup test
	@tools/build bench bench_programs
	@exec env $$(tools/setup env) build/bench/bin/bench --out build/bench/results.json $(if $(FILTER),--filter '$(FILTER)') $(if $(QUICK),--quick)

clean:
	rm -rf build
