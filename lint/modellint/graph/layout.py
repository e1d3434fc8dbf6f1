"""Where everything stands: published ports, services and models in columns, and under them what is tied to neither.

The variables that a grant injects stand in a row of the service's box, and the line begins at that row: a text beside
a line would lie on other lines as soon as there are many.
"""

from __future__ import annotations

from modellint.graph.order import order, settle
from modellint.graph.picture import tally
from modellint.graph.text import width

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from modellint.graph.picture import Edge, Mark, Node, Picture

NAME, SMALL = 13.0, 11.0  # font sizes
MARGIN = 24.0
TOP = 92.0  # below the title and the headings of the columns
PAD = 10.0  # inside a box
ROW = 19.0  # of a grant in a service's box
CHIP = 22.0  # the height of a port
BADGE_GAP = 4.0
_HEAD = 42.0  # name and first detail
_GAP = 14.0
_CHIP_GAP = 5.0
_PORTS = (76.0, 230.0)  # least and most width of the columns
_SERVICES = (190.0, 380.0)
_MODELS = (200.0, 380.0)
_LANE = 52.0  # between ports and services
_BETWEEN = (130.0, 330.0)  # between services and models, by how many lines there are
_TILE = 210.0  # least width of what stands under the columns
_FEW = 4  # services without lines, up to which they stay in their column


class GrantRow:
    """A grant in the box of its service; `y` is where the line begins."""

    __slots__ = ("edge", "y")

    def __init__(self, edge: Edge, y: float) -> None:
        self.edge = edge
        self.y = y


class Box:
    """A node in its place."""

    __slots__ = ("height", "node", "rows", "width", "x", "y")

    def __init__(self, node: Node, width: float, height: float) -> None:
        self.node = node
        self.width = width
        self.height = height
        self.x = self.y = 0.0
        self.rows: list[GrantRow] = []

    @property
    def middle(self) -> float:
        """Half way down."""
        return self.y + self.height / 2


class Line:
    """An edge in its place, from `start` to `end`; `tint` numbers the model that it leads to."""

    __slots__ = ("edge", "end", "start", "tint")

    def __init__(self, edge: Edge, start: tuple[float, float], end: tuple[float, float], tint: int = 0) -> None:
        self.edge = edge
        self.start = start
        self.end = end
        self.tint = tint


class PicturePage:
    """All of it. `headings` are texts with their places."""

    __slots__ = ("boxes", "headings", "height", "lines", "width")

    def __init__(self) -> None:
        self.boxes: list[Box] = []
        self.lines: list[Line] = []
        self.headings: list[tuple[float, float, str]] = []
        self.width = 0.0
        self.height = 0.0


def badge_width(text: str) -> float:
    """The width of a badge."""
    return width(text, SMALL, bold=True) + 10


def badges(marks: Sequence[Mark]) -> list[tuple[str, str]]:
    """Severity and text of each badge of a part."""
    return [(severity, f"{severity[0].upper()} {count}") for severity, count in tally(marks)]


def badges_width(marks: Sequence[Mark]) -> float:
    """The room that the badges of a part take, with the gap before each."""
    return sum([badge_width(text) + BADGE_GAP for _, text in badges(marks)])


def arrange(picture: Picture) -> PicturePage:
    """Put everything in its place."""
    return _Arrangement(picture).page


class _Arrangement:
    def __init__(self, picture: Picture) -> None:
        self.page = PicturePage()
        self._picture = picture
        self._edges = picture.drawn()
        self._grants = [edge for edge in self._edges if edge.kind in ("grant", "legacy")]
        self._ports: dict[str, list[Edge]] = {}
        for edge in self._edges:
            if edge.kind == "port":
                self._ports.setdefault(edge.target.id, []).append(edge)
        services, models = picture.of("service"), picture.of("model")
        services, idle = self._split(services)
        ordered, models = self._ordered(services, models)
        port_width = _clamped([_chip_width(edge) for edges in self._ports.values() for edge in edges], _PORTS)
        self._x = MARGIN + (port_width + _LANE if self._ports else 0)
        if any(edge.kind == "depends" for edge in self._edges):
            self._x += 0 if self._ports else _LANE
        self._place(ordered, models, port_width)
        self._add_lines(models)
        self._add_tiles(idle)
        self.page.height += MARGIN

    def _split(self, services: list[Node]) -> tuple[list[Node], list[Node]]:
        """The services for the column, and those for the tiles under it: without a line, and too many for it."""
        tied = {edge.source.id for edge in self._edges} | {edge.target.id for edge in self._edges}
        alone = [node for node in services if node.id not in tied]
        if len(alone) <= _FEW and len(alone) < len(services):
            return services, []
        return [node for node in services if node.id in tied], alone

    def _ordered(self, services: list[Node], models: list[Node]) -> tuple[list[Node], list[Node]]:
        on_left = {node.id: at for at, node in enumerate(services)}
        on_right = {node.id: at for at, node in enumerate(models)}
        pairs = [(on_left[edge.source.id], on_right[edge.target.id]) for edge in self._grants]
        lefts, rights = order(len(services), len(models), pairs)
        return [services[at] for at in lefts], [models[at] for at in rights]

    def _place(self, services: list[Node], models: list[Node], port_width: float) -> None:
        page = self.page
        below = {node.id: at for at, node in enumerate(models)}
        grants: dict[str, list[Edge]] = {}
        for edge in sorted(self._grants, key=lambda edge: below[edge.target.id]):
            grants.setdefault(edge.source.id, []).append(edge)
        wide = _clamped([_service_width(node, grants.get(node.id, [])) for node in services], _SERVICES)
        lefts = [Box(node, wide, self._height(node, grants.get(node.id, []))) for node in services]
        wide_models = _clamped([_head_width(node) for node in models], _MODELS)
        into = {node.id: sum(edge.target is node for edge in self._grants) for node in models}
        rights = [Box(node, wide_models, max(_HEAD + 18, 6.0 * into[node.id] + 12)) for node in models]
        between = min(_BETWEEN[1], _BETWEEN[0] + 2.5 * len(self._grants)) if lefts and rights else 0
        right = self._x + (wide + between if lefts else 0)
        self._stack(lefts, rights, grants)
        for box in lefts:
            box.x = self._x
            self._add_chips(box, port_width)
        for box in rights:
            box.x = right
        page.boxes += lefts + rights
        page.width = max([right + wide_models if rights else self._x + wide, 560.0]) + MARGIN
        columns = ((MARGIN, "Published", self._ports), (self._x, "Services", lefts), (right, "Models", rights))
        page.headings += [(x, TOP - 14, heading) for x, heading, there in columns if there]
        page.height = max([box.y + box.height for box in page.boxes], default=TOP)

    def _height(self, node: Node, grants: list[Edge]) -> float:
        chips = len(self._ports.get(node.id, []))
        return max(_HEAD + ROW * len(grants) + (6 if grants else 0), chips * (CHIP + _CHIP_GAP) - _CHIP_GAP)

    def _stack(self, lefts: list[Box], rights: list[Box], grants: dict[str, list[Edge]]) -> None:
        """Pack the higher column, and put what the other one holds as near as can be to what it is tied to."""
        by_id = {box.node.id: box for box in (*lefts, *rights)}
        tall = sum(box.height + _GAP for box in lefts) >= sum(box.height + _GAP for box in rights)
        packed, free = (lefts, rights) if tall else (rights, lefts)
        _pack(packed, TOP)
        _add_rows(packed, grants)
        ends: dict[str, list[float]] = {}  # of the lines to each free box, in the packed column
        for edge in self._grants:
            own, other = (edge.target, edge.source) if tall else (edge.source, edge.target)
            rows = [row.y for row in by_id[other.id].rows if row.edge is edge]
            ends.setdefault(own.id, []).append(rows[0] if rows else by_id[other.id].middle)
        tied = [box for box in free if box.node.id in ends]
        wanted = [_median(ends[box.node.id]) for box in tied]
        for box, y in zip(tied, settle(wanted, [box.height for box in tied], _GAP, TOP), strict=True):
            box.y = y
        _pack([box for box in free if box.node.id not in ends], max([_below(box) for box in tied], default=TOP))
        _add_rows(free, grants)

    def _add_chips(self, service: Box, wide: float) -> None:
        for at, edge in enumerate(self._ports.get(service.node.id, [])):
            chip = Box(edge.source, min(wide, _chip_width(edge)), CHIP)
            chip.x, chip.y = MARGIN + wide - chip.width, service.y + at * (CHIP + _CHIP_GAP)
            self.page.boxes.append(chip)
            self.page.lines.append(Line(edge, (MARGIN + wide, chip.middle), (service.x, chip.middle)))

    def _add_lines(self, models: list[Node]) -> None:
        by_id = {box.node.id: box for box in self.page.boxes}
        rows = [(box, row) for box in self.page.boxes for row in box.rows]
        for tint, node in enumerate(models):
            target = by_id[node.id]
            own = sorted([(row.y, box.x + box.width, row.edge) for box, row in rows if row.edge.target is node],
                         key=lambda each: each[0])  # fmt: skip
            step = (target.height - 16) / (len(own) + 1)
            for at, (y, x, edge) in enumerate(own):
                end = target.x, target.y + 8 + step * (at + 1)
                self.page.lines.append(Line(edge, (x, y), end, tint))
        for edge in self._edges:
            if edge.kind == "depends":
                one, other = by_id[edge.source.id], by_id[edge.target.id]
                self.page.lines.append(Line(edge, (one.x, one.y + one.height - 7), (other.x, other.y + 7)))

    def _add_tiles(self, nodes: list[Node]) -> None:
        """What has no lines, in rows under the columns, as wide as they are."""
        if not nodes:
            return
        page = self.page
        room = page.width - 2 * MARGIN
        across = max(1, int((room + _GAP) // (_TILE + _GAP)))
        wide = (room - (across - 1) * _GAP) / across
        top = page.height + (44 if page.boxes else 20)
        page.headings.append((MARGIN, top - 14, "Services without a model or a published port"))
        for at, node in enumerate(nodes):
            tile = Box(node, wide, _HEAD)
            tile.x = MARGIN + at % across * (wide + _GAP)
            tile.y = top + at // across * (_HEAD + _GAP)
            page.boxes.append(tile)
            page.height = tile.y + tile.height


def _pack(boxes: Sequence[Box], top: float) -> None:
    for box in boxes:
        box.y = top
        top = _below(box)


def _below(box: Box) -> float:
    """Where the next box of a column may begin."""
    return box.y + box.height + _GAP


def _add_rows(boxes: Sequence[Box], grants: dict[str, list[Edge]]) -> None:
    for box in boxes:
        if box.node.kind == "service":
            box.rows = [
                GrantRow(edge, box.y + _HEAD + ROW * (at + 0.5)) for at, edge in enumerate(grants.get(box.node.id, []))
            ]


def _chip_width(edge: Edge) -> float:
    return width(edge.source.name, SMALL) + 2 * PAD + badges_width(edge.marks)


def _head_width(node: Node) -> float:
    name = width(node.name, NAME, bold=True) + badges_width(node.marks)
    return max([name, *[width(detail, SMALL) for detail in node.details[:1]]]) + 2 * PAD


def _service_width(node: Node, grants: Sequence[Edge]) -> float:
    rows = [width(edge.label, SMALL) + badges_width(edge.marks) + 2 * PAD + 6 for edge in grants]
    return max([_head_width(node), *rows])


def _clamped(widths: Sequence[float], bounds: tuple[float, float]) -> float:
    return min(bounds[1], max([bounds[0], *widths]))


def _median(values: Sequence[float]) -> float:
    """The middle one: a single far end must not pull a box away from all others."""
    found = sorted(values)
    half = len(found) // 2
    return (found[half] + found[-half - 1]) / 2
