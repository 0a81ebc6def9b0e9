package packs.creator.sexual_test

import data.lib.fixture
import data.packs.creator.sexual

verdicts(minor) := fixture.verdicts(results) if {
	results := sexual.results with input as fixture.said("creator.sexual", {"audience": {"minor": minor}})
}

test_a_minor_blocks if {
	verdicts("yes") == {"block"}
}

test_unknown_age_holds if {
	verdicts("unknown") == {"hold"}
}

test_an_adult_says_nothing if {
	verdicts("no") == set()
}

test_no_hit_says_nothing if {
	every minor in ["yes", "no", "unknown"] {
		sexual.results == set() with input as fixture.message({"audience": {"minor": minor}})
	}
}

test_the_humans_words_do_not_count if {
	sexual.results == set() with input as fixture.heard("creator.sexual", {"audience": {"minor": "yes"}})
}

scored(minor, score) := fixture.verdicts(results) if {
	results := sexual.results with input as fixture.message({
		"audience": {"minor": minor},
		"findings": {"toxicity": {"scores": {"sexual_explicit": score}}},
	})
}

test_the_models_score_counts_like_a_phrase if {
	scored("yes", 0.55) == {"block"}
	scored("yes", 0.5499) == set()
	scored("unknown", 0.55) == {"hold"}
	scored("no", 0.9) == set()
	scored("yes", null) == set()
}
