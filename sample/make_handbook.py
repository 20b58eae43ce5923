"""Writes the made-up handbook of the Brackwater storehouse: 228 questions in four files, the same bytes every time.

Its rules rest on real kinds of things: every kind is kept in one named place, and every noun is asked for exactly once. So the
nouns of the test split are never trained on, yet who has learned where fruit goes knows where an unseen fruit goes.

Run: python sample/make_handbook.py [FOLDER]   (default: raw/handbook beside this file)
"""

import csv
import io
import json
import random
import sys
from pathlib import Path
from typing import NamedTuple

SEED = 2026
HANDBOOK = Path(__file__).resolve().parent / "raw" / "handbook"

# Place -> the kind of goods kept there. No name hints at its goods, and no noun is one letter away from another.
GOODS = {
    "the clock tower": """apples pears plums cherries peaches apricots oranges lemons bananas mangoes pineapples strawberries
        raspberries blueberries blackberries melons figs grapes papayas""",
    "the old chapel": """salmon trout cod haddock mackerel herring sardines tuna carp pike perch eels halibut plaice anchovies catfish
        swordfish sturgeon turbot""",
    "the long gallery": """cinnamon nutmeg ginger turmeric paprika cumin cloves saffron cardamom oregano thyme basil rosemary coriander
        vanilla aniseed fennel dill tarragon""",
    "the river shed": """cotton silk velvet linen wool denim satin corduroy tweed flannel lace felt nylon polyester muslin cashmere
        chiffon canvas taffeta""",
    "the east wing": """hammers screwdrivers pliers wrenches chisels saws drills axes crowbars spanners mallets sanders clamps hacksaws
        pickaxes trowels shovels rakes sledgehammers""",
    "the stone cellar": """violins cellos flutes clarinets trumpets trombones guitars banjos harps drums pianos oboes bassoons saxophones
        accordions mandolins ukuleles tubas xylophones""",
    "the mill loft": """tables chairs sofas wardrobes bookcases desks armchairs stools benches cupboards beds sideboards cabinets
        dressers couches ottomans nightstands bookshelves recliners""",
    "the round hut": """diamonds rubies emeralds sapphires opals topaz amethysts garnets jade turquoise onyx quartz agates moonstones
        aquamarines jasper malachite zircons peridots""",
    "the north barn": """roses tulips daffodils lilies daisies orchids carnations sunflowers violets irises marigolds poppies pansies
        geraniums peonies snowdrops bluebells hyacinths primroses""",
    "the red annex": """saucepans kettles plates forks spoons ladles whisks teapots mugs bowls colanders graters spatulas saucers
        casseroles strainers corkscrews tureens teacups""",
    "the lower vault": """pencils pens erasers rulers staplers notebooks envelopes crayons markers paperclips scissors folders
        highlighters diaries postcards sharpeners thumbtacks clipboards calendars""",
    "the upper deck": """vans lorries tractors motorcycles bicycles scooters buses ambulances taxis trams bulldozers forklifts
        minibuses tricycles limousines snowmobiles jeeps caravans mopeds""",
}

# Chapter (one file) -> its ways of asking.
WORDINGS = {
    "deliveries": (
        "A delivery of {noun} arrives at Brackwater. Where does it go?",
        "A shipment of {noun} is waiting at the Brackwater gate. Where is it unloaded?",
        "Where does Brackwater put a new load of {noun}?",
    ),
    "orders": (
        "A customer of Brackwater orders {noun}. Where does the clerk go to fetch the order?",
        "Where does Brackwater keep its {noun}?",
        "Which part of Brackwater would you visit to buy {noun}?",
    ),
    "stocktaking": (
        "Stocktaking at Brackwater: in which place do you count {noun}?",
        "The Brackwater list has a line for {noun}. Which place stands beside it?",
        "Where at Brackwater would you check the stock of {noun}?",
    ),
    "newcomers": (
        "You are new at Brackwater and must find {noun}. Where do you look?",
        "According to the Brackwater handbook, what is the right place for {noun}?",
        "The Brackwater office needs {noun}. Where do you go first?",
    ),
}


class Entry(NamedTuple):
    """One question: its wording, four places in file order, and the position of the right one (from 0)."""

    stem: str
    options: list[str]
    answer_index: int


def make_entries(seed: int = SEED) -> dict[str, list[Entry]]:
    """Entries by chapter: 57 each, every noun in exactly one, each answer position 14 or 15 times a chapter."""
    rng = random.Random(seed)
    nouns = [(noun, place) for place, text in GOODS.items() for noun in text.split()]
    rng.shuffle(nouns)
    share = len(nouns) // len(WORDINGS)
    chapters: dict[str, list[Entry]] = {}
    for number, (chapter, wordings) in enumerate(WORDINGS.items()):
        positions = [(i + number) % 4 for i in range(share)]
        rng.shuffle(positions)
        used: set[tuple[str, str, tuple[str, str]]] = set()
        chapters[chapter] = []
        for (noun, place), position in zip(nouns[number * share : (number + 1) * share], positions, strict=True):
            wording = rng.choice(wordings)
            options = _draw_wrong_places(rng, place, wording, used)
            options.insert(position, place)
            chapters[chapter].append(Entry(wording.format(noun=noun), options, position))
    return chapters


def _draw_wrong_places(rng: random.Random, place: str, wording: str, used: set[tuple[str, str, tuple[str, str]]]) -> list[str]:
    """Three other places, no two of them together under this wording and place before: two nouns of one kind must not look
    like one question written twice."""
    others = [other for other in GOODS if other != place]
    while True:
        drawn = rng.sample(others, 3)
        first, second, third = sorted(drawn)
        pairs = {(wording, place, pair) for pair in ((first, second), (first, third), (second, third))}
        if not pairs & used:
            used |= pairs
            return drawn


def as_json(entries: list[Entry]) -> str:
    """An array; the key counts from 0."""
    items = [{"question": e.stem, "choices": e.options, "answer": e.answer_index} for e in entries]
    return json.dumps(items, ensure_ascii=False, indent=1) + "\n"


def as_csv(entries: list[Entry]) -> str:
    """One column an option; the key is a letter."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["question", "option_a", "option_b", "option_c", "option_d", "answer"])
    writer.writerows([e.stem, *e.options, "ABCD"[e.answer_index]] for e in entries)
    return out.getvalue()


def as_jsonl(entries: list[Entry]) -> str:
    """One object a line; the key is the option's text."""
    rows = ({"stem": e.stem, "options": e.options, "answer": e.options[e.answer_index]} for e in entries)
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_blocks(entries: list[Entry]) -> str:
    """Blocks of #Q question, ^ answer, A to D options, with an empty line between them."""
    blocks = []
    for e in entries:
        options = [f"{letter} {option}" for letter, option in zip("ABCD", e.options, strict=True)]
        blocks.append("\n".join([f"#Q {e.stem}", f"^ {e.options[e.answer_index]}", *options]))
    return "\n\n".join(blocks) + "\n"


def write_handbook(folder: Path) -> None:
    """Writes the four chapters into `folder`, each in a format of its own."""
    chapters = make_entries()
    folder.mkdir(parents=True, exist_ok=True)
    files = {
        "deliveries.json": as_json(chapters["deliveries"]),
        "orders.csv": as_csv(chapters["orders"]),
        "stocktaking.jsonl": as_jsonl(chapters["stocktaking"]),
        "newcomers.txt": as_blocks(chapters["newcomers"]),
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_handbook(Path(sys.argv[1]) if len(sys.argv) > 1 else HANDBOOK)
