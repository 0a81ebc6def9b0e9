package packs.platform.media_test

import data.lib.fixture
import data.packs.platform.media

verdicts(channel, types) := fixture.verdicts(results) if {
	files := [{"sha256": "00", "content_type": type} | some type in types]
	results := media.results with input as fixture.message({"message": {"channel": channel}, "media": files})
}

test_no_media_says_nothing if {
	verdicts("live", []) == set()
}

test_types_by_channel if {
	verdicts("dm", ["image/png", "video/mp4"]) == set()
	verdicts("dm", ["application/zip"]) == {"hold"}
	verdicts("comment", ["image/png"]) == set()
	verdicts("comment", ["video/mp4"]) == {"hold"}
	verdicts("live", ["image/png"]) == {"hold"}
}

test_number_by_channel if {
	verdicts("comment", ["image/png", "image/png"]) == {"hold"}
	verdicts("dm", ["image/png" | some _ in numbers.range(1, 10)]) == set()
	verdicts("dm", ["image/png" | some _ in numbers.range(1, 11)]) == {"hold"}
}

test_an_unknown_channel_takes_nothing if {
	results := media.results with input as fixture.message({"media": [{"sha256": "00", "content_type": "image/png"}]})
		with data.platform.media.channels as {}
	fixture.verdicts(results) == {"hold"}
}
