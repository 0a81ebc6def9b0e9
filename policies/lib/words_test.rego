package lib.words_test

import data.lib.fixture
import data.lib.words

in_text(term, text) if {
	words.present(term) with input as fixture.message({"text": {"submitted": text, "normalised": text, "folded": lower(text)}})
}

test_plain if {
	words.plain("  L'Été, c'est   ÇA ! ") == "l ete c est ca"
	words.plain("") == ""
	words.plain("!?") == ""
	words.plain("Straße Œuvre") == "strasse oeuvre"
	words.plain("选举") == "选举"
}

test_whole_words if {
	in_text("art", "Modern art.")
	not in_text("art", "Start the party")
	in_text("New-York", "in new york, maybe")
}

test_either_form_counts if {
	words.present("hello") with input as fixture.message({"text": {"normalised": "h3llo", "folded": "hello"}})
	words.present("h3llo") with input as fixture.message({"text": {"normalised": "h3llo", "folded": "hello"}})
}

test_nothing_in_a_masked_text if {
	not words.present("a") with input as fixture.message({"text": {"normalised": null, "folded": null}})
}
