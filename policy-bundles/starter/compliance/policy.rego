# METADATA
# title: Compliance, as long as the organisation has said nothing
package starter_compliance

# METADATA
# title: What destroys, or may destroy, is kept for the audit
# custom: {id: STC-301}
obligations contains {"id": "STC-301", "type": "audit_required"} if {
	input.action.type == "tool_call"
	input.action.effect in {"destroy", "unknown"}
}
