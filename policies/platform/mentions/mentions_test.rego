package packs.platform.mentions_test

import data.lib.fixture
import data.packs.platform.mentions

verdicts(text) := fixture.verdicts(results) if {
	results := mentions.results with input as fixture.message({"text": {"submitted": text, "lower": lower(text)}})
}

test_ringing_everybody_holds if {
	verdicts("Hey @everyone, we are live!") == {"hold"}
	verdicts("@HERE") == {"hold"}
	verdicts("salut @tous") == {"hold"}
}

test_names_that_only_begin_alike_pass if {
	verdicts("thanks @everyoneknowsme") == set()
	verdicts("mail me@here.example") == set()
}

test_many_mentions_hold if {
	verdicts("@a @b @c @d @e") == set()
	verdicts("@a @b @c @d @e @f") == {"hold"}
}

test_none_says_nothing if {
	mentions.results == set() with input as fixture.quiet
	mentions.results == set() with input as fixture.message({"text": {"submitted": null, "lower": null}})
}
