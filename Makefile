# The gate words: demo, test, lint, bench. Each makes its own set-up in .venv and says what it does.
# They need a Rust toolchain, Python 3.11 or later, and make; bench also needs valgrind, which counts instructions.

PYTHON ?= python3
VENV ?= .venv
AGENT ?= native
BIN = $(VENV)/bin
PIP = $(BIN)/python -m pip install --quiet --disable-pip-version-check
RUST_SOURCES = $(shell find src envs/src agents/src live/src python/src -name '*.rs') Cargo.toml Cargo.lock pyproject.toml \
	$(wildcard */Cargo.toml)
PYTHON_SOURCES = $(shell find python/tradepit -type f ! -name '*.so' ! -path '*/__pycache__/*')
export PIP_DISABLE_PIP_VERSION_CHECK = 1
# Two threads of a numerical library on two busy cores are slower than one.
export OMP_NUM_THREADS ?= 1

.PHONY: demo test lint bench clean test-rust test-python

demo: $(VENV)/.installed-$(AGENT)
	@echo "== tradepit demo --agent $(AGENT)"
	@$(BIN)/tradepit demo --agent $(AGENT)

test: test-rust test-python
	@echo "== all tests passed"

test-rust:
	@echo "== cargo test: unit tests, property tests, doctests, examples"
	@cargo test --quiet --workspace --exclude tradepit-python --all-features --all-targets
	@cargo test --quiet --workspace --exclude tradepit-python --all-features --doc
	@set -e; for example in examples/*.rs; do \
		name=$$(basename $$example .rs); echo "== example $$name"; cargo run --quiet --all-features --example $$name > /dev/null; done

test-python: $(VENV)/.installed-test
	@echo "== pytest"
	@REQUIRE_ALL=$(REQUIRE_ALL) TRADEPIT_NETWORK=$(REQUIRE_ALL) $(BIN)/python -m pytest python/tests -q -ra

lint: $(VENV)/.installed-lint
	@echo "== rustfmt"
	@cargo fmt --all --check
	@echo "== clippy"
	@cargo clippy --quiet --workspace --all-targets --all-features -- -D warnings
	@echo "== rustdoc"
	@RUSTDOCFLAGS="-D warnings" cargo doc --quiet --workspace --all-features --no-deps --exclude tradepit-python
	@echo "== ruff"
	@$(BIN)/ruff check python tests/peers benches/compare
	@$(BIN)/ruff format --check python tests/peers benches/compare
	@echo "== stubs against the binary"
	@cd $(VENV) && bin/python -m mypy.stubtest tradepit._core --mypy-config-file ../pyproject.toml

bench: $(VENV)/.installed-test
	@echo "== cargo bench"
	@cargo bench --workspace --exclude tradepit-python --no-fail-fast
	@echo "== Python"
	@$(BIN)/tradepit bench --ppo

# One wheel for all: release mode, stable ABI of Python 3.11.
$(VENV)/.wheel: $(RUST_SOURCES) $(PYTHON_SOURCES)
	@test -x $(BIN)/python || { echo "== making $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "== building the wheel (a few minutes the first time)"
	@$(PIP) 'maturin>=1.9,<2'
	@rm -rf $(VENV)/wheels
	@$(BIN)/maturin build --quiet --release --out $(VENV)/wheels
	@$(PIP) --force-reinstall --no-deps $(VENV)/wheels/*.whl
	@touch $@

$(VENV)/.installed-native: $(VENV)/.wheel
	@$(PIP) $(VENV)/wheels/*.whl
	@touch $@

$(VENV)/.installed-sb3: $(VENV)/.wheel
	@echo "== installing Stable-Baselines3 and torch"
	@$(PIP) "$$(echo $(VENV)/wheels/*.whl)[sb3]"
	@touch $@

$(VENV)/.installed-test: $(VENV)/.wheel
	@echo "== installing what the tests need (torch is large)"
	@$(PIP) "$$(echo $(VENV)/wheels/*.whl)[test]"
	@touch $@

$(VENV)/.installed-lint: $(VENV)/.wheel
	@echo "== installing ruff and mypy"
	@$(PIP) "$$(echo $(VENV)/wheels/*.whl)[lint]"
	@touch $@

clean:
	rm -rf $(VENV) target
