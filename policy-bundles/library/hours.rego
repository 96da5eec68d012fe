# METADATA
# title: Working hours
# description: |
#   A calendar is `{"days": ["monday", …], "from": "08:00", "until": "18:00", "timezone": "Europe/Berlin"}`; without a timezone the
#   gateway's own holds. The environment is `input.environment`, whose time is that of the decision.
package gateway.v1.hours

# METADATA
# description: Whether the decision is made within working hours. `until` itself is outside.
default open(_, _) := false

open(calendar, environment) if {
	timezone := object.get(calendar, "timezone", environment.timezone)
	now := [environment.time_ms * 1000000, timezone]
	lower(time.weekday(now)) in calendar.days
	[hour, minute, _] := time.clock(now)
	minutes := (hour * 60) + minute
	minutes >= minutes_of(calendar.from)
	minutes < minutes_of(calendar.until)
}

minutes_of(text) := (to_number(hour) * 60) + to_number(minute) if {
	regex.match(`^([01][0-9]|2[0-4]):[0-5][0-9]$`, text)
	[hour, minute] := split(text, ":")
}
