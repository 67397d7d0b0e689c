"""python -m biossl.export (--tensorboard DIR [--follow] | --onnx FILE) RUN

A format is a module beside this one with `export(run, target)`; --tensorboard also follows a run that trains.
"""

from __future__ import annotations

import argparse
import sys
from importlib import import_module


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="biossl export", description="Writes a run for other programs.")
    parser.add_argument("run", metavar="RUN", help="run directory")
    formats = parser.add_mutually_exclusive_group(required=True)
    formats.add_argument("--tensorboard", metavar="DIR", help="folder of TensorBoard; the run is a folder in it")
    formats.add_argument("--onnx", metavar="FILE", help="ONNX file to write the encoder to")
    parser.add_argument("--follow", action="store_true", help="go on until standard input ends; with --tensorboard")
    arguments = parser.parse_args(words)
    if arguments.follow and arguments.tensorboard is None:
        parser.error("--follow goes with --tensorboard")
    return arguments


def _tell(line: object) -> None:
    print(f"biossl: {' '.join(str(line).split())}", file=sys.stderr)


def main(words: list[str] | None = None) -> int:
    arguments = _arguments(words)
    name, extra = ("tensorboard", "report") if arguments.tensorboard is not None else ("onnx", "onnx")
    try:
        module = import_module(f".{name}", __package__)
    except ModuleNotFoundError as absent:
        _tell(f"this needs {absent.name}; in the source folder: pip install '.[{extra}]'")
        return 1
    try:
        if arguments.follow:
            module.follow(arguments.run, arguments.tensorboard)
        else:
            print(module.export(arguments.run, getattr(arguments, name)))
    except ValueError as fault:  # RunError, and the engine's BadInput
        _tell(fault)
        return 3
    except OSError as fault:
        _tell(f"{fault.filename or 'writing'}: {fault.strerror or fault}")
        return 1
    except RuntimeError as fault:
        _tell(fault)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    from .._engine import core

    core.speak_as_program()
    sys.exit(main())
