"""A text whose last sentence takes back its first, and a rule of a creator's own that sees it: more
than the fifty words that are judged again lie between the two."""

from __future__ import annotations

FIRST, LAST = "Le concert est confirmé pour samedi.", "Oubliez ce que j'ai dit du concert."
RETRACTED = " ".join(
    (
        FIRST,
        "On répète tous les jours dans une petite salle près de la gare.",
        "La lumière y est très belle le matin, et le café du coin est ouvert tôt.",
        "Hier nous avons essayé une nouvelle chanson avec trois guitares et un violon.",
        "Elle parle de la mer, des vacances et des longs trajets en train.",
        "Le batteur voulait aller plus vite, la bassiste plus lentement.",
        LAST,
    )
)
RULE = """package creator.mia

results contains {"rule": "taken_back", "text": "Said, and taken back.", "verdict": "block"} if {
	contains(input.text.normalised, "confirmé pour samedi")
	contains(input.text.normalised, "Oubliez ce que")
}
"""
