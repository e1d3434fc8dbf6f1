"""Print, as JSON, each project among some paths in which a model is granted; `entry.py` runs this like `draw.py`.

Arguments: options that say which project it is, `--`, and the paths. What cannot be read is printed too: who tries it
will say why.
"""

import json
import os
import sys

from modellint.check import open_project, targets
from modellint.commands.arguments import project_options, read
from modellint.files.disk import Unreadable
from modellint.smoke.options import chosen_models, chosen_services

said = read(["check", *sys.argv[1:]])
options = project_options(said)


def granted(target: str) -> bool:
    """Whether there is something to smoke."""
    try:
        project, _, _ = open_project(target, options, os.environ)
    except Unreadable:
        return True
    return bool(chosen_models(project, chosen_services(project, ())))


print(json.dumps([target for target in targets(said.rest, []) if granted(target)]))
