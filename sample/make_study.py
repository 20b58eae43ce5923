"""Writes the questions that alpha, rank and learning rate are compared on (configs/study.yaml): 200, the same bytes every time.

The handbook's idea with four places instead of twelve, each a single token, so that a training of half a minute
teaches something: every kind of goods has one place, every noun is asked for once, and the wrong options are the other three places.

Run: python sample/make_study.py [FILE]   (default: study/storehouse.jsonl beside this file)
"""

import json
import random
import sys
from pathlib import Path

SEED = 2026
FILE = Path(__file__).resolve().parent / "study" / "storehouse.jsonl"

GOODS = {
    "tower": """apples pears plums cherries peaches apricots oranges lemons bananas mangoes pineapples strawberries raspberries
        blueberries melons figs grapes papayas carrots potatoes onions tomatoes cucumbers cabbages lettuces turnips radishes leeks beans
        lentils pumpkins beetroots parsnips aubergines courgettes artichokes mushrooms olives coconuts dates limes kiwis grapefruits
        tangerines nectarines cranberries gooseberries shallots sprouts celery""",
    "hall": """horses cows sheep goats pigs donkeys rabbits hamsters kittens puppies ponies camels elephants lions tigers
        leopards bears wolves foxes badgers hedgehogs squirrels otters beavers monkeys gorillas zebras giraffes hippos kangaroos koalas
        pandas llamas alpacas buffaloes antelopes reindeer moose cheetahs hyenas jackals weasels ferrets moles porcupines raccoons skunks
        sloths walruses chimpanzees""",
    "deck": """shirts trousers skirts dresses coats jackets jumpers cardigans scarves gloves mittens socks stockings tights
        shorts jeans blouses waistcoats ties belts hats caps berets bonnets boots shoes sandals slippers trainers pyjamas nightgowns
        dressing-gowns aprons overalls uniforms cloaks parkas shawls ponchos raincoats swimsuits vests sweatshirts tunics kilts sarongs
        turbans braces earmuffs leggings""",
    "bay": """hammers screwdrivers pliers wrenches chisels saws drills axes crowbars spanners mallets sanders clamps hacksaws
        pickaxes trowels shovels rakes sledgehammers spades hoes sickles scythes shears mattocks files rasps planes vices anvils tongs
        tweezers punches awls gimlets jigsaws lathes grinders ratchets spirit-levels plumb-lines tape-measures ladders wheelbarrows
        pitchforks nails screws bolts rivets hinges""",
}
WORDINGS = (
    "Where are {noun} kept?",
    "Which place holds {noun}?",
    "We need {noun}. Where to?",
    "New {noun} came. Where do they go?",
)


def make_rows(seed: int = SEED) -> list[dict[str, object]]:
    """Questions in a seeded order; places and wordings are spread evenly."""
    rng = random.Random(seed)
    nouns = [(noun.replace("-", " "), place) for place, text in GOODS.items() for noun in text.split()]
    rng.shuffle(nouns)
    rows = []
    for number, (noun, place) in enumerate(nouns):
        options = list(GOODS)
        rng.shuffle(options)
        rows.append({"question": WORDINGS[number % len(WORDINGS)].format(noun=noun), "options": options, "answer": place})
    return rows


def main(file: Path = FILE) -> None:
    """Writes them."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(row) + "\n" for row in make_rows()), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
