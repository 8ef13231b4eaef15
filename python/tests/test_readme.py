"""The README's Python runs as it stands there, for fewer steps."""

import re
from pathlib import Path

README = Path(__file__).parents[2] / "README.md"


def test_the_python_of_the_readme_runs():
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert any("100_000" in block for block in blocks)
    for block in blocks:
        exec(compile(block.replace("100_000", "512"), str(README), "exec"), {})
