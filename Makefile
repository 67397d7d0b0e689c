# make demo   install what is missing, build, and run the main job on the built-in world (two minutes on two cores)
# make test   install what is missing, build, and run every test
# make build  the program alone: build/release/biossl
# make lint   clang-format and clang-tidy
# make asan   the tests under the address and undefined-behaviour sanitizers
# make races  the CUDA kernels' tests under the thread sanitizer, on a simulated GPU
# make bench  the benchmarks

.PHONY: demo test build setup lint format tidy asan races bench clean
.DEFAULT_GOAL := build

demo: build
	build/release/biossl run --out runs/demo-$$(date +%Y%m%d-%H%M%S)

test: build
	ctest --test-dir build/release --output-on-failure -j 2

build: setup
	@[ -f build/release/build.ninja ] || cmake --preset release > build-configure.log || (cat build-configure.log; false)
	@rm -f build-configure.log
	cmake --build --preset release

setup:
	@scripts/setup.sh

lint: format tidy

format:
	@scripts/setup.sh --lint
	git ls-files '*.h' '*.cc' '*.inc' '*.cu' '*.cuh' | xargs clang-format --dry-run --Werror

tidy:
	@scripts/setup.sh --lint
	cmake --preset tidy
	sed -n 's/^ *"file": "\(.*\)".*/\1/p' build/tidy/compile_commands.json | grep -vE '/tests/|/backend/cuda/cu[bd][^/]*.cc$$' | \
	  xargs -P 2 -n 2 clang-tidy -p build/tidy --quiet

asan: setup
	cmake --preset asan
	cmake --build --preset asan
	ctest --test-dir build/asan --output-on-failure -j 2

races: setup
	cmake --preset tsan
	cmake --build --preset tsan --target biossl_tests
	OMP_NUM_THREADS=1 build/tsan/tests/biossl_tests --gtest_filter='*cuda*:SimulatedCuda*' --gtest_brief=1

bench: build
	build/release/bench/biossl_benches

clean:
	rm -rf build
