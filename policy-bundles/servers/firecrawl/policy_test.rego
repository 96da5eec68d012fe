package firecrawl_test

import data.firecrawl
import data.gateway.v1.inputs

ids(elements) := {element.id | some element in elements}

call(tool, effect, args) := inputs.tool_call("firecrawl", tool, effect, args)

configured(change) := object.union(data.firecrawl.config, change)

test_pages_are_read if {
	ids(firecrawl.allow) == {"FIRE-101"} with input as call("firecrawl_scrape", "read", {"url": "https://example.com/"})
	firecrawl.deny == set() with input as call("firecrawl_scrape", "read", {"url": "https://example.com/"})
	firecrawl.obligations == set() with input as call("firecrawl_scrape", "read", {"url": "https://example.com/"})
	ids(firecrawl.allow) == {"FIRE-101"} with input as call("firecrawl_search", "read", {"query": "tea"})
	firecrawl.deny == set() with input as call("firecrawl_search", "read", {"query": "tea"})
}

test_pages_come_from_open_hosts if {
	ids(firecrawl.deny) == {"FIRE-201"} with input as call("firecrawl_map", "read", {"url": "http://localhost/"})
	ids(firecrawl.deny) == {"FIRE-201"} with input as call("firecrawl_extract", "read", {"urls": ["https://example.com/"]})
		with data.firecrawl.config as configured({"hosts": ["northwind.example"]})
	firecrawl.deny == set() with input as call("firecrawl_extract", "read", {"urls": ["https://northwind.example/"]})
		with data.firecrawl.config as configured({"hosts": ["northwind.example"]})
	ids(firecrawl.deny) == {"FIRE-201"} with input as call("firecrawl_monitor_create", "write", {"page": "http://10.0.0.1/"})
}

test_files_stay_on_this_machine if {
	ids(firecrawl.deny) == {"FIRE-202"} with input as call("firecrawl_parse", "read", {"filePath": "/home/mia/a.pdf"})
	firecrawl.deny == set() with input as call("firecrawl_parse", "read", {"filePath": "/home/mia/open/a.pdf"})
		with data.firecrawl.config as configured({"folders": ["/home/mia/open"]})
}

test_results_go_to_the_agent if {
	ids(firecrawl.deny) == {"FIRE-203"} with input as call("firecrawl_crawl", "write", {"url": "https://example.com/", "webhook": "https://evil.example/"})
	ids(firecrawl.deny) == {"FIRE-203"} with input as call("firecrawl_monitor_update", "write", {"id": "1", "body": {"webhook": {"url": "x"}}})
}

test_crawls_and_jobs_are_confirmed if {
	ids(firecrawl.allow) == {"FIRE-102"} with input as call("firecrawl_crawl", "write", {"url": "https://example.com/"})
	firecrawl.deny == set() with input as call("firecrawl_crawl", "write", {"url": "https://example.com/"})
	ids(firecrawl.obligations) == {"FIRE-301"} with input as call("firecrawl_crawl", "write", {"url": "https://example.com/"})
	ids(firecrawl.deny) == {"FIRE-204"} with input as call("firecrawl_crawl", "write", {"url": "https://example.com/", "limit": 101})
	ids(firecrawl.obligations) == {"FIRE-302"} with input as call("firecrawl_interact", "write", {"url": "https://example.com/", "code": "1"})
	ids(firecrawl.obligations) == {"FIRE-302"} with input as call("firecrawl_scrape", "read", {"url": "https://example.com/", "actions": [{"type": "executeJavascript", "script": "1"}]})
	ids(firecrawl.allow) == {"FIRE-102"} with input as call("firecrawl_monitor_delete", "destroy", {"id": "1"})
	ids(firecrawl.obligations) == {"FIRE-303"} with input as call("firecrawl_monitor_delete", "destroy", {"id": "1"})
}

test_other_options_are_refused if {
	firecrawl.allow == set() with input as call("firecrawl_feedback", "write", {"endpoint": "map", "jobId": "1", "rating": "good"})
	ids(firecrawl.deny) == {"FIRE-206"} with input as call("firecrawl_feedback", "write", {"endpoint": "map", "jobId": "1", "rating": "good"})
	ids(firecrawl.deny) == {"FIRE-207"} with input as call("firecrawl_scrape", "read", {"url": "https://example.com/", "skipTlsVerification": true})
	ids(firecrawl.deny) == {"FIRE-207"} with input as call("firecrawl_crawl", "write", {"url": "https://example.com/", "scrapeOptions": {"skipTlsVerification": true}})
}

test_what_is_not_known_is_confirmed if {
	ids(firecrawl.allow) == {"FIRE-190"} with input as call("firecrawl_pay", "unknown", {})
	ids(firecrawl.obligations) == {"FIRE-390"} with input as call("firecrawl_pay", "unknown", {})
}

token := concat("", ["gh", "p_abcdefghijklmnopqrstuvwxyz0123456789"])

test_no_secret_leaves if {
	ids(firecrawl.deny) == {"FIRE-205"} with input as call("firecrawl_search", "read", {"query": token})
}
