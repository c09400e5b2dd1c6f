"""The house rules, as tests: what a reader may rely on in every file."""

import ast
import importlib
import pkgutil
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = ("api", "citizencard", "hardware", "ledger")
MAX_MODULE_LINES = 400
MAX_FUNCTION_LINES = 50
MAX_README_LINES = 200
TOP_LEVEL = {
    ".ci", ".dockerignore", ".gitignore", "ARCHITECTURE.md", "CHANGELOG.md", "LICENSE", "README.md", "api", "bench", "bin",
    "citizencard", "demo",
    "docker-compose.yml", "hardware", "ledger", "pyproject.toml", "requirements-demo.lock", "requirements-dev.lock",
    "requirements.lock", "tests",
}  # fmt: skip
FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "service", "services"}
MAY_PRINT = ("citizencard/cli", "hardware/cli", "demo", "bench", "tests", "bin")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],  # noqa: S607 # git is on the path
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return [ROOT / line for line in sorted(set(listed.stdout.splitlines())) if (ROOT / line).exists()]


def modules() -> list[Path]:
    return [path for path in tracked("*.py") if "versions" not in path.parts]


def product_modules() -> list[Path]:
    return [path for path in modules() if path.relative_to(ROOT).parts[0] in PACKAGES]


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def shape_faults(path: Path) -> Iterator[str]:
    """What makes a module hard to read."""
    text = path.read_text()
    tree = ast.parse(text)
    if not ast.get_docstring(tree):
        yield f"{name_of(path)} has no docstring"
    if len(text.splitlines()) > MAX_MODULE_LINES:
        yield f"{name_of(path)} is too long"
    if path.stem in FORBIDDEN_NAMES:
        yield f"{name_of(path)}: {path.stem} says nothing about what is done there"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > MAX_FUNCTION_LINES:
                yield f"{name_of(path)}: {node.name} has {lines} lines"
        if isinstance(node, ast.ExceptHandler):
            broad = node.type is None or (
                isinstance(node.type, ast.Name) and node.type.id in ("Exception", "BaseException")
            )
            if broad and "noqa: BLE001" not in text.splitlines()[node.lineno - 1]:
                yield f"{name_of(path)}:{node.lineno}: broad except"


def money_faults(path: Path) -> Iterator[str]:
    """What breaks a rule of money, prints, or leaves something for later."""
    text = path.read_text()
    if re.search(r"\b(TO[D]O|FIX[M]E|X[X]X)\b", text):
        yield f"{name_of(path)} leaves something for later"
    for node in ast.walk(ast.parse(text)):
        place = f"{name_of(path)}:{getattr(node, 'lineno', 0)}"
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id.endswith("_fen")
            and "float" in ast.unparse(node.annotation)
        ):
            yield f"{place}: money as float"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id == "print" and not name_of(path).startswith(MAY_PRINT):
                yield f"{place}: print"
            if node.func.id == "float":
                yield f"{place}: float"


def has_a_test_file(path: Path) -> bool:
    relative = path.relative_to(ROOT)
    # Errors are walked as a tree below, and again where each gets its HTTP status.
    if path.name in ("__init__.py", "models.py", "env.py", "__main__.py", "errors.py"):
        return True
    folder = ROOT / "tests" / relative.parent
    mirrored = folder / f"test_{path.stem}.py"
    gathered = folder.parent / f"test_{relative.parent.name}.py"
    return mirrored.exists() or gathered.exists()


def test_modules_are_small_and_say_what_they_are() -> None:
    """An engineer who opens any file knows where he is, and reads it in one sitting."""
    assert [fault for path in modules() for fault in shape_faults(path)] == []


def test_product_code_keeps_the_rules_of_money() -> None:
    """Money is counted in whole fen, printed only by commands, and nothing is left for later."""
    assert [fault for path in product_modules() for fault in money_faults(path)] == []


def test_modules_have_a_test_file() -> None:
    """Each module is tried by a test file that is found beside it in the mirror tree."""
    assert [name_of(path) for path in product_modules() if not has_a_test_file(path)] == []


def test_top_level_holds_only_what_a_newcomer_expects() -> None:
    """The first look at the tree is the map of it."""
    found = {path.relative_to(ROOT).parts[0] for path in tracked()}
    assert found <= TOP_LEVEL, found - TOP_LEVEL
    assert len((ROOT / "README.md").read_text().splitlines()) <= MAX_README_LINES


def test_errors_have_titles_codes_and_fields() -> None:
    """Whatever is refused says so in words for people and in a stable word for machines."""
    codes: dict[str, str] = {}
    for root_module, root_name in (
        ("citizencard.errors", "CitizencardError"),
        ("ledger.errors", "LedgerError"),
        ("hardware.errors", "HardwareError"),
    ):
        package = importlib.import_module(root_module.partition(".")[0])
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name:
                importlib.import_module(module.name)
        root = getattr(importlib.import_module(root_module), root_name)
        pending = [root]
        while pending:
            error = pending.pop()
            pending += error.__subclasses__()
            assert error.__doc__, f"{error.__qualname__} has no title"
            assert re.fullmatch(r"[a-z][a-z0-9_]*", error.code), f"{error.__qualname__}: {error.code}"
            assert isinstance(error.public, tuple)
            known = codes.setdefault(f"{root_name}:{error.code}", error.__qualname__)
            assert known == error.__qualname__, f"{error.code} names both {known} and {error.__qualname__}"


def test_no_file_names_an_index_or_a_machine() -> None:
    """The libraries are named and hashed; where they come from is the installer's affair."""
    suspicious = re.compile(r"--(extra-)?index-url|--find-links|files\.pythonhosted|pypi\.org|/simple/|/root/|/work/")
    for path in tracked():
        if path.suffix in (".png", ".mo") or path == Path(__file__):
            continue
        found = suspicious.search(path.read_text(errors="replace"))
        assert found is None, f"{name_of(path)}: {found.group() if found else ''}"


def test_every_lock_line_is_pinned_with_hashes() -> None:
    """What was tested is what is installed, byte for byte."""
    for name in ("requirements.lock", "requirements-demo.lock", "requirements-dev.lock"):
        text = (ROOT / name).read_text()
        for block in re.split(r"\n(?=[a-z])", text):
            assert re.match(r"[a-z0-9._-]+==\S+", block), block.splitlines()[0]
            assert "--hash=sha256:" in block, block.splitlines()[0]
