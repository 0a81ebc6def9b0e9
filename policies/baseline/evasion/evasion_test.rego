package packs.baseline.evasion_test

import data.lib.fixture
import data.packs.baseline.evasion

verdicts(changes, findings) := fixture.verdicts(results) if {
	message := fixture.message({"findings": object.union({"changes": changes}, findings)})
	results := evasion.results with input as message
}

change(kind, count) := [{"kind": kind, "count": count}]

signal(where) := {"signals": [{"list": "creator.promise", "source": "en:1", "start": 0, "end": 5, "in": where}]}

score(value) := {"toxicity": {"scores": {"insult": value}}}

test_plain_text_says_nothing if {
	verdicts([], {}) == set()
	verdicts([], signal("text")) == set()
}

test_a_few_hidden_characters_are_cleaned_and_published if {
	verdicts(change("zero_width", 1), {}) == {"publish"}
	verdicts(change("variation_selector", 15), {}) == {"publish"}
}

test_style_alone_says_nothing if {
	verdicts(change("repeat", 50), {}) == set()
	verdicts(change("leet", 2), {}) == set()
	verdicts(change("full_width", 40), {}) == set()
}

test_many_hold if {
	verdicts(change("zero_width", 15), {}) == {"publish"}
	verdicts(change("zero_width", 16), {}) == {"hold"}
	verdicts(change("tag", 1), {}) == {"hold"}
	verdicts(change("bidi", 3), {}) == {"publish"}
	verdicts(change("bidi", 4), {}) == {"hold"}
	verdicts(change("homoglyph", 7), {}) == set()
	verdicts(change("homoglyph", 8), {}) == {"hold"}
	verdicts(change("spacing", 4), {}) == {"hold"}
	verdicts(change("leet", 8), {}) == {"hold"}
}

test_hiding_with_a_signal_holds if {
	verdicts(change("zero_width", 1), signal("text")) == {"hold"}
	verdicts(change("homoglyph", 1), signal("text")) == {"hold"}
}

test_a_signal_in_the_humans_words_is_not_the_avatars if {
	verdicts(change("zero_width", 1), signal("human")) == {"publish"}
}

test_hiding_with_a_raised_score_holds if {
	verdicts(change("leet", 1), score(0.5)) == {"hold"}
	verdicts(change("leet", 1), score(0.4999)) == set()
	verdicts(change("zero_width", 1), score(0.5)) == {"hold"}
	verdicts(change("zero_width", 1), score(null)) == {"publish"}
}

test_repeated_letters_never_make_suspect if {
	verdicts(change("repeat", 9), score(0.9)) == set()
	verdicts(change("repeat", 9), signal("text")) == set()
}
