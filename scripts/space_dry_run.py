"""Do what a Space does with this repository, on this machine: ``make space-dry-run``.

1. The packages of packages.txt are there (installed with apt-get where this runs as root).
2. A new virtual environment gets requirements.txt without constraints, and the SDK of the front matter.
3. ``python app.py`` runs as an ordinary user, from a source folder that cannot be written.
4. The page answers; the API ranks the library for an example clip, twice.
5. The program is stopped, ends by itself, and leaves none of its visitors' files.

Prints one JSON object with the seconds each step took. Ends with 0 when everything went well.
Needs some minutes and about 8 GB of disk, most of it PyTorch; all of it is deleted at the end unless
``--keep`` is given.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
USER = 65534
"""Number of a user who owns nothing ("nobody")."""
START_S, SUGGEST_S, END_S = 600, 900, 120

ASK = """
import json, sys, time
from gradio_client import Client, handle_file
client, seconds = Client(sys.argv[1], verbose=False, analytics_enabled=False), []
for _ in range(2):
    began = time.perf_counter()
    found = client.predict(clip=handle_file(sys.argv[2]), api_name="/suggest")
    seconds.append(round(time.perf_counter() - began, 1))
print(json.dumps({"seconds": seconds, "found": found}))
client.close()
"""


class Failed(Exception):
    """What a Space would have stumbled over, in one sentence."""


def main() -> int:
    parser = argparse.ArgumentParser(description="Do what a Space does, on this machine.")
    parser.add_argument("--python", default=sys.executable, help="interpreter for the new environment")
    parser.add_argument("--venv", type=Path, help="use this environment instead of a new one")
    parser.add_argument("--keep", action="store_true", help="keep the folder with everything in it")
    options = parser.parse_args()
    work = Path(tempfile.mkdtemp(prefix="mrcmv-space-"))
    work.chmod(0o755)
    told: dict[str, object] = {"user": "another" if os.geteuid() == 0 else "the same, as this is not root"}
    try:
        told["packages"] = system_packages()
        venv = options.venv or work / "venv"
        if options.venv is None:
            told["install_s"] = timed(lambda: install(options.python, venv))
        source = read_only_copy(work / "source")
        before = listing(source)
        told |= run(venv / "bin" / "python", source, work)
        if listing(source) != before:
            raise Failed("The program wrote into its own source folder.")
        told["passed"] = True
    except Failed as error:
        told |= {"passed": False, "why": str(error)}
    finally:
        if options.keep:
            say(f"Everything is kept in {work}")
        else:
            subprocess.run(["chmod", "-R", "u+w", str(work)], check=False)
            shutil.rmtree(work, ignore_errors=True)
    print(json.dumps(told, indent=2))
    return 0 if told["passed"] else 1


def say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def timed(work: object) -> float:
    began = time.perf_counter()
    work()  # type: ignore[operator]
    return round(time.perf_counter() - began, 1)


def system_packages() -> dict[str, str]:
    """Every line of packages.txt and what became of it."""
    names = [line.strip() for line in (ROOT / "packages.txt").read_text().splitlines()]
    names = [name for name in names if name and not name.startswith("#")]
    if not shutil.which("dpkg-query"):
        return dict.fromkeys(names, "not looked at: this system has no dpkg")
    found = {}
    for name in names:
        if installed(name):
            found[name] = "there"
        elif os.geteuid() == 0:
            subprocess.run(["apt-get", "install", "-y", "-qq", name], check=False, stdout=subprocess.DEVNULL)
            if not installed(name):
                raise Failed(f"apt-get cannot install {name}, which packages.txt names.")
            found[name] = "installed"
        else:
            found[name] = "missing, and only root can install it"
    return found


def installed(name: str) -> bool:
    asked = ["dpkg-query", "-W", "-f", "${Status}", name]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    return "install ok installed" in answer.stdout


def install(python: str, venv: Path) -> None:
    """A new environment, as a Space's image makes it: the SDK and requirements.txt, no constraints."""
    sdk = re.search(r"^sdk_version:\s*(\S+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    if sdk is None:
        raise Failed("The README's front matter names no sdk_version.")
    say("Setting up a new environment (some minutes) ...")
    made = subprocess.run([python, "-m", "venv", str(venv)], check=False)
    if made.returncode:
        raise Failed("A virtual environment cannot be made: install python3-venv.")
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    wanted = ["-r", str(ROOT / "requirements.txt"), f"gradio=={sdk[1]}"]
    done = subprocess.run([*pip, *wanted], check=False, env={**os.environ, "PIP_CONSTRAINT": ""})
    if done.returncode:
        raise Failed("requirements.txt cannot be installed together with the SDK of the front matter.")


def read_only_copy(target: Path) -> Path:
    """What git would push, without the right to write for anybody."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    for name in filter(None, names):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    subprocess.run(["chmod", "-R", "a=rX", str(target)], check=True)
    return target


def listing(folder: Path) -> list[str]:
    return sorted(str(path) for path in folder.rglob("*"))


def run(python: Path, source: Path, work: Path) -> dict[str, object]:
    """Start, ask, stop. Everything that may be written lies in folders of the ordinary user."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home, temporary = work / "home", work / "tmp"
    for folder in (home, temporary):
        folder.mkdir()
        if os.geteuid() == 0:
            os.chown(folder, USER, USER)
    variables = {
        "HOME": str(home), "TMPDIR": str(temporary), "SPACE_ID": "somebody/mrcmv-studio",
        "GRADIO_SERVER_PORT": str(port), "PATH": f"{python.parent}:/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
    }  # fmt: skip
    command = [str(python), "app.py"]
    if os.geteuid() == 0:
        command = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--clear-groups", *command]
    began = time.perf_counter()
    with (work / "log").open("wb") as log:
        app = subprocess.Popen(command, cwd=source, env=variables, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}/"
        page_s = wait_for(url, app, began)
        asked = subprocess.run(
            [str(python), "-c", ASK, url, str(source / "assets" / "examples" / "excited.mp4")],
            capture_output=True, text=True, timeout=SUGGEST_S, check=False,
            env=variables | {"HOME": str(work)},
        )  # fmt: skip
        if asked.returncode:
            raise Failed(f"The API gave no suggestion: {asked.stderr.strip().splitlines()[-1:]}")
        answer = json.loads(asked.stdout.splitlines()[-1])
        app.send_signal(signal.SIGTERM)
        code = app.wait(END_S)
    except Failed:
        say((work / "log").read_text(errors="replace")[-4000:])
        raise
    except subprocess.TimeoutExpired:
        say((work / "log").read_text(errors="replace")[-4000:])
        raise Failed("The program took too long.") from None
    finally:
        app.kill()
    left = list(temporary.glob("mrcmv-web-*"))
    if code != 0 or left:
        raise Failed(f"The program ended with {code} and left {len(left)} folders of its visitors.")
    first, second = answer["seconds"]
    return {
        "cold_start_s": page_s,
        "first_suggestion_s": first,
        "second_suggestion_s": second,
        "cold_start_to_first_suggestion_s": round(page_s + first, 1),
        "suggestions": [row["title"] for row in answer["found"]["suggestions"]],
        "exit_code": code,
    }


def wait_for(url: str, app: subprocess.Popen[bytes], began: float) -> float:
    """Seconds until the page answers."""
    while time.perf_counter() - began < START_S:
        if app.poll() is not None:
            raise Failed(f"The program ended with {app.returncode} before its page answered.")
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if b"MRCMV Studio" in answer.read():
                    return round(time.perf_counter() - began, 1)
        except OSError:
            time.sleep(0.2)
    raise Failed(f"The page did not answer within {START_S} s.")


if __name__ == "__main__":
    sys.exit(main())
