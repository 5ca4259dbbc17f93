# Everything that people and CI do with this repository. `make` alone says what there is.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

VENV := .venv
BIN := $(VENV)/bin
CACHE := $(or $(ROLLBACKD_CACHE),$(or $(XDG_CACHE_HOME),$(HOME)/.cache)/rollbackd)
UV_VERSION := $(shell sed -n 's/^uv==\([^ ]*\).*/\1/p' packaging/uv.txt)
IMAGE ?= ghcr.io/rollbackd/rollbackd:dev
PYTEST_ARGS ?=
# The tests that need no cluster use every core, up to eight; PYTEST_ARGS="-n 0" keeps them in one process.
PARALLEL := -n auto --maxprocesses 8 --dist worksteal

# Trust what the system trusts (pip and git do as well), so that setup works behind an inspecting proxy.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= 1
endif

.PHONY: help
help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-15s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

# --- Environment -----------------------------------------------------------------------------------------

.PHONY: setup
setup: $(VENV)/.synced ## Make .venv with everything the lock names (needs Python 3.11 or newer; uv if it is there)
	@:

# The first Python that is new enough, by any of its names.
define FIND_PYTHON
python=; \
for name in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python; do \
  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
done; \
if [ -z "$$python" ]; then \
  echo "setup: Python 3.11 or newer is needed, and none is on PATH: install it, or name it with make PYTHON=..." >&2; \
  exit 1; \
fi
endef

# uv where it works (a shim of a version manager may not), else our own in the cache folder.
define FIND_UV
uv=uv; \
if ! uv --version >/dev/null 2>&1; then \
  home='$(CACHE)/uv-$(UV_VERSION)'; uv="$$home/bin/uv"; \
  if ! "$$uv" --version >/dev/null 2>&1; then \
    echo "setup: no uv here, installing one into $$home"; \
    rm -rf "$$home" && mkdir -p "$$(dirname "$$home")" && "$$python" -m venv "$$home" \
      && "$$home/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r packaging/uv.txt \
      || { rm -rf "$$home"; echo "setup: uv could not be installed (see above)" >&2; exit 1; }; \
  fi; \
fi
endef

$(VENV)/.synced: uv.lock pyproject.toml
	@$(FIND_PYTHON); $(FIND_UV); \
	echo "setup: making $(VENV) as uv.lock says"; \
	UV_PROJECT_ENVIRONMENT=$(VENV) UV_PYTHON_DOWNLOADS=never "$$uv" sync --quiet --frozen \
	  --python "$$("$$python" -c 'import sys; print(sys.executable)')"
	@touch $@

.PHONY: hooks
hooks: setup ## Have git run the quick checks before each commit
	$(BIN)/pre-commit install

.PHONY: clean
clean: ## Remove the environment, caches and build results of this folder
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .grimp_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# --- Looking and checking --------------------------------------------------------------------------------

.PHONY: demo
demo: setup ## See it at work without a cluster: a bad release, its rollback, the recovery
	$(BIN)/rollbackd demo --port 0

.PHONY: test
test: setup ## Run the tests that need no cluster, but for the chart's (THOROUGH=1: twenty times as many examples)
	$(BIN)/pytest -m "not e2e" --ignore=tests/chart $(PARALLEL) $(PYTEST_ARGS)

.PHONY: check
check: setup ## What must hold before a commit: format, lint, types, imports, tests; of the chart, make chart
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest -m "not e2e" --ignore=tests/chart $(PARALLEL) $(PYTEST_ARGS)

.PHONY: fuzz
fuzz: setup ## Feed a million inputs near a corpus to each place where others' input comes in (EXAMPLES=, SURFACES=, SEED=)
	$(BIN)/python -m tests.fuzz $(SURFACES) --examples $(or $(EXAMPLES),1000000) $(if $(SEED),--seed $(SEED))

.PHONY: docs
docs: setup ## Write the generated files anew: the references under docs/, the webhook's schema and the chart's CRD
	mkdir -p docs helm/rollbackd/crds
	$(BIN)/python -m daemon.settings.reference > docs/settings.md.new && mv docs/settings.md.new docs/settings.md
	$(BIN)/python -m daemon.metrics_reference > docs/metrics.md.new && mv docs/metrics.md.new docs/metrics.md
	$(BIN)/python -m daemon.cli.reference > docs/command-reference.md.new && mv docs/command-reference.md.new docs/command-reference.md
	$(BIN)/python -m daemon.adapters.incidents.webhook > schema.new && mv schema.new docs/webhook.schema.json
	$(BIN)/python -m daemon.adapters.kubernetes.crd > crd.new && mv crd.new helm/rollbackd/crds/rolloutcases.yaml

.PHONY: chart-docs
chart-docs: ## Write the chart's README anew from the comments of its values (needs Go)
	go run github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2 -c helm/rollbackd -o README.md --ignore-non-descriptions --log-level warning

.PHONY: site
site: ## Build the documentation's site into build/site; links that lead nowhere fail
	@$(FIND_PYTHON); $(FIND_UV); \
	UV_PROJECT_ENVIRONMENT=build/site-env UV_PYTHON_DOWNLOADS=never "$$uv" sync --quiet --frozen --only-group docs \
	  --python "$$("$$python" -c 'import sys; print(sys.executable)')"
	NO_MKDOCS_2_WARNING=1 build/site-env/bin/mkdocs build --clean

# --- Chart and image -------------------------------------------------------------------------------------

.PHONY: chart
chart: setup ## Check the Helm chart and pack it into dist/
	for values in tests/chart/values/*.yaml; do $(BIN)/helm lint --strict --quiet helm/rollbackd -f "$$values" || exit 1; done
	$(BIN)/pytest tests/chart -m "not e2e" $(PYTEST_ARGS)
	$(BIN)/helm package helm/rollbackd --destination dist

.PHONY: dist
dist: setup ## Make what a release holds besides the image: wheel, sdist, SBOM, chart, kubectl's plugin, checksums
	@$(FIND_PYTHON); $(FIND_UV); rm -rf dist && "$$uv" build --quiet --out-dir dist \
	  && "$$uv" export --quiet --locked --no-dev --format cyclonedx1.5 --preview-features sbom-export \
	    --output-file dist/rollbackd.cdx.json >/dev/null
	$(BIN)/helm package helm/rollbackd --destination dist
	$(BIN)/python packaging/release.py

.PHONY: audit
audit: setup ## Ask OSV for known vulnerabilities of what the lock names (Error 1: there are; Error 3: it cannot be asked)
	@$(FIND_PYTHON); $(FIND_UV); "$$uv" audit --preview-features audit-command --locked --no-dev; case $$? in \
	  0) ;; \
	  1) echo "audit: these are known; update what has a fix: uv lock --upgrade-package NAME" >&2; exit 1;; \
	  *) echo "audit: nothing was learnt: api.osv.dev gave no answer (see above); try where it is in reach" >&2; exit 3;; \
	esac

.PHONY: image
image: ## Build the image: IMAGE=name:tag, with docker, podman or buildah
	@for tool in docker podman "buildah bud"; do \
	  if command -v $${tool%% *} >/dev/null 2>&1; then \
	    case $$tool in buildah*) build=$$tool;; *) build="$$tool build";; esac; \
	    echo "$$build"; \
	    exec $$build -t "$(IMAGE)" --build-arg REVISION="$$(git rev-parse HEAD 2>/dev/null || echo unknown)" .; \
	  fi; \
	done; \
	echo "image: docker, podman or buildah is needed" >&2; exit 1

.PHONY: image-check
image-check: setup ## Build the image on a base of Debian packages, and look into it (root, buildah, mmdebstrap)
	$(BIN)/pytest tests/e2e/image -m e2e -s $(PYTEST_ARGS)

# --- The real cluster ------------------------------------------------------------------------------------

.PHONY: cluster-up
cluster-up: setup ## Start the test cluster: real API server, kubelet and Prometheus (root; first time 15 minutes)
	$(BIN)/python -m tests.e2e.cluster up

.PHONY: cluster-down
cluster-down: setup ## Stop the test cluster
	$(BIN)/python -m tests.e2e.cluster down

.PHONY: e2e
e2e: cluster-up ## Run the tests on the real cluster, the daemon installed by the chart
	$(BIN)/pytest tests -m e2e $(PYTEST_ARGS)

.PHONY: e2e-quick
e2e-quick: cluster-up ## The same with the daemon as a local process: no image to build
	ROLLBACKD_E2E_DAEMON=process $(BIN)/pytest tests -m e2e $(PYTEST_ARGS)

.PHONY: e2e-backends
e2e-backends: setup ## Hold the metrics' contract against real servers: BACKENDS="thanos", or all (no cluster; Go)
	ROLLBACKD_BACKENDS="$(or $(BACKENDS),prometheus victoriametrics thanos)" \
	  $(BIN)/pytest tests/contract/test_metrics.py tests/backends -m backends $(PYTEST_ARGS)

.PHONY: traces
traces: cluster-up ## Record the watch streams that tests replay: NAMES="quota autoscaler-*", or all (20 minutes)
	$(BIN)/python -m tests.traces.record $(NAMES)

.PHONY: bench-healthy
bench-healthy: cluster-up ## Count rollbacks of healthy releases: 30 in a row at three request rates
	$(BIN)/python -m benchmarks.healthy

.PHONY: bench-idle
bench-idle: cluster-up ## Measure what the daemon costs that has nothing to do, with 10 workloads
	$(BIN)/python -m benchmarks.idle

.PHONY: bench-fleet
bench-fleet: cluster-up ## Measure what a fleet costs: 10, 100 and 1,000 workloads, or SIZES="10 100" (30 minutes)
	$(BIN)/python -m benchmarks.fleet $(SIZES) $(if $(WAVES),--waves $(WAVES))

.PHONY: bench-scaling
bench-scaling: setup ## Does a workload cost more in a large fleet? In one process, no cluster (20 seconds)
	$(BIN)/python -m benchmarks.scaling

.PHONY: soak
soak: setup ## A day with 10,000 releases in simulated time, no cluster: nothing may grow (10 minutes; SIZE=1000)
	$(BIN)/python -m benchmarks.soak $(SIZE)

.PHONY: bench-judgement
bench-judgement: setup ## Score the judge and its peers on generated rollouts, no cluster (QUICK=1: 3 minutes)
	$(BIN)/python -m benchmarks.judgement $(if $(QUICK),--quick)

.PHONY: bench-facts
bench-facts: setup ## Count false outcomes of what Kubernetes tells around releases, no cluster (QUICK=1: 90 seconds)
	$(BIN)/python -m benchmarks.facts $(if $(QUICK),--quick)

.PHONY: bench-recovery
bench-recovery: cluster-up ## Measure the time from a bad release to the proven recovery
	$(BIN)/python -m benchmarks.recovery
