"""The functions' sources as linters and editors read them."""

import importlib
import sys
import unittest
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "constructs" / "functions"


class Sources(unittest.TestCase):
    def test_import_what_there_is(self):
        sys.path.insert(0, str(FOLDER))
        self.addCleanup(sys.path.remove, str(FOLDER))
        sources = sorted(file.stem for file in FOLDER.glob("*.py"))
        self.assertIn("runtime", sources)
        for source in sources:
            with self.subTest(source):
                importlib.import_module(source)


if __name__ == "__main__":
    unittest.main()
