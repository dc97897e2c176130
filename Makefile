# What can be done with this repository; `make` lists it. Everything lives in this folder: .venv (tools), var (data).
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.ONESHELL:
.SILENT:
.DEFAULT_GOAL := help
.PHONY: help setup demo test tools lint types contracts policies situations migrations bench bench-log attack faults fuzz long-log noninterference names rules catalog lock clean
# Nothing of the caller's Python may leak into ours; our files can be read whatever the caller's umask.
unexport PYTHONPATH PYTHONHOME PYTHONUSERBASE PIP_TARGET PIP_PREFIX PIP_USER VIRTUAL_ENV
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_NO_WARN_SCRIPT_LOCATION := 1

BIN := .venv/bin
ARGS ?=
# One process per core, each with a PostgreSQL of its own; whoever is done takes tests from another. See tests/README.md.
SPREAD := -n auto --maxprocesses 8 --dist worksteal

help:  ## list what can be done
	echo "make …"
	sed -nE 's/^([a-z-]+):.*## (.*)/\1 \2/p' Makefile | while read -r name says; do printf '  %-15s %s\n' "$$name" "$$says"; done
	echo "Further arguments: make test ARGS='-k exchange', make demo ARGS='--port 8116'."

setup:  ## make .venv with the locked dependencies; seconds when nothing changed
	umask 022
	say() { printf '%s\n' "$$*" >&2; }
	install_project() {
		$(BIN)/python -m pip install -qq --no-deps --no-build-isolation --editable .
		# A relative path, because Python reads this file as ASCII where LC_ALL=C and our folder may be called anything.
		echo ../../../../src | tee .venv/lib/python3*/site-packages/__editable__.infohus-*.pth >/dev/null
		cp pyproject.toml .venv/pyproject.toml
	}
	# A venv knows its own path, so a folder that was moved needs a new one.
	state="$$(pwd) $$(cat requirements.txt requirements-dev.txt | sha256sum)"
	if [ "$$(cat .venv/state 2>/dev/null)" = "$$state" ] && $(BIN)/python -c 'import infohus' 2>/dev/null; then
		cmp -s pyproject.toml .venv/pyproject.toml || install_project
		exit 0
	fi
	python=
	for candidate in $(PYTHON) python3 python3.11 python3.12 python3.13 python3.14; do
		if "$$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
			python="$$candidate"
			break
		fi
	done
	if [ -z "$$python" ]; then
		say "infohus needs Python 3.11 or newer. On Debian: apt-get install python3 python3-venv"
		say "Is it elsewhere? make setup PYTHON=/path/to/python3"
		exit 1
	fi
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
			say "Installing python3-venv, which Debian keeps apart from Python …"
			export DEBIAN_FRONTEND=noninteractive
			apt-get install -y -qq python3-venv || { apt-get update -qq && apt-get install -y -qq python3-venv; }
		else
			say "Python's venv module is missing. Ask an administrator for: apt-get install python3-venv"
			exit 1
		fi
	fi
	say "Making .venv with $$("$$python" --version) …"
	"$$python" -m venv --clear .venv
	say "Installing the locked dependencies; each must have the hash in requirements-dev.txt …"
	$(BIN)/python -m pip install -qq --require-hashes --only-binary :all: -r requirements-dev.txt
	install_project
	printf '%s\n' "$$state" > .venv/state
	say "Ready."

demo: setup  ## set up, play the story and stay up; FRESH=1 starts over
	umask 022
	exec $(BIN)/infohus demo $(if $(FRESH),--fresh) $(ARGS)

test: setup tools  ## run every test, on every core; ARGS='-n 0' in one process
	umask 022
	exec $(BIN)/pytest $(SPREAD) $(ARGS)

tools:
	# Debian programs that some tests run: installed where we may, else the tests say "NOT CHECKED".
	missing=
	for need in nginx:nginx-light msmtp:msmtp strace:strace systemd-analyze:systemd go:golang-go wrk:wrk; do
		PATH="$$PATH:/usr/sbin" command -v "$${need%%:*}" >/dev/null || missing="$$missing $${need##*:}"
	done
	[ -e /usr/share/gocode/src/golang.org/x/mod/sumdb ] || missing="$$missing golang-golang-x-mod-dev"
	[ -z "$$missing" ] && exit 0
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
		echo "Installing$$missing for the tests …" >&2
		export DEBIAN_FRONTEND=noninteractive
		apt-get install -y -qq $$missing >/dev/null || { apt-get update -qq && apt-get install -y -qq $$missing >/dev/null; } ||
			echo "Could not install$$missing: what needs it is NOT CHECKED." >&2
	else
		echo "Missing:$$missing. What needs it is NOT CHECKED (ask an administrator for apt-get install$$missing)." >&2
	fi

lint: setup  ## ruff, every rule but those with a reason; docs/rules.md names the tests that there are
	umask 022
	$(BIN)/ruff check
	$(BIN)/pytest -qqq --collect-only | tail -n 2

types: setup  ## mypy --strict
	umask 022
	$(BIN)/mypy

contracts: setup  ## who may import whom
	umask 022
	$(BIN)/lint-imports

policies: setup  ## Cedar policies: schema, format, ids and sources
	umask 022
	$(BIN)/python -m infohus.kernel.authorization.check

situations: setup  ## the policies in all 390,000 situations, and each way of spoiling each policy
	umask 022
	exec $(BIN)/pytest $(SPREAD) --every-situation tests/policies/test_policies.py tests/policies/test_spoiled_policies.py $(ARGS)

migrations: setup  ## the migrations make exactly what the models say
	umask 022
	exec $(BIN)/pytest -q tests/integration/test_migrations.py

bench: setup  ## side-by-side figures; leaves var/bench.json
	umask 022
	exec $(BIN)/python bench $(ARGS)

bench-log: setup  ## a log of ten million entries: proofs, checkpoints, verification; leaves var/bench-log.json
	umask 022
	exec $(BIN)/python bench/log_at_length.py $(ARGS)

attack: setup  ## a superuser attacks the log; who notices; leaves var/attack.json
	umask 022
	exec $(BIN)/python bench/attack $(ARGS)

faults: setup  ## ten thousand faults while clients read and write; the account afterwards; leaves var/faults.json
	umask 022
	exec $(BIN)/python bench/faults $(ARGS)

fuzz: setup  ## an hour of odd bytes against a real server, all operations; leaves var/fuzz.json; ARGS='--seconds 60'
	umask 022
	exec $(BIN)/python bench/fuzz $(ARGS)

long-log: setup  ## 224,000 entries read by a service that may use 512 MiB; leaves var/long-log.json
	umask 022
	exec $(BIN)/python bench/long_log.py $(ARGS)

noninterference: setup  ## a thousand histories played twice: neither side sees what the other keeps; ARGS=--leaks
	umask 022
	PYTHONPATH=tests exec $(BIN)/python -m noninterference $(ARGS)

names: setup  ## how well misspelt names are found, among the invented people in NAMES=folder
	umask 022
	exec $(BIN)/python bench/names $(if $(NAMES),$(NAMES),../shared/names) $(ARGS)

rules: setup  ## run the tests that name a rule; keeps docs/rules.md
	umask 022
	exec $(BIN)/pytest -q -m rule --rules $(SPREAD) $(ARGS)

catalog: setup  ## write anew which functions, tables, rights and roles a database has; after each change of migrations/
	umask 022
	exec env PYTHONPATH=tests $(BIN)/python tests/shipped_catalog.py

lock: setup  ## resolve the .in files anew (needs uv)
	command -v uv >/dev/null || { echo "make lock needs uv (pip install uv)" >&2; exit 1; }
	for file in requirements requirements-dev; do
		uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header \
			"$$file.in" -o "$$file.txt"
	done

clean:  ## remove what set-up and checks made; keeps var, where the demo's data is
	rm -rf .venv build src/*.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find src tests migrations -name __pycache__ -type d -prune -exec rm -rf {} +
