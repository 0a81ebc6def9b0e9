package lib.replacement_test

import data.lib.fixture
import data.lib.replacement

test_the_crisis_answer_replaces if {
	replacement.crisis with input as fixture.said("creator.self_harm", {})
	replacement.crisis with input as fixture.heard("creator.self_harm", {})
}

test_without_the_rule_nothing_is_replaced if {
	not replacement.crisis with input as fixture.said("creator.self_harm", {})
		with data.packs.creator.self_harm as {"results": set()}
}

test_other_messages_are_not_replaced if {
	not replacement.crisis with input as fixture.quiet
	not replacement.crisis with input as fixture.said("creator.guilt", {})
}
