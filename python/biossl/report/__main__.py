"""python -m biossl.report RUN… [--out FILE]"""

from __future__ import annotations

import argparse
import errno
import os
import sys
from pathlib import Path

from .._files import write_whole


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="biossl report", description="Writes one HTML page about runs.")
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="run directory; runs that differ in the seed are one group"
    )
    parser.add_argument(
        "-o", "--out", metavar="FILE", help="HTML file to write [RUN/report.html; of several: report.html]"
    )
    parser.add_argument(
        "--data", metavar="DIR", default=os.environ.get("BIOSSL_DATA"), help="directory of the data sets"
    )
    parser.add_argument("--threads", type=int, metavar="N", help="threads to compute with")
    parser.add_argument("--files-only", action="store_true", help="compute nothing: show what the run directories hold")
    return parser.parse_args(words)


def _require_writable(path: Path) -> None:
    """The place of a page is looked at before the work."""
    folder = path if path.exists() and not path.is_file() else path.parent
    if path.is_dir() or not folder.exists() or not os.access(folder, os.W_OK):
        what = errno.EISDIR if path.is_dir() else errno.EACCES if folder.exists() else errno.ENOENT
        raise OSError(what, f"{os.strerror(what)}; name another file with --out", str(path))


def _tell(line: object) -> None:
    print(f"biossl: {' '.join(str(line).split())}", file=sys.stderr)


def main(words: list[str] | None = None) -> int:
    arguments = _arguments(words)
    try:
        from .engine import Engine, find_program
        from .page import build_page
        from .run_files import RunError, read_run
        from .tensors import leave_out_damaged
    except ModuleNotFoundError as absent:
        _tell(f"reports need {absent.name}; in the source folder: pip install '.[report]'")
        return 1
    try:
        runs = [read_run(path) for path in dict.fromkeys(arguments.runs)]
        for run in runs:
            leave_out_damaged(run)
        out = Path(arguments.out) if arguments.out else (runs[0].path if len(runs) == 1 else Path()) / "report.html"
        _require_writable(out)
        engine = Engine("" if arguments.files_only else find_program(), arguments.data, arguments.threads)
        page = build_page(runs, engine)
        for fault in (fault for run in runs for fault in run.faults):
            _tell(fault)
        write_whole(out, page.encode())
    except RunError as fault:
        _tell(fault)
        return 3
    except OSError as fault:
        _tell(f"{fault.filename or 'writing'}: {fault.strerror or fault}")
        return 1
    except KeyboardInterrupt:
        return 130
    print(f"{out}: {len(runs)} {'run' if len(runs) == 1 else 'runs'}, {len(page.encode()) / 1e6:.1f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
