import gc
import pathlib
import resource
import threading
import time
import weakref

import numpy as np
import pytest

import biossl


def test_steps_equal_a_run(trained, small, images):
    trainer = biossl.Trainer(small, progress=False)
    assert (trainer.epochs, trainer.batches) == (2, 3)
    losses = list(trainer)
    assert len(losses) == 6 and trainer.finished
    epochs = np.array(losses).reshape(2, 3).mean(axis=1)
    np.testing.assert_allclose(epochs, trained.metrics["loss"], rtol=1e-12)
    for name, layer in trained.encoder.layers.items():
        np.testing.assert_array_equal(trainer.layers[name].weight, layer.weight)
    np.testing.assert_array_equal(trainer(images), trained.encoder(images))
    with pytest.raises(ValueError, match="epochs"):
        trainer.step()


def test_its_length_is_the_steps_of_the_whole_run(small):
    trainer = biossl.Trainer(small, progress=False)
    assert len(trainer) == 6 and repr(trainer) == "Trainer('recipe': 2 blocks, 0 of 2 epochs, 0 of 6 steps)"
    for _ in range(4):
        trainer.step()
    assert len(trainer) == 6 and repr(trainer) == "Trainer('recipe': 2 blocks, 1 of 2 epochs, 4 of 6 steps)"
    assert len(list(trainer)) == len(trainer) - 4


def test_its_encoder_is_a_copy(small, images):
    trainer = biossl.Trainer(small, progress=False)
    list(trainer)
    encoder, expected = trainer.encoder, trainer(images)
    np.testing.assert_array_equal(encoder(images), expected)
    assert encoder.epochs == 2 and encoder.path == ""
    assert repr(encoder) == "Encoder('recipe': 2 blocks, images of 16x16x3, 2 epochs)"
    trainer.layers["blocks.0"].weight = np.zeros_like(trainer.layers["blocks.0"].weight)
    np.testing.assert_array_equal(encoder(images), expected)


def test_it_tells_of_no_probe(small, capsys):
    biossl.Trainer(small, set={"train.precision": "auto", "probe.precision": "auto"})
    told = capsys.readouterr().out
    assert "precision:" in told and "probe" not in told


def test_an_unknown_layer_is_told_with_the_nearest(small):
    trainer = biossl.Trainer(small, progress=False)
    with pytest.raises(KeyError, match=r"there is no layer 'block\.1'; did you mean 'blocks\.1'"):
        trainer.layers["block.1"]
    assert repr(trainer.layers["blocks.1"]) == "Layer('blocks.1': weight (16, 8, 3, 3), feedback transpose)"


def test_going_on_from_a_checkpoint(small, tmp_path):
    whole = list(biossl.Trainer(small, progress=False))
    first = biossl.Trainer(small, progress=False)
    begun = [first.step() for _ in range(4)]
    first.save(tmp_path / "after4.safetensors")
    rest = biossl.Trainer(resume=tmp_path / "after4.safetensors", progress=False)
    assert rest.recipe == first.recipe
    assert (rest.epoch, rest.batch, rest.steps) == (1, 1, 4)
    np.testing.assert_array_equal(rest.next_views(), first.next_views())
    np.testing.assert_array_equal(begun + list(rest), whole)


def test_arrays_are_live_and_read_only(small):
    trainer = biossl.Trainer(small, progress=False)
    layer = trainer.layers["blocks.1"]
    weight, start = layer.weight, layer.weight.copy()
    assert weight.shape == (16, 8, 3, 3) and layer.bias.shape == (16,)
    trainer.step()
    assert not np.array_equal(weight, start)
    assert layer.steps == 1 and layer.update.any()
    with pytest.raises(ValueError, match="read-only"):
        weight[:] = 0
    np.testing.assert_array_equal(layer.feedback, layer.weight)
    assert layer.feedback_kind == "transpose" and layer.alignment == pytest.approx(1)
    with pytest.raises(ValueError, match="works its weights out by itself"):
        layer.feedback = weight


@pytest.mark.parametrize("name", ["weight", "feedback", "bias"])
def test_none_is_no_array(name, small):
    layer = biossl.Trainer(small, set={"rule.feedback": "fixed_random"}, progress=False).layers["blocks.1"]
    with pytest.raises(TypeError, match=rf"^blocks\.1\.{name}: an array is expected$"):
        setattr(layer, name, None)


def test_fixed_feedback_can_be_set(small):
    trainer = biossl.Trainer(small, set={"rule.feedback": "fixed_random"}, progress=False)
    layer = trainer.layers["blocks.1"]
    layer.feedback = layer.weight
    assert layer.alignment == pytest.approx(1)
    reference = biossl.Trainer(small, progress=False)
    for name in reference.layers:
        trainer.layers[name].feedback = reference.layers[name].weight
    trainer.step(), reference.step()
    np.testing.assert_array_equal(trainer.layers["blocks.0"].update, reference.layers["blocks.0"].update)


def test_updated_feedback_can_be_set_and_stays_where_weights_are_set(small):
    trainer = biossl.Trainer(small, set={"rule.feedback": "updated_random"}, progress=False)
    layer = trainer.layers["blocks.1"]
    layer.feedback = layer.weight
    assert layer.alignment == pytest.approx(1)
    trainer.step()
    assert layer.alignment == pytest.approx(1)
    feedback = layer.feedback.copy()
    layer.weight = np.zeros_like(layer.weight)
    np.testing.assert_allclose(layer.feedback, feedback, atol=1e-7)
    layer.writable_weight()[:] = 1
    layer.changed()
    np.testing.assert_allclose(layer.feedback, feedback, atol=1e-6)


def test_a_path_that_works_its_weights_out_takes_none(small):
    trainer = biossl.Trainer(small, set={"rule.feedback": "frsf"}, progress=False)
    layer = trainer.layers["blocks.1"]
    before = layer.feedback.copy()
    with pytest.raises(ValueError, match=r"\[blocks\.1\] the feedback path 'frsf' works its weights out by itself"):
        layer.feedback = -before
    np.testing.assert_array_equal(layer.feedback, before)


def test_writing_in_place(small, images):
    trainer = biossl.Trainer(small, progress=False)
    layer = trainer.layers["blocks.0"]
    layer.writable_weight()[:] = 0
    layer.changed()
    assert not trainer(images, block=0).any()


def test_watching(small):
    trainer = biossl.Trainer(small, set={"loss.kind": "nt_xent"}, progress=False)
    seen = {what: trainer.watch("blocks.1", what, every=2) for what in ("activity", "error_in", "error_out", "update")}
    for _ in range(5):
        trainer.step()
    assert {tuple(recording.steps) for recording in seen.values()} == {(0, 2, 4)}
    activity, error_in, error_out, update = (seen[what].arrays[-1] for what in seen)
    assert activity.shape == error_out.shape == (40, 8, 8, 8)
    assert error_in.shape == (40, 16, 8, 8) and update.shape == (16, 8, 3, 3)
    padded = np.pad(activity, ((0, 0), (0, 0), (1, 1), (1, 1)))
    by_hand = np.zeros_like(update)
    for row in range(3):
        for column in range(3):
            moved = padded[:, :, row : row + 8, column : column + 8]
            by_hand[:, :, row, column] = np.einsum("nohw,nihw->oi", error_in, moved)
    np.testing.assert_allclose(update, by_hand, rtol=1e-3, atol=1e-4 * abs(by_hand).max())
    seen["update"].stop()
    trainer.step()
    assert len(seen["update"]) == 3


def test_what_cannot_be_watched(small):
    trainer = biossl.Trainer(small, progress=False)
    with pytest.raises(ValueError, match=r"blocks\.1"):
        trainer.watch("block.1", "update")
    with pytest.raises(ValueError, match="error_in"):
        trainer.watch("blocks.1", "errors")
    with pytest.raises(ValueError, match="every"):
        trainer.watch("blocks.1", "update", every=0)


def test_an_error_in_a_callback_comes_through(small):
    trainer = biossl.Trainer(small, progress=False)

    def broken(step, array):
        raise LookupError("mine")

    trainer.watch("blocks.0", "update", callback=broken)
    with pytest.raises(LookupError, match="mine"):
        trainer.step()


def test_a_watch_that_ends_itself_leaves_the_others(small):
    trainer = biossl.Trainer(small, progress=False)
    seen = {name: [] for name in ("once", "always")}

    class Once(biossl.Observer):
        def update_computed(self, layer, activity, error_in, update):
            seen["once"].append(layer)
            self.stop()

    class Always(biossl.Observer):
        def update_computed(self, layer, activity, error_in, update):
            seen["always"].append(layer)

    once = Once()
    once.stop = trainer.observe(once)
    trainer.observe(Always())
    watches = [trainer.watch("blocks.0", "update", callback=lambda step, array: watches[0].stop())]
    rest = trainer.watch("blocks.0", "update")
    trainer.step(), trainer.step()
    assert rest.steps == [0, 1]
    assert len(seen["once"]) == 1 and len(seen["always"]) == 2 * len(trainer.layers)


def test_what_watches_a_step_takes_no_other(small):
    trainer = biossl.Trainer(small, progress=False)
    told = []

    def step(number, array):
        with pytest.raises(ValueError, match="a step is under way") as refused:
            trainer.step()
        told.append(refused)

    watch = trainer.watch("blocks.0", "update", callback=step)
    trainer.step()
    watch.stop()
    trainer.step()
    assert len(told) == 1 and trainer.steps == 2


#: What another thread may do with a trainer at any time, which waits for the end of the step.
BETWEEN_STEPS = {
    "save": lambda trainer, watch, file: trainer.save(file),
    "watch": lambda trainer, watch, file: trainer.watch("blocks.0", "update"),
    "stop": lambda trainer, watch, file: watch.stop(),
    "observe": lambda trainer, watch, file: trainer.observe(biossl.Observer()),
}


@pytest.mark.parametrize("act", BETWEEN_STEPS)
def test_another_thread_waits_for_the_end_of_a_step(act, small, tmp_path):
    trainer = biossl.Trainer(small, progress=False)
    order, is_inside = [], threading.Event()

    def look(step, array):
        is_inside.set()
        time.sleep(0.5)
        order.append("seen")

    watch = trainer.watch("blocks.0", "update", callback=look)
    thread = threading.Thread(target=trainer.step)
    thread.start()
    is_inside.wait()
    BETWEEN_STEPS[act](trainer, watch, tmp_path / "between.safetensors")
    order.append("done")
    thread.join()
    assert order == ["seen", "done"]


@pytest.mark.parametrize("error", [LookupError, KeyboardInterrupt])
@pytest.mark.parametrize("layer", ["heads.1", "blocks.0"])
def test_a_step_that_fails_adds_nothing_to_later_losses(error, layer, small):
    whole, stopped = (biossl.Trainer(small, progress=False) for _ in range(2))
    losses = [whole.step() for _ in range(4)]

    def broken(step, array):
        raise error

    taken = []
    for _ in losses:
        watch = stopped.watch(layer, "error_in", callback=broken)
        with pytest.raises(error):
            stopped.step()
        watch.stop()
        taken.append(stopped.step())
    np.testing.assert_allclose(taken, losses, rtol=1e-5)


def test_a_circle_through_an_observer_is_collected(small):
    class Knows(biossl.Observer):
        def update_computed(self, layer, activity, error_in, update):
            pass

    trainer, observer = biossl.Trainer(small, progress=False), Knows()
    observer.trainer = trainer
    trainer.observe(observer)
    trainer.step()
    gone = weakref.ref(observer)
    del trainer, observer
    gc.collect()
    assert gone() is None


def test_a_circle_through_a_callback_is_collected(small):
    trainer = biossl.Trainer(small, progress=False)
    trainer.watch("blocks.0", "update", callback=lambda step, array: trainer.epoch)  # noqa: F821
    trainer.watch("blocks.0", "activity")
    gone = weakref.ref(trainer)
    del trainer
    gc.collect()
    assert gone() is None


def test_circles_through_what_a_trainer_hands_out_are_collected(small):
    class Knows(biossl.Observer):
        pass

    trainer, observer = biossl.Trainer(small, progress=False), Knows()
    observer.layer, observer.recipe = trainer.layers["blocks.0"], trainer.recipe
    trainer.observe(observer)
    gone = weakref.ref(observer)
    del trainer, observer
    gc.collect()
    assert gone() is None


def test_memory_stays_flat():
    tiny = {
        "data": {"pretrain": "world", "images": 20, "image_size": 8},
        "views": {"kind": "identity"},
        "network": {"blocks": [{"channels": 4, "pool": 2}, {"channels": 4}]},
        "train": {"epochs": 1000, "batch": 10, "precision": "float32"},
    }
    trainer = biossl.Trainer(tiny, progress=False)
    total = [0.0]

    def look(step, array):
        total[0] += float(array[0, 0, 0, 0])

    for what in ("activity", "error_in", "error_out", "update"):
        trainer.watch("blocks.1", what, callback=look)

    def used(steps):
        for _ in range(steps):
            trainer.step()
        gc.collect()
        pages = int(pathlib.Path("/proc/self/statm").read_text().split()[1])
        return len(gc.get_objects()), pages * resource.getpagesize()

    # What is kept of every step grows in every span. The memory of a whole process also grows now and then by itself.
    objects, before = used(300)
    growth = []
    for _ in range(3):
        objects_later, after = used(500)
        growth.append(after - before)
        before = after
    assert objects_later - objects < 50
    assert min(growth) < 250_000  # bytes; of 500 steps, the smallest array that is watched takes 288,000


def test_own_images_and_views(images, small):
    recipe = {key: value for key, value in small.items() if key in ("network", "train")}
    trainer = biossl.Trainer(recipe, images=images, progress=False)
    views = trainer.next_views()
    assert views.shape == (40, 3, 16, 16) and 0 <= views.min() and views.max() <= 1
    np.testing.assert_array_equal(views, trainer.next_views())
    assert np.isfinite(list(trainer)).all()


def test_steps_in_another_thread_are_refused(small):
    trainer = biossl.Trainer(small, progress=False)
    trainer.step()
    told = []

    def step():
        try:
            trainer.step()
        except ValueError as error:
            told.append(str(error))

    thread = threading.Thread(target=step)
    thread.start()
    thread.join()
    assert len(told) == 1 and "one thread" in told[0]
    trainer.step()


def test_a_trainer_goes_on_with_the_same_recipe_only(small, tmp_path):
    trainer = biossl.Trainer(small, progress=False)
    trainer.step()
    trainer.save(tmp_path / "one.safetensors")
    with pytest.raises(ValueError, match=r"was started with train\.learning_rate = .*, not with"):
        biossl.Trainer(small, set={"train.learning_rate": 0.5}, resume=tmp_path / "one.safetensors", progress=False)
    later = biossl.Trainer(small, set={"probe.epochs": 9}, resume=tmp_path / "one.safetensors", progress=False)
    assert later.steps == 1


def test_what_would_have_no_effect_is_refused(small):
    trainer = biossl.Trainer(small, progress=False)
    for name in ("learning_rate", "nonsense", "epochs"):
        with pytest.raises(AttributeError, match=rf"^the {name} of a Trainer cannot be set; [^\n]*set="):
            setattr(trainer, name, 1e-5)
    for layers in (trainer.layers, trainer.encoder.layers):
        with pytest.raises(TypeError, match=r"^a layer is not replaced; .* layers\['blocks\.0'\]\.weight = array$"):
            layers["blocks.0"] = 1

    class Mine(biossl.Trainer):
        pass

    mine = Mine(small, progress=False)
    mine.history = [mine.step()]
    assert len(mine.history) == mine.steps == 1
