package packs.platform.spam_test

import data.lib.fixture
import data.packs.platform.spam

shouted(text) if {
	regex.match(`[A-Z]`, text)
	not regex.match(`[a-z]`, text)
} else := false

verdicts(channel, text) := said(channel, text, count(split(text, "")))

said(channel, text, size) := fixture.verdicts(results) if {
	results := spam.results with input as fixture.message({
		"message": {"channel": channel},
		"text": {"lower": lower(text), "shouted": shouted(text), "length": size},
	})
}

test_long_capitals_hold if {
	verdicts("live", "THIS IS THE BEST STREAM EVER, COME NOW!!") == {"hold"}
	verdicts("live", "THIS IS THE BEST STREAM EVER, COME NOW!") == set()
	verdicts("comment", "THIS IS the BEST STREAM EVER, COME NOW, ALL!!") == set()
}

test_numbers_and_other_scripts_do_not_shout if {
	verdicts("live", "0123456789 0123456789 0123456789 0123456789") == set()
	verdicts("live", "今天的直播非常精彩谢谢大家的支持我们明天再见今天的直播非常精彩谢谢大家的支持我们明天再见") == set()
}

test_the_same_words_over_and_over_hold if {
	verdicts("live", "free skins free skins free skins free skins free skins") == {"hold"}
	verdicts("live", "free skins free skins free skins free skins free") == set()
	verdicts("live", "free free free free free skins skins skins skins now") == {"hold"}
	verdicts("live", "free free free free free skins skins skins now here") == set()
	verdicts("live", "what a day it was, and what a night it will be") == set()
}

test_private_channels_are_left_alone if {
	verdicts("dm", "THIS IS THE BEST STREAM EVER, COME NOW!!") == set()
	verdicts("group", "THIS IS THE BEST STREAM EVER, COME NOW!!") == {"hold"}
}

test_masked_text_says_nothing if {
	spam.results == set() with input as fixture.message({"message": {"channel": "live"}, "text": {"lower": null, "length": 100}})
}
