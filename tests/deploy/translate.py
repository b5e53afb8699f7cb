"""Reads a JSON list of templates' texts, and writes the list of what CloudFormation would be given for each.

A SAM template is translated as the service does it; a plain one is only read. Nothing is asked of AWS.
"""

import json
import os
import sys

os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")

from samtranslator.parser.parser import Parser
from samtranslator.translator.translator import Translator
from samtranslator.yaml_helper import yaml_parse

# What `sam package` would put in the place of a folder.
BUILT = "s3://artifacts/functions"


def translated(text):
    template = yaml_parse(text)
    if "Transform" not in template:
        return template
    template.get("Globals", {}).get("Function", {})["CodeUri"] = BUILT
    return Translator({}, Parser()).translate(template, {})


json.dump([translated(text) for text in json.load(sys.stdin)], sys.stdout)
