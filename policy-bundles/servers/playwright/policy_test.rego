package playwright_test

import data.gateway.v1.inputs
import data.playwright

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("playwright", tool, effect, args)

configured(change) := object.union(data.playwright.config, change)

test_pages_are_used if {
	ids(playwright.allow) == {"BROWSE-102"} with input as call("browser_navigate", "write", {"url": "https://example.com/"})
	playwright.deny == set() with input as call("browser_navigate", "write", {"url": "https://example.com/"})
	playwright.obligations == set() with input as call("browser_navigate", "write", {"url": "https://example.com/"})
	playwright.deny == set() with input as call("browser_navigate", "write", {"url": "http://localhost:3000/a"})
	playwright.deny == set() with input as call("browser_tabs", "write", {"action": "new", "url": "about:blank"})
	ids(playwright.allow) == {"BROWSE-101"} with input as call("browser_snapshot", "read", {})
	playwright.deny == set() with input as call("browser_snapshot", "read", {})
	playwright.obligations == set() with input as call("browser_snapshot", "read", {})
	ids(playwright.allow) == {"BROWSE-102"} with input as call("browser_click", "write", {"target": "e1"})
	playwright.deny == set() with input as call("browser_click", "write", {"target": "e1"})
	playwright.obligations == set() with input as call("browser_click", "write", {"target": "e1"})
}

test_other_places_stay_closed if {
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "file:///etc/passwd"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "javascript:alert(1)"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "data:text/html,a"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "http://169.254.169.254/"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "http://192.168.1.1/"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "chrome://settings"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_tabs", "write", {"action": "new", "url": "file:///etc/passwd"})
	ids(playwright.deny) == {"BROWSE-201"} with input as call("browser_navigate", "write", {"url": "https://example.com/"})
		with data.playwright.config as configured({"hosts": ["northwind.example"]})
	playwright.deny == set() with input as call("browser_navigate", "write", {"url": "https://www.northwind.example/"})
		with data.playwright.config as configured({"hosts": ["northwind.example"]})
}

test_no_program_runs if {
	playwright.allow == set() with input as call("browser_run_code_unsafe", "destroy", {"code": "1"})
	ids(playwright.deny) == {"BROWSE-202"} with input as call("browser_run_code_unsafe", "destroy", {"code": "1"})
	ids(playwright.allow) == {"BROWSE-102"} with input as call("browser_evaluate", "write", {"function": "() => 1"})
	playwright.deny == set() with input as call("browser_evaluate", "write", {"function": "() => 1"})
	ids(playwright.obligations) == {"BROWSE-301"} with input as call("browser_evaluate", "write", {"function": "() => 1"})
}

test_files_stay_where_they_are if {
	ids(playwright.deny) == {"BROWSE-203"} with input as call("browser_file_upload", "write", {"paths": ["/home/mia/a.txt"]})
	playwright.deny == set() with input as call("browser_file_upload", "write", {"paths": ["/home/mia/pictures/a.png"]})
		with data.playwright.config as configured({"folders": ["/home/mia/pictures"]})
	ids(playwright.deny) == {"BROWSE-204"} with input as call("browser_drop", "write", {"target": "e1", "paths": ["/home/mia/pictures/.env"]})
		with data.playwright.config as configured({"folders": ["/home/mia/pictures"]})
}

test_files_are_saved_in_their_place if {
	playwright.deny == set() with input as call("browser_take_screenshot", "read", {"scale": "css", "filename": "a/page.png"})
	ids(playwright.deny) == {"BROWSE-205"} with input as call("browser_take_screenshot", "read", {"scale": "css", "filename": "../page.png"})
	ids(playwright.deny) == {"BROWSE-205"} with input as call("browser_snapshot", "read", {"filename": "/home/mia/.bashrc"})
	ids(playwright.deny) == {"BROWSE-205"} with input as call("browser_snapshot", "read", {"filename": "a/.git/config"})
	playwright.deny == set() with input as call("browser_snapshot", "read", {"filename": "/home/mia/pictures/a.md"})
		with data.playwright.config as configured({"folders": ["/home/mia/pictures"]})
}

test_what_is_not_known_is_confirmed if {
	ids(playwright.allow) == {"BROWSE-190"} with input as call("browser_download", "unknown", {})
	ids(playwright.obligations) == {"BROWSE-390"} with input as call("browser_download", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_is_typed if {
	ids(playwright.deny) == {"BROWSE-206"} with input as call("browser_type", "write", {"target": "e1", "text": token})
}
