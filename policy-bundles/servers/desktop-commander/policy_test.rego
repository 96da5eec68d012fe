package desktop_commander_test

import data.desktop_commander
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("desktop-commander", tool, effect, args)

configured(change) := object.union(data.desktop_commander.config, change)

test_files_are_used_in_open_folders if {
	ids(desktop_commander.allow) == {"DESK-101"} with input as call("read_file", "read", {"path": "/home/mia/work/a"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	desktop_commander.deny == set() with input as call("read_file", "read", {"path": "/home/mia/work/a"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	desktop_commander.obligations == set() with input as call("read_file", "read", {"path": "/home/mia/work/a"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	ids(desktop_commander.allow) == {"DESK-102"} with input as call("write_file", "destroy", {"path": "/home/mia/work/a", "content": "b"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	desktop_commander.deny == set() with input as call("write_file", "destroy", {"path": "/home/mia/work/a", "content": "b"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	desktop_commander.obligations == set() with input as call("write_file", "destroy", {"path": "/home/mia/work/a", "content": "b"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	ids(desktop_commander.allow) == {"DESK-101"} with input as call("read_file", "read", {"path": "/home/mia/work/a"})
	desktop_commander.deny == set() with input as call("read_file", "read", {"path": "/home/mia/work/a"})
	ids(desktop_commander.obligations) == {"DESK-303"} with input as call("read_file", "read", {"path": "/home/mia/work/a"})
	ids(desktop_commander.deny) == {"DESK-203"} with input as call("read_file", "read", {"path": "/etc/hostname"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	ids(desktop_commander.deny) == {"DESK-203"} with input as call("read_multiple_files", "read", {"paths": ["/home/mia/work/../a"]})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	ids(desktop_commander.deny) == {"DESK-202"} with input as call("read_file", "read", {"path": "~/a"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
}

test_limits_stay if {
	desktop_commander.allow == set() with input as call("set_config_value", "destroy", {"key": "blockedCommands", "value": []})
	ids(desktop_commander.deny) == {"DESK-201"} with input as call("set_config_value", "destroy", {"key": "blockedCommands", "value": []})
}

test_secrets_and_what_runs_stay_untouched if {
	ids(desktop_commander.deny) == {"DESK-204"} with input as call("start_search", "read", {"path": "/home/mia/work/.ssh", "pattern": "*"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
	ids(desktop_commander.deny) == {"DESK-205"} with input as call("edit_block", "destroy", {"file_path": "/home/mia/work/.git/config"})
		with data.desktop_commander.config as configured({"roots": ["/home/mia/work"]})
}

test_addresses_lead_out if {
	ids(desktop_commander.deny) == {"DESK-206"} with input as call("read_file", "read", {"path": "http://169.254.169.254/", "isUrl": true})
	desktop_commander.deny == set() with input as call("read_file", "read", {"path": "https://example.com/", "isUrl": true})
	desktop_commander.obligations == set() with input as call("read_file", "read", {"path": "https://example.com/", "isUrl": true})
	ids(desktop_commander.deny) == {"DESK-206"} with input as call("read_file", "read", {"path": "http://localhost/"})
}

test_commands_are_confirmed if {
	ids(desktop_commander.allow) == {"DESK-102"} with input as call("start_process", "destroy", {"command": "ls", "timeout_ms": 1})
	desktop_commander.deny == set() with input as call("start_process", "destroy", {"command": "ls", "timeout_ms": 1})
	ids(desktop_commander.obligations) == {"DESK-301"} with input as call("start_process", "destroy", {"command": "ls", "timeout_ms": 1})
	desktop_commander.obligations == set() with input as call("start_process", "destroy", {"command": "git status", "timeout_ms": 1})
		with data.desktop_commander.config as configured({"commands": ["git *"]})
	ids(desktop_commander.obligations) == {"DESK-301"} with input as call("start_process", "destroy", {"command": "git status; rm -rf .", "timeout_ms": 1})
		with data.desktop_commander.config as configured({"commands": ["git *"]})
	ids(desktop_commander.obligations) == {"DESK-301"} with input as call("interact_with_process", "destroy", {"pid": 1, "input": "x"})
	ids(desktop_commander.obligations) == {"DESK-302"} with input as call("kill_process", "destroy", {"pid": 1})
}

test_nothing_is_told if {
	ids(desktop_commander.deny) == {"DESK-207"} with input as call("give_feedback_to_desktop_commander", "write", {})
}

test_what_is_not_known_is_confirmed if {
	ids(desktop_commander.allow) == {"DESK-190"} with input as call("format_disk", "unknown", {})
	ids(desktop_commander.obligations) == {"DESK-390"} with input as call("format_disk", "unknown", {})
}
