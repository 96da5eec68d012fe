package chrome_devtools_test

import data.chrome_devtools
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("chrome-devtools", tool, effect, args)

configured(change) := object.union(data.chrome_devtools.config, change)

test_pages_are_used if {
	chrome_devtools.deny == set() with input as call("new_page", "write", {"url": "about:blank"})
	ids(chrome_devtools.allow) == {"CHROME-102"} with input as call("new_page", "write", {"url": "https://example.com/"})
	chrome_devtools.deny == set() with input as call("new_page", "write", {"url": "https://example.com/"})
	chrome_devtools.obligations == set() with input as call("new_page", "write", {"url": "https://example.com/"})
	ids(chrome_devtools.allow) == {"CHROME-102"} with input as call("navigate_page", "write", {"pageId": 1, "type": "back"})
	chrome_devtools.deny == set() with input as call("navigate_page", "write", {"pageId": 1, "type": "back"})
	ids(chrome_devtools.allow) == {"CHROME-101"} with input as call("take_snapshot", "read", {"pageId": 1})
	chrome_devtools.deny == set() with input as call("take_snapshot", "read", {"pageId": 1})
	chrome_devtools.obligations == set() with input as call("take_snapshot", "read", {"pageId": 1})
}

test_other_places_stay_closed if {
	ids(chrome_devtools.deny) == {"CHROME-201"} with input as call("new_page", "write", {"url": "file:///etc/passwd"})
	ids(chrome_devtools.deny) == {"CHROME-201"} with input as call("new_page", "write", {"url": "javascript:alert(1)"})
	ids(chrome_devtools.deny) == {"CHROME-201"} with input as call("new_page", "write", {"url": "http://10.0.0.1/"})
	ids(chrome_devtools.deny) == {"CHROME-201"} with input as call("navigate_page", "write", {"pageId": 1, "url": "https://example.com/"})
		with data.chrome_devtools.config as configured({"hosts": ["northwind.example"]})
	chrome_devtools.deny == set() with input as call("navigate_page", "write", {"pageId": 1, "url": "https://www.northwind.example/"})
		with data.chrome_devtools.config as configured({"hosts": ["northwind.example"]})
}

test_running_code_is_confirmed if {
	ids(chrome_devtools.allow) == {"CHROME-102"} with input as call("evaluate_script", "write", {"pageId": 1, "function": "() => 1"})
	chrome_devtools.deny == set() with input as call("evaluate_script", "write", {"pageId": 1, "function": "() => 1"})
	ids(chrome_devtools.obligations) == {"CHROME-301"} with input as call("evaluate_script", "write", {"pageId": 1, "function": "() => 1"})
	ids(chrome_devtools.obligations) == {"CHROME-301"} with input as call("navigate_page", "write", {"pageId": 1, "url": "https://example.com/", "initScript": "1"})
}

test_files_stay_where_they_are if {
	ids(chrome_devtools.deny) == {"CHROME-202"} with input as call("upload_file", "write", {"pageId": 1, "uid": "1", "filePaths": ["/home/mia/a.txt"]})
	ids(chrome_devtools.deny) == {"CHROME-202"} with input as call("evaluate_script", "write", {"pageId": 1, "sourcePath": "/home/mia/a.js"})
	ids(chrome_devtools.deny) == {"CHROME-203"} with input as call("upload_file", "write", {"pageId": 1, "uid": "1", "filePaths": ["/home/mia/pictures/id_rsa"]})
		with data.chrome_devtools.config as configured({"folders": ["/home/mia/pictures"]})
}

test_files_are_saved_in_their_place if {
	chrome_devtools.deny == set() with input as call("take_screenshot", "read", {"pageId": 1, "filePath": "page.png"})
	ids(chrome_devtools.deny) == {"CHROME-204"} with input as call("get_network_request", "read", {"pageId": 1, "responseFilePath": "/etc/cron.d/x"})
	chrome_devtools.deny == set() with input as call("take_heapsnapshot", "read", {"pageId": 1, "filePath": "/home/mia/pictures/a.heapsnapshot"})
		with data.chrome_devtools.config as configured({"folders": ["/home/mia/pictures"]})
}

test_what_is_not_known_is_confirmed if {
	ids(chrome_devtools.allow) == {"CHROME-190"} with input as call("install_extension", "unknown", {})
	ids(chrome_devtools.obligations) == {"CHROME-390"} with input as call("install_extension", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_typed if {
	ids(chrome_devtools.deny) == {"CHROME-205"} with input as call("fill", "write", {"pageId": 1, "uid": "1", "value": token})
}
