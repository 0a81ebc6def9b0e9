# METADATA
# title: Words of the text
# description: >-
#   Compares what a creator wrote in the settings with the avatar's words: whole words, without
#   regard to case, accents and punctuation. Scripts written without spaces are compared as they
#   stand. Phrase lists of packs are matched before Rego; use those where the list is long.
package lib.words

# METADATA
# title: Whether a term stands in the text
present(term) if {
	plain(term) != ""
	some line in lines
	contains(line, concat("", [" ", plain(term), " "]))
}

present(term) if {
	is_string(input.text.normalised)
	regex.match(`[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}]`, term)
	contains(lower(input.text.normalised), lower(term))
}

# METADATA
# title: A text as plain words
# description: Lower case, without accents, one space between words; empty for what is no text.
plain(text) := trim_space(concat(" ", regex.split(`[^\p{L}\p{N}]+`, strings.replace_n(accents, lower(text))))) if {
	is_string(text)
} else := ""

lines contains line if {
	some form in [input.text.normalised, input.text.folded]
	is_string(form)
	line := concat("", [" ", plain(form), " "])
}

accents := {
	"à": "a", "á": "a", "â": "a", "ã": "a", "ä": "a", "å": "a", "æ": "ae", "ç": "c",
	"è": "e", "é": "e", "ê": "e", "ë": "e", "ì": "i", "í": "i", "î": "i", "ï": "i",
	"ñ": "n", "ò": "o", "ó": "o", "ô": "o", "õ": "o", "ö": "o", "ø": "o", "œ": "oe",
	"ù": "u", "ú": "u", "û": "u", "ü": "u", "ý": "y", "ÿ": "y", "ß": "ss",
}
