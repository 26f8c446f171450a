# `make test` and `make eval` need Python 3.11 or newer and make; they fetch the rest into .venv.
SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory
# .venv serves every target: two of them at once would race for it.
.NOTPARALLEL:

VENV := .venv
BIN := $(VENV)/bin
UV := $(BIN)/uv

# The environments of tox.ini in the order they run; the last one closes the output.
CHECKS ?= lint types arch unit laws contract db api abuse coverage docs browser harness
QUICK := lint types unit

# Nothing calls home and nothing asks.
export PIP_NO_INPUT := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export LITELLM_LOCAL_MODEL_COST_MAP := True
export DEEPEVAL_TELEMETRY_OPT_OUT := 1
export DEEPEVAL_FILE_SYSTEM := READ_ONLY
export DEEPEVAL_DISABLE_DOTENV := 1
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export GRADIO_ANALYTICS_ENABLED := False
export HF_HUB_OFFLINE := 1

.PHONY: help eval platform test quick check-% bench-audit bench-chat bench-eval bench-engine bench-gate bench-replay bench-crash bench-runtime bench-lease bench-models bench-faults bench-jobs bench-plugins bench-policy bench-queue bench-webhooks chaos-audit conformance-s3 mutate-jobs mutate-policy mutate-rates tools fmt clean dev

help: ## say what can be made
	@sed -n 's/^\([a-z0-9%-]*\):.*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{printf "%-20s %s\n", $$1, $$2}'

eval: $(VENV)/.eval ## replay the golden scenarios over the offline models and judge the gate
	@$(BIN)/plangate eval run scenarios \
	  --model plangate/oracle --model plangate/keyword --model 'plangate/noisy-oracle?rate=0.2' \
	  --trials 1 --gate --gate-model plangate/oracle

platform: $(VENV)/.eval ## start the platform with a demo organization; Ctrl-C stops it
	@exec $(BIN)/plangate dev

test: $(VENV)/.dev ## run every check of tox.ini
	@$(call run_checks,$(CHECKS))

quick: $(VENV)/.dev ## lint, types and unit tests: the loop while you write
	@$(call run_checks,$(QUICK))

check-%: $(VENV)/.dev ## run one environment of tox.ini, as in `make check-types`
	@$(call run_checks,$*)

bench-audit: $(VENV)/.dev ## measure appends, strict mode, verifying a million records, and secrets from memory
	@$(BIN)/python -m tests.bench.audit_append
	@$(BIN)/python -m tests.bench.audit_strict
	@$(BIN)/python -m tests.bench.audit_speed --leaves 1000000
	@$(BIN)/python -m tests.bench.secret_reads

bench-eval: $(VENV)/.dev ## measure what the harness adds to a model call
	@$(BIN)/python -m tests.bench.eval_overhead

bench-engine: $(VENV)/.dev ## measure the engine's steps a second
	@$(BIN)/python -m tests.bench.engine_speed

bench-gate: $(VENV)/.dev ## simulate how often the gate errs
	@$(BIN)/python -m tests.bench.gate_errors

bench-replay: $(VENV)/.dev ## measure a replay of 7,500 recorded trials, twice
	@$(BIN)/python -m tests.bench.replay_speed

bench-crash: $(VENV)/.dev ## kill a run at a hundred random moments and compare what comes of it
	@$(BIN)/python -m tests.bench.crash_campaign --kills 100

bench-runtime: $(VENV)/.dev ## measure start, executions, history, row security and leases, each as a ratio
	@$(BIN)/python -m tests.bench.dev_start
	@$(BIN)/python -m tests.bench.runtime_speed
	@$(BIN)/python -m tests.bench.limits_speed
	@$(BIN)/python -m tests.bench.database_speed
	@$(BIN)/python -m tests.bench.lease_speed

bench-chat: $(VENV)/.dev ## measure what the platform adds to a model's answer in a turn
	@$(BIN)/python -m tests.bench.turn_speed

bench-lease: $(VENV)/.dev ## measure the lease against redis-py's own lock
	@$(BIN)/python -m tests.bench.lease_speed

bench-models: $(VENV)/.dev ## measure what reserving and charging add to a model's answer
	@$(BIN)/python -m tests.bench.model_asking

bench-faults: $(VENV)/.dev ## kill, stop and cut off what executes, many times, and look for what was lost
	@$(BIN)/python -m tests.bench.fault_campaign --rounds 35

chaos-audit: $(VENV)/.dev ## kill strict processes and harm their sink a thousand times, and look for what lacks its copy
	@$(BIN)/python -m tests.bench.audit_chaos --runs 1000

tools: $(BIN)/opa ## build the programs that fuller checks want, where their toolchains are found

bench-queue: $(VENV)/.dev ## measure jobs: how many a second, their waits, a noisy tenant, the API beside them
	@$(BIN)/python -m tests.bench.queue_speed

bench-webhooks: $(VENV)/.dev ## measure deliveries: how many a second, beside dead and slow endpoints, and a backlog of three days
	@$(BIN)/python -m tests.bench.webhook_speed

bench-jobs: $(VENV)/.dev ## kill workers, relays and the broker while 20,000 jobs flow, and look for what was lost
	@$(BIN)/python -m tests.bench.job_faults

conformance-s3: $(VENV)/.dev ## try to undo copies in Ceph's object lock; fetches Ceph from Debian's archive into .tox/ceph
	@PLANGATE_CONFORMANCE=1 $(BIN)/pytest -p no:randomly -v tests/conformance

mutate-jobs: $(VENV)/.dev ## remove each guard of the jobs' SQL in turn and see that a test notices
	@$(BIN)/python -m tests.bench.mutate_jobs

mutate-rates: $(VENV)/.dev ## remove each guard of shared rates in turn and see that a test notices
	@$(BIN)/python -m tests.bench.mutate_rates

mutate-policy: $(VENV)/.dev ## change each shipped rule in turn and see that a test notices
	@$(BIN)/python -m tests.bench.mutate_policy

bench-plugins: $(VENV)/.dev ## measure a start with 50 plugins of which 10 are hostile
	@$(BIN)/python -m tests.bench.plugin_start

bench-policy: $(VENV)/.dev ## measure decisions, by OPA as well, a batch, an activation over projects, and a replay
	@$(BIN)/python -m tests.bench.policy_speed
	@$(BIN)/python -m tests.bench.opa_speed
	@$(BIN)/python -m tests.bench.policy_activation
	@$(BIN)/python -m tests.bench.what_if_speed

fmt: $(VENV)/.dev ## format the code and apply the safe fixes
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

dev: $(VENV)/.dev ## install everything that the checks need into .venv

clean: ## remove what the tools left behind, the environments included
	rm -rf $(VENV) .tox .coverage .coverage.* .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# OPA is a program of Go; without its toolchain the tests that compare with it skip, and say so.
OPA_VERSION := v1.22.4

$(BIN)/opa: | $(UV)
	@if command -v go >/dev/null; then \
	  echo "== building opa $(OPA_VERSION) with $$(go version | cut -d' ' -f3)"; \
	  GOBIN="$(CURDIR)/$(BIN)" go install github.com/open-policy-agent/opa@$(OPA_VERSION); \
	else echo "Go is not installed: opa can't be built, and the tests that compare with it will skip." >&2; fi

# Runs each environment, names the command that repeats a failure, goes on, and fails at the end if any failed.
# One that takes half an hour hangs: it is ended where the machine has `timeout`, and counts as failed.
# The failures so far are handed on, so that the closing pytest run lists them above its last line.
define run_checks
failed=''; bound=''; \
if command -v timeout >/dev/null; then bound='timeout --kill-after=30 1800'; fi; \
for check in $(1); do \
  echo "== $$check"; \
  PLANGATE_BIN="$(CURDIR)/$(BIN)" PLANGATE_NO_PACKAGE=true PLANGATE_FAILED="$$failed" \
    PLANGATE_TOX_ENV="$(CURDIR)/.tox/bare" \
    $$bound $(BIN)/tox run -qqq -e $$check \
  || { failed="$$failed $$check"; [ "$$check" = "$(lastword $(1))" ] || echo "== $$check failed; repeat it: make check-$$check" >&2; }; \
done; \
[ -z "$$failed" ]
endef

# A stamp a set of packages; a change of the declared or the pinned packages makes it anew.
$(VENV)/.eval: pyproject.toml constraints.txt | $(UV)
	@$(call install,eval)

$(VENV)/.dev: pyproject.toml constraints.txt | $(UV)
	@$(call install,dev)

# uv is for speed; where it cannot be had, pip does the same.
define install
echo "== installing plangate[$(1)] into $(VENV)"; \
if [ -x $(UV) ] && $(UV) pip install --quiet --compile-bytecode --python $(BIN)/python --constraint constraints.txt --editable '.[$(1)]'; then :; \
else $(BIN)/python -m pip install --quiet --constraint constraints.txt --editable '.[$(1)]'; fi \
&& touch $(VENV)/.$(1)
endef

# The first Python that really starts and is new enough: a version manager's stub may be on PATH and refuse.
$(UV):
	@found=''; for candidate in python3.13 python3.12 python3.11 python3 python; do \
	  if $$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found=$$candidate; break; fi; \
	done; \
	if [ -z "$$found" ]; then \
	  echo "No Python 3.11 or newer was found on PATH (tried python3.13, python3.12, python3.11, python3). Install one and run make again." >&2; \
	  exit 1; \
	fi; \
	if [ ! -x $(BIN)/python ]; then \
	  echo "== creating $(VENV) with $$($$found --version)"; \
	  $$found -m venv $(VENV) || { echo "$$found cannot make a virtual environment; on Debian install the package python3-venv." >&2; exit 1; }; \
	fi; \
	$(BIN)/python -m pip install --quiet --constraint constraints.txt uv || echo "uv cannot be had: pip installs instead, which takes longer." >&2
