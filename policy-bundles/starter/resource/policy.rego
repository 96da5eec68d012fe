# METADATA
# title: Resources, as long as their owners have said nothing
package starter_resource

# METADATA
# title: Every resource is open
# description: What may be done with it is for the server's bundle to say.
# custom: {id: STR-101}
allow contains {"id": "STR-101", "reason": "no_owner_objects"} if input.action.type != ""
