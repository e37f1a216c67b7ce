"""`python -m tools.wire`: write both sides of the wire and their reference; `--check` only says what is out of date."""

import argparse
import subprocess
import sys
from pathlib import Path

from tools.wire.c_side import catalogue_source, header_source, packing_source
from tools.wire.doc_side import markdown_source
from tools.wire.layout import Layout, load_layout
from tools.wire.python_side import python_source

ROOT = Path(__file__).parents[2]
BRIDGE = ROOT / "firmware_bridge"


def made(layout: Layout) -> dict[Path, str]:
    """Every made file and its text."""
    core = BRIDGE / "firmware" / "core"
    return {
        BRIDGE / "line" / "messages.py": formatted(python_source(layout)),
        core / "messages.h": header_source(layout),
        core / "messages.c": packing_source(layout),
        core / "catalogue.c": catalogue_source(layout),
        ROOT / "docs" / "messages.md": markdown_source(layout),
    }


def formatted(source: str) -> str:
    """`source` as the project's formatter writes it."""
    command = [sys.executable, "-m", "ruff", "--config", str(ROOT / "tools" / "ruff.toml")]
    command = [*command[:3], "format", *command[3:], "-"]
    return subprocess.run(command, input=source, capture_output=True, text=True, check=True).stdout


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tools.wire", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a made file is old")
    arguments = parser.parse_args()
    old = {path: text for path, text in made(load_layout()).items() if not path.is_file() or path.read_text() != text}
    for path, text in old.items():
        print(f"{'old' if arguments.check else 'wrote'}: {path.relative_to(ROOT)}")
        if not arguments.check:
            path.write_text(text)
    sys.exit(1 if arguments.check and old else 0)


if __name__ == "__main__":
    main()
