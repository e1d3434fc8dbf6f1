"""Print, as JSON, each project among some paths in which a model is granted; `entry.py` runs this like `draw.py`.

Arguments: the paths. What cannot be read is printed too: who tries it will say why.
"""

import json
import os
import sys

from modellint.check import open_project, targets
from modellint.compose.files import Unreadable
from modellint.compose.selection import Options
from modellint.smoke.asked import chosen_models, chosen_services


def granted(target: str) -> bool:
    """Whether there is something to smoke."""
    try:
        project, _, _ = open_project(target, Options(), os.environ)
    except Unreadable:
        return True
    return bool(chosen_models(project, chosen_services(project, ())))


print(json.dumps([target for target in targets(sys.argv[1:], []) if granted(target)]))
