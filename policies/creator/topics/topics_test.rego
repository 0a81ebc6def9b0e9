package packs.creator.topics_test

import data.lib.fixture
import data.packs.creator.topics

verdicts(deny, text) := fixture.verdicts(results) if {
	results := topics.results with input as fixture.message({
		"creator": {"topics": {"deny": deny}},
		"text": {"submitted": text, "normalised": text, "folded": lower(text)},
	})
}

test_a_denied_word_holds if {
	verdicts(["lawsuit"], "About the Lawsuit: no comment.") == {"hold"}
	verdicts(["lawsuit"], "I follow suit.") == set()
	verdicts(["suit"], "the lawsuit") == set()
}

test_phrases_and_accents if {
	verdicts(["élections 2027"], "Les elections 2027, bof.") == {"hold"}
	verdicts(["elections 2027"], "Les élections 2027, bof.") == {"hold"}
	verdicts(["ex husband"], "My ex-husband called.") == {"hold"}
}

test_scripts_without_spaces if {
	verdicts(["选举"], "我们谈谈选举吧") == {"hold"}
	verdicts(["选举"], "我们谈谈天气吧") == set()
}

test_no_list_says_nothing if {
	topics.results == set() with input as fixture.quiet
	verdicts([], "anything") == set()
	verdicts(["!!!"], "anything goes !!!") == set()
}
