# make        install what is missing, and build the program alone: build/release/biossl
# make demo   the same, and run the main job on the built-in world
# make test   install what is missing, build everything, and run every test
# make help   these lines
#
# make lint   clang-format and clang-tidy
# make asan   the tests under the address and undefined-behaviour sanitizers
# make races  the CUDA kernels' tests under the thread sanitizer, on a simulated GPU
# make fuzz   half an hour of broken bytes for each reader of data files, with Clang
# make bench  the benchmarks
# make clean  remove every build
#
# make python       the Python package, to be tried with PYTHONPATH=build/portable/python build/venv/bin/python
# make python-lint  ruff on all Python
# make python-tidy  clang-tidy on what binds it
# make python-test  its tests, and those of what it is made of: vector code for several processors in a shared library
# make site     the documentation as a web site, build/site
# make package  a Debian package for this system, build/package/*.deb (docs/installing.md)
#
# PRESET=ci builds and tests with warnings as errors, in build/ci; CMakePresets.json names the others.

PRESET ?= release
python_folders := python examples bench docs scripts

.PHONY: build demo test python python-lint python-tidy python-test site all configure setup help lint format tidy asan races fuzz bench package clean

build: configure
	cmake --build build/$(PRESET) --target biossl_program

demo: build
	build/$(PRESET)/biossl run --out runs/demo-$$(date +%Y%m%d-%H%M%S)

test: all
	ctest --test-dir build/$(PRESET) --output-on-failure -j 2

all: configure
	cmake --build build/$(PRESET)

configure: setup
	@scripts/configure.sh $(PRESET)

setup:
	@scripts/setup.sh

help:
	@sed -n 's/^# \{0,1\}//p' Makefile

lint: format tidy

format:
	@scripts/setup.sh --lint
	git ls-files '*.h' '*.cc' '*.inc' '*.cu' '*.cuh' | xargs clang-format --dry-run --Werror

tidy:
	@scripts/setup.sh --lint
	@scripts/configure.sh tidy
	@cmake build/tidy >/dev/null  # new files since then are linted too
	sed -n 's/^ *"file": "\(.*\)".*/\1/p' build/tidy/compile_commands.json | grep -vE '/tests/|/backend/cuda/cu[bd][^/]*.cc$$' | \
	  xargs -P 2 -n 1 clang-tidy -p build/tidy --quiet

asan: setup
	@scripts/configure.sh asan
	cmake --build build/asan
	ctest --test-dir build/asan --output-on-failure -j 2

fuzz: setup
	@scripts/setup.sh --fuzz
	scripts/fuzz.sh 1800

races: setup
	@scripts/configure.sh tsan
	cmake --build build/tsan --target biossl_tests
	OMP_NUM_THREADS=1 build/tsan/tests/biossl_tests --gtest_filter='*cuda*:SimulatedCuda*' --gtest_brief=1

bench: all
	build/$(PRESET)/bench/biossl_benches

python:
	@scripts/setup.sh --python
	@scripts/configure.sh portable -DBIOSSL_PYTHON=ON -DPython_EXECUTABLE=$(CURDIR)/build/venv/bin/python \
	  -DBIOSSL_EXTENSIONS=$(CURDIR)/examples
	cmake --build build/portable

python-lint:
	@scripts/setup.sh --python
	build/venv/bin/ruff check --quiet $(python_folders)
	build/venv/bin/ruff format --check --quiet $(python_folders)

python-tidy: python
	@scripts/setup.sh --lint
	git ls-files 'python/src/*.cc' | xargs -P 2 -n 1 clang-tidy -p build/portable --quiet --header-filter='python/src/.*\.h$$'

python-test: python
	BIOSSL_ISA=v3 ctest --test-dir build/portable --output-on-failure -j 2 -L '^(ops|quick|levels|install|python)$$'

site:
	@scripts/setup.sh --python
	NO_MKDOCS_2_WARNING=1 build/venv/bin/mkdocs build --quiet

package:
	@scripts/setup.sh --package
	@scripts/configure.sh package
	cmake --build build/package
	rm -f build/package/*.deb
	cd build/package && cpack

clean:
	rm -rf build
