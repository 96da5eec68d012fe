package library_test

import data.gateway.v1.hours

office := {"days": ["monday", "tuesday", "wednesday", "thursday", "friday"], "from": "08:00", "until": "18:00", "timezone": "UTC"}

at_time(text) := {"time_ms": time.parse_rfc3339_ns(text) / 1000000, "timezone": "UTC"}

test_open_from_the_first_to_the_last_minute if {
	hours.open(office, at_time("2026-01-14T08:00:00Z"))
	hours.open(office, at_time("2026-01-14T17:59:59Z"))
	not hours.open(office, at_time("2026-01-14T07:59:59Z"))
	not hours.open(office, at_time("2026-01-14T18:00:00Z"))
}

test_closed_on_other_days if not hours.open(office, at_time("2026-01-17T10:00:00Z"))

test_a_calendar_may_have_its_own_timezone if {
	berlin := object.union(office, {"timezone": "Europe/Berlin"})
	hours.open(berlin, at_time("2026-01-14T07:00:00Z"))
	not hours.open(berlin, at_time("2026-01-14T17:00:00Z"))
	hours.open(berlin, at_time("2026-07-15T06:00:00Z"))
}

test_without_a_timezone_the_gateways_holds if {
	calendar := object.remove(office, {"timezone"})
	hours.open(calendar, at_time("2026-01-14T08:00:00Z"))
	not hours.open(calendar, object.union(at_time("2026-01-14T07:30:00Z"), {"timezone": "UTC"}))
}

test_a_day_may_end_at_midnight if {
	late := object.union(office, {"until": "24:00"})
	hours.open(late, at_time("2026-01-14T23:59:00Z"))
}

test_a_calendar_that_cannot_be_read_is_closed if {
	not hours.open(object.union(office, {"from": "8"}), at_time("2026-01-14T10:00:00Z"))
	not hours.open({}, at_time("2026-01-14T10:00:00Z"))
}
