"""Ends with an error when a file is no bill of materials by CycloneDX's own schema, whose copy the library brings along."""

import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(pathlib.Path(sys.argv[1]).read_text())
if problem is not None:
    sys.exit(str(problem))
