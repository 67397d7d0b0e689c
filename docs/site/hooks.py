"""What the site needs beside the pages of docs/: the README as its first page, and the files of the source that pages
link to."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from mkdocs.structure.files import File

ROOT = Path(__file__).resolve().parents[2]
LINK = re.compile(r'(\]\(|src="|href=")(?!https?:|#|mailto:)([^)\s"#]+)(#[^)\s"]*)?')
#: Before a path of the source, until the page is HTML: what has a scheme mkdocs takes for a link to elsewhere.
SCHEME = "source:"
linked: set[Path] = set()


def on_files(files, config):
    """The README is the first page. Its links start in the folder above docs/."""
    text = (ROOT / "README.md").read_text()
    files.append(File.generated(config, "index.md", content=_from_docs(text, ROOT)))
    return files


def on_page_markdown(markdown, page, config, files):
    """Links out of docs/ lead to a copy of the file, or to the page of the README."""
    return markdown if page.file.src_uri == "index.md" else _from_docs(markdown, Path(config.docs_dir))


def on_page_content(html, page, config, files):
    """Such links lead to the copies. All pages lie in the site's own folder."""
    return html.replace(f'href="{SCHEME}', 'href="source/').replace(f'src="{SCHEME}', 'src="source/')


def on_post_build(config):
    """Copies the files that pages link to."""
    for path in linked:
        target = Path(config.site_dir) / "source" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copy(path, target)
            continue
        names = sorted(inner.name for inner in path.iterdir() if inner.is_file() and not inner.name.startswith("."))
        rows = "".join(f'<li><a href="{name}">{name}</a></li>' for name in names)
        target.mkdir(exist_ok=True)
        for name in names:
            shutil.copy(path / name, target / name)
        target.joinpath("index.html").write_text(f"<!doctype html><title>{path.name}</title><ul>{rows}</ul>")


def _from_docs(text: str, folder: Path) -> str:
    """The text with its links, which start in `folder`, as a page in docs/ has them."""
    docs = ROOT / "docs"

    def replace(match: re.Match) -> str:
        path = (folder / match[2]).resolve()
        if not path.exists() or ROOT not in path.parents:
            return match[0]
        anchor = match[3] or ""
        if path == ROOT / "README.md":
            return f"{match[1]}index.md{anchor}"
        if docs in path.parents:
            return f"{match[1]}{path.relative_to(docs)}{anchor}"
        linked.add(path)
        inner = "/index.html" if path.is_dir() else ""
        return f"{match[1]}{SCHEME}{path.relative_to(ROOT)}{inner}{anchor}"

    return LINK.sub(replace, text)
