"""Write the floors table and the module map of the README from the code: ``python scripts/make_map.py``.

The order is the one that import-linter checks (``pyproject.toml``), finer than the floors of the architecture; the
words are the first line of each docstring.
"""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "ctgeval"
README = ROOT / "README.md"
FLOORS = (
    ("errors", "periods", "prose", "readability", "toponyms", "french", "intervals", "confinement"),
    ("measures", "observations", "territory"),
    ("sources",),
    ("config",),
    ("indicators", "programme", "surveys"),
    ("impact",),
    ("confidentiality",),
    ("render",),
    ("dossier", "diffusion", "designs", "checks", "followup", "lookup"),
    ("report",),
    ("cli", "__main__"),
)


def summary(path: Path) -> str:
    """First line of the docstring of a module, or of a package's ``__init__.py``."""
    source = path / "__init__.py" if path.is_dir() else path
    text = ast.get_docstring(ast.parse(source.read_text(encoding="utf-8"))) or ""
    return text.partition("\n")[0].replace("|", "\\|")


def home(module: str) -> Path | None:
    """Where a module of the first level is: a folder or a file; None when it isn't there yet."""
    folder, file = PACKAGE / module, PACKAGE / f"{module}.py"
    return folder if folder.is_dir() else file if file.is_file() else None


def layers() -> list[list[str]]:
    """Modules of each line of the import contract, the lowest first, without those that aren't there yet."""
    configuration = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contract = next(item for item in configuration["tool"]["importlinter"]["contracts"] if item["id"] == "floors")
    lines = [[name.strip("() ") for name in re.split(r"[|:]", line)] for line in reversed(contract["layers"])]
    return [present for line in lines if (present := [name for name in line if home(name)])]


def floor(module: str) -> int:
    """Floor of the architecture on which a module stands."""
    return next(rank for rank, names in enumerate(FLOORS) if module in names)


def floors_table() -> str:
    """One row per module of the first level, the highest floor first."""
    rows = [
        f"| {floor(name)} | `{name}{'/' if place.is_dir() else ''}` | {summary(place)} |"
        for line in reversed(layers())
        for name in line
        if (place := home(name))
    ]
    return "\n".join(["| floor | module | what it is |", "|---:|---|---|", *rows])


def module_map() -> str:
    """One row per file of each package, in the order of the floors."""
    rows = [
        f"| `{path.relative_to(PACKAGE).as_posix()}` | {summary(path)} |"
        for line in layers()
        for name in line
        for path in sorted((PACKAGE / name).rglob("*.py"))
        if path.name != "__init__.py"
    ]
    return "\n".join(["| file | what it is |", "|---|---|", *rows])


def written(readme: str) -> str:
    """Return the text of the README with both tables as the code has them."""
    for name, table in (("floors", floors_table()), ("map", module_map())):
        pattern = re.compile(rf"(<!-- {name} -->\n).*?(<!-- /{name} -->)", re.DOTALL)
        readme = pattern.sub(lambda found, table=table: f"{found[1]}\n{table}\n\n{found[2]}", readme)  # type: ignore[misc]
    return readme


if __name__ == "__main__":
    README.write_text(written(README.read_text(encoding="utf-8")), encoding="utf-8")
