package filesystem_test

import data.filesystem
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("filesystem", tool, effect, args)

configured(change) := object.union(data.filesystem.config, change)

test_reading_is_allowed if {
	ids(filesystem.allow) == {"FILE-101"} with input as call("read_text_file", "read", {"path": "/home/mia/work/a.txt"})
	filesystem.deny == set() with input as call("read_text_file", "read", {"path": "/home/mia/work/a.txt"})
	filesystem.obligations == set() with input as call("read_text_file", "read", {"path": "/home/mia/work/a.txt"})
	ids(filesystem.allow) == {"FILE-101"} with input as call("read_multiple_files", "read", {"paths": ["/home/mia/work/a.txt", "b.txt"]})
	filesystem.deny == set() with input as call("read_multiple_files", "read", {"paths": ["/home/mia/work/a.txt", "b.txt"]})
	ids(filesystem.allow) == {"FILE-101"} with input as call("list_allowed_directories", "read", {})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
	filesystem.deny == set() with input as call("list_allowed_directories", "read", {})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
}

test_writing_whole_files_is_confirmed if {
	ids(filesystem.allow) == {"FILE-102"} with input as call("write_file", "destroy", {"path": "/home/mia/work/a.txt", "content": "a"})
	filesystem.deny == set() with input as call("write_file", "destroy", {"path": "/home/mia/work/a.txt", "content": "a"})
	ids(filesystem.obligations) == {"FILE-301"} with input as call("write_file", "destroy", {"path": "/home/mia/work/a.txt", "content": "a"})
	filesystem.obligations == set() with input as call("write_file", "destroy", {"path": "/home/mia/work/a.txt", "content": "a"})
		with data.filesystem.config as configured({"confirm_overwriting": false})
	ids(filesystem.allow) == {"FILE-102"} with input as call("edit_file", "destroy", {"path": "/home/mia/work/a.txt", "edits": []})
	filesystem.deny == set() with input as call("edit_file", "destroy", {"path": "/home/mia/work/a.txt", "edits": []})
	filesystem.obligations == set() with input as call("edit_file", "destroy", {"path": "/home/mia/work/a.txt", "edits": []})
	ids(filesystem.allow) == {"FILE-102"} with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "/home/mia/work/b"})
	filesystem.deny == set() with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "/home/mia/work/b"})
	filesystem.obligations == set() with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "/home/mia/work/b"})
}

test_a_doubtful_path_is_refused if {
	ids(filesystem.deny) == {"FILE-201"} with input as call("read_file", "read", {"path": "../../etc/passwd"})
	ids(filesystem.deny) == {"FILE-201"} with input as call("read_file", "read", {"path": "~/notes.txt"})
	ids(filesystem.deny) == {"FILE-201"} with input as call("read_multiple_files", "read", {"paths": ["/a", "/b/%00"]})
	ids(filesystem.deny) == {"FILE-201"} with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "a/../../b"})
}

test_files_outside_the_roots_stay_untouched if {
	ids(filesystem.deny) == {"FILE-202"} with input as call("read_file", "read", {"path": "/home/mia/work/../letters/a.txt"})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
	ids(filesystem.deny) == {"FILE-202"} with input as call("read_file", "read", {"path": "/home/mia/workshop/a.txt"})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
	ids(filesystem.deny) == {"FILE-202"} with input as call("read_file", "read", {"path": "a.txt"})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
	filesystem.deny == set() with input as call("read_file", "read", {"path": "/home/mia/work/./a.txt"})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
	ids(filesystem.deny) == {"FILE-202"} with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "/tmp/a"})
		with data.filesystem.config as configured({"roots": ["/home/mia/work"]})
}

test_secrets_are_neither_read_nor_written if {
	ids(filesystem.deny) == {"FILE-203"} with input as call("read_file", "read", {"path": "/home/mia/work/.env"})
	ids(filesystem.deny) == {"FILE-203"} with input as call("read_file", "read", {"path": "/home/mia/work/.ENV.production"})
	ids(filesystem.deny) == {"FILE-203"} with input as call("list_directory", "read", {"path": "/home/mia/.ssh"})
	ids(filesystem.deny) == {"FILE-203"} with input as call("read_multiple_files", "read", {"paths": ["/home/mia/work/a.txt", "/home/mia/work/x/../tls/server.pem"]})
	ids(filesystem.deny) == {"FILE-203"} with input as call("move_file", "write", {"source": "/home/mia/.ssh/id_ed25519", "destination": "/home/mia/work/key"})
	filesystem.deny == set() with input as call("read_file", "read", {"path": "/home/mia/work/.env.example"})
}

test_what_runs_on_its_own_is_not_written if {
	ids(filesystem.deny) == {"FILE-204"} with input as call("write_file", "destroy", {"path": "/home/mia/work/.git/hooks/post-checkout", "content": "#!/bin/sh"})
	ids(filesystem.deny) == {"FILE-204"} with input as call("edit_file", "destroy", {"path": "/home/mia/.zshrc", "edits": []})
	filesystem.deny == set() with input as call("edit_file", "destroy", {"path": "/home/mia/.zshrc", "edits": [], "dryRun": true})
	ids(filesystem.deny) == {"FILE-204"} with input as call("move_file", "write", {"source": "/home/mia/work/a", "destination": "/home/mia/work/.GIT/config"})
	filesystem.deny == set() with input as call("read_text_file", "read", {"path": "/home/mia/work/.git/config"})
}

test_what_is_not_known_is_confirmed if {
	ids(filesystem.allow) == {"FILE-190"} with input as call("delete_file", "unknown", {"path": "/home/mia/work/a"})
	ids(filesystem.obligations) == {"FILE-390"} with input as call("delete_file", "unknown", {"path": "/home/mia/work/a"})
	ids(filesystem.obligations) == {"FILE-390"} with input as call("read_file", "read", {"path": "/home/mia/work/a", "follow": true})
}
