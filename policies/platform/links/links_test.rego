package packs.platform.links_test

import data.lib.fixture
import data.packs.platform.links

verdicts(channel, kind) := fixture.verdicts(results) if {
	finding := {"kind": kind, "score": 0.6, "start": 0, "end": 20, "checked": false, "advisory": false}
	results := links.results with input as fixture.message({"message": {"channel": channel}, "findings": {"pii": [finding]}})
}

test_links_wait_on_public_channels if {
	verdicts("comment", "URL") == {"hold"}
	verdicts("live", "URL") == {"hold"}
}

test_links_pass_elsewhere if {
	every channel in ["space", "group", "dm"] {
		verdicts(channel, "URL") == set()
	}
}

test_other_findings_are_no_links if {
	verdicts("live", "EMAIL_ADDRESS") == set()
	links.results == set() with input as fixture.on("live")
}
