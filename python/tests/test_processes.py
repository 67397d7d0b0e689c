import multiprocessing
import os
import subprocess
import sys
import warnings

import numpy as np
import pytest

import biossl
from biossl import _openmp


def _encode(path, images, results):
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        results.put((biossl.Encoder(path)(images), [str(warning.message) for warning in told]))


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_other_processes_compute(trained, images, method):
    expected = trained.encoder(images)
    context = multiprocessing.get_context(method)
    results = context.Queue()
    child = context.Process(target=_encode, args=(trained.path, images, results))
    child.start()
    features, told = results.get(timeout=120)
    child.join()
    np.testing.assert_allclose(features, expected, rtol=1e-4, atol=1e-5)  # fork: one thread rounds otherwise than two
    if method == "fork":
        assert any("spawn" in line for line in told) == (biossl.get_threads() > 1)
    else:
        assert not told


def test_importing_loads_little():
    heavy = {"numpy", "biossl._core", "sklearn", "torch", "matplotlib"}
    script = f"import sys, biossl; print(sorted(set(sys.modules) & {heavy}))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "[]"


OTHER_PACKAGE = "import ctypes; ctypes.CDLL('libgomp.so.1')"


@pytest.mark.parametrize(
    "lines, policy, is_told",
    [
        ([OTHER_PACKAGE, "import biossl"], None, True),
        ([OTHER_PACKAGE, "import biossl"], "active", False),
        (["import biossl", OTHER_PACKAGE], None, False),
        (["import biossl"], None, False),
    ],
)
def test_openmp_of_another_package_is_told(lines, policy, is_told):
    if _openmp._has_own() or not sys.platform.startswith("linux"):
        pytest.skip("this package brings an OpenMP of its own")
    environment = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    if policy:
        environment["OMP_WAIT_POLICY"] = policy
    script = "\n".join([*lines, "import os", "biossl.get_threads()", "print(os.environ.get('OMP_WAIT_POLICY'))"])
    done = subprocess.run([sys.executable, "-c", script], env=environment, check=True, capture_output=True, text=True)
    assert ("import biossl first" in done.stderr) == is_told
    assert done.stdout.strip() == str(policy)


@pytest.mark.parametrize("first", ["biossl", "torch"])
def test_beside_pytorch_in_both_orders(first, tmp_path):
    pytest.importorskip("torch", reason="PyTorch is not installed")
    script = f"""
import {first}
import torch, biossl, numpy
images = numpy.zeros((50, 16, 16, 3), numpy.uint8) + numpy.arange(50, dtype=numpy.uint8)[:, None, None, None]
run = biossl.pretrain(images,
    {{"network": {{"blocks": [{{"channels": 8}}]}}, "train": {{"epochs": 1, "batch": 25}}}}, progress=False)
assert torch.ones(300, 300).mm(torch.ones(300, 300)).sum() == 300 ** 3
print(biossl.get_threads(), torch.get_num_threads())
"""
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    threads = [int(word) for word in done.stdout.split()]
    assert threads[0] == biossl.get_threads()
