"""Ends: of the process while the engine works, and of a trainer whose images are being read."""

import subprocess
import sys

import pytest

SETTING = """
import gc, os, signal, threading, time, warnings, weakref
import numpy
import biossl

images = numpy.random.default_rng(1).integers(0, 256, (400, 16, 16, 3), numpy.uint8)
recipe = {"network": {"blocks": [{"channels": 8}]}, "train": {"epochs": 100000, "batch": 100}}

@biossl.register("slow", "takes its time")
class Slow(biossl.Loss):
    def start(self, setup):
        time.sleep(0.05)

    def evaluate(self, a, b, context):
        time.sleep(0.05)
        return 0.0, a, b

@biossl.register("slow_images", "takes time to read")
class SlowImages(biossl.Dataset):
    side = 16
    pause: float = 0.3

    def load(self, split, request):
        self.image_shape = (16, 16, 3)

    def __len__(self):
        return len(images)

    def fetch(self, rows):
        time.sleep(self.pause)
        gc.collect()
        return images[rows]

def trainer_that_reads_ahead(data="slow_images"):
    trainer = biossl.Trainer({**recipe, "data": {"pretrain": data}}, progress=False)
    trainer.step()
    return trainer
"""


def ends(lines, told="over\n", first=""):
    """A process that does this ends as it should, and has said no more than this."""
    script = first + SETTING + lines
    done = subprocess.run([sys.executable, "-c", script], check=False, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, told, "")


#: What a thread does without an end.
ENDLESS = {
    "run": "biossl.pretrain(images, recipe, progress=False)",
    "step": "for _ in trainer: pass",
    "encode": "while True: encoder(images)",
    "loss": "biossl.pretrain(images, recipe, {'loss.kind': 'slow'}, progress=False)",
    "describe": "while True: biossl.describe(recipe, {'loss.kind': 'slow'})",
}


@pytest.mark.parametrize("work", ENDLESS)
def test_a_daemon_thread_in_the_engine_ends_with_the_process(work):
    ends(f"""
trainer = biossl.Trainer(recipe, images=images, progress=False)
encoder = trainer.encoder
def work():
    {ENDLESS[work]}
threading.Thread(target=work, daemon=True).start()
time.sleep(1)
print("over")
""")


#: Recipes of runs that a daemon thread is in the midst of.
STOPPED = {
    "built-in": "'loss.kind': 'nt_xent'",
    "loss": "'loss.kind': 'slow'",
    "data": "'data.pretrain': 'slow_images', 'data.slow_images.pause': 0.01",
}


@pytest.mark.parametrize("kind", STOPPED)
def test_a_run_of_a_daemon_thread_leaves_a_checkpoint(kind, tmp_path):
    ends(f"""
def work():
    biossl.pretrain(recipe=recipe, set={{'data.pretrain': 'world', 'data.images': 400, {STOPPED[kind]}}},
                    out={str(tmp_path / "run")!r}, progress=False)
threading.Thread(target=work, daemon=True).start()
time.sleep(2)
print("over")
""")
    assert list((tmp_path / "run" / "checkpoints").glob("*.safetensors"))


def test_threads_that_read_ahead_end_with_the_process():
    ends("trainer = trainer_that_reads_ahead(); print('over')")


def test_threads_that_read_ahead_by_computing_end_with_the_process():
    ends("""
@biossl.register("computed_images", "computes without an end once the first batch is read")
class ComputedImages(SlowImages):
    def fetch(self, rows):
        self.read = getattr(self, "read", 0) + len(rows)
        while self.read > recipe["train"]["batch"]: encoder(images)
        return images[rows]
encoder = biossl.Trainer(recipe, images=images, progress=False).encoder
trainer = trainer_that_reads_ahead("computed_images")
print("over")
""")


def test_a_trainer_that_reads_ahead_goes():
    ends("trainer = trainer_that_reads_ahead(); del trainer; print('over')")


def test_a_trainer_that_reads_ahead_goes_where_its_reader_collects_garbage():
    ends("""
gc.disable()
class Knows(biossl.Observer):
    pass
knows = Knows()
knows.trainer = trainer_that_reads_ahead()
knows.trainer.observe(knows)
gone = weakref.ref(knows)
del knows
for _ in range(200):
    time.sleep(0.05)
    if gone() is None and threading.active_count() == 1: break
print("over" if gone() is None else "still there")
""")


def test_a_forked_process_is_told_that_its_trainer_reads_no_more():
    ends(
        """
trainer = trainer_that_reads_ahead()
child = os.fork()
if child == 0:
    signal.alarm(20)
    warnings.simplefilter("ignore")
    try:
        trainer.step()
    except ValueError as error:
        print(error, flush=True)
    del trainer
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
trainer.step()
""",
        "[data] a fork leaves behind the threads that read these images; make what reads them, a trainer for one, in "
        "the new process\n",
    )


@pytest.mark.parametrize("act", ["encoder(images)", "trainer(images)", "trainer.step()"])
def test_a_process_forked_in_the_midst_of_a_computation_does_not_wait_for_it(act):
    ends(
        f"""
@biossl.register("slow_block", "takes its time")
class SlowBlock(biossl.Block):
    def forward(self, x, training):
        if threading.current_thread() is not threading.main_thread():
            is_inside.set()
            time.sleep(0.3)
        return x, x
    def backward(self, step, sends):
        return step.error
    def start(self, setup):
        self.output_map, self.kept = setup.map, [setup.map]
is_inside = threading.Event()
recipe["network"] = {{"blocks": [{{"channels": 8}}, {{"kind": "slow_block"}}]}}
trainer = biossl.Trainer(recipe, images=images, progress=False)
encoder = trainer.encoder
thread = threading.Thread(target=lambda: {act})
thread.start()
is_inside.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    warnings.simplefilter("ignore")
    try:
        {act}
    except RuntimeError as error:
        print(error, flush=True)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
thread.join()
""",
        "this process was forked while another thread computed with the same network; make a trainer or an encoder of "
        "its own here\n",
    )


def test_a_handler_of_the_end_may_compute():
    ends(
        """
def at_the_end():
    trainer.step()
    worker.stops = True
    worker.join()
    print("over")
trainer = biossl.Trainer(recipe, images=images, set={"loss.kind": "slow"}, progress=False)
encoder = trainer.encoder
class Worker(threading.Thread):
    stops = False
    def run(self):
        while not self.stops: encoder(images)
worker = Worker(daemon=True)
worker.start()
""",
        first="import atexit, biossl; atexit.register(lambda: at_the_end())",
    )


def test_what_is_written_in_python_is_refused_after_the_end():
    ends(
        """
trainer = biossl.Trainer(recipe, images=images, set={"loss.kind": "slow"}, progress=False)
def at_the_end():
    for act in (trainer.step, lambda: biossl.describe(recipe, {"loss.kind": "slow"})):
        try:
            act()
        except RuntimeError as error:
            print(error)
""",
        2 * "[slow] the interpreter ends, and what is written in Python is gone; finish before that\n",
        first="import atexit; atexit.register(lambda: at_the_end())",  # it runs after biossl's own
    )
