package library_test

import data.gateway.v1.hosts

hosts_of_urls := {
	"https://northwind.example": "northwind.example",
	"https://NorthWind.Example./a?b#c": "northwind.example",
	"http://api.northwind.example:8443/a@b": "api.northwind.example",
	"https://northwind.example?x=https://evil.example": "northwind.example",
	"http://127.0.0.1:3000/": "127.0.0.1",
	"http://[::1]:3000/": "[::1]",
}

urls_without_host := {
	"",
	"northwind.example",
	"//northwind.example",
	"mailto:sam@northwind.example",
	"file:///etc/passwd",
	"https://northwind.example@evil.example/",
	"https://evil.example\\@northwind.example/",
	" https://northwind.example",
	"https://north\twind.example",
	"https://northwind.example%2eevil.example/",
	"https://nörthwind.example/",
	"https://northwind..example/",
	"https://northwind.example:port/",
}

test_a_url_has_a_host if {
	every url, host in hosts_of_urls {
		hosts.of(url) == host
	}
}

test_a_doubtful_url_goes_nowhere if {
	every url in urls_without_host {
		not hosts.of(url)
		not hosts.allowed(url, ["northwind.example", "evil.example"])
	}
	not hosts.of(1)
}

test_a_host_matches_itself_and_its_subdomains if {
	hosts.matches("northwind.example", "northwind.example")
	hosts.matches("Northwind.example.", "api.northwind.example")
	hosts.allowed("https://a.b.northwind.example/x", ["contoso.example", "northwind.example"])
}

test_a_common_ending_is_no_match if {
	not hosts.matches("northwind.example", "evil-northwind.example")
	not hosts.matches("northwind.example", "northwind.example.evil")
	not hosts.matches("api.northwind.example", "northwind.example")
	not hosts.matches("", "northwind.example")
	not hosts.matches("northwind.example", "")
	not hosts.allowed("https://northwind.example", [])
}

test_an_address_of_the_network_matches_only_itself if {
	hosts.matches("10.0.0.1", "10.0.0.1")
	not hosts.matches("0.0.1", "10.0.0.1")
	not hosts.matches("1]", "[::1]")
}

test_an_address_has_a_domain if {
	hosts.of_address("sam@Northwind.example") == "northwind.example"
	hosts.of_address("sam+list.x@mail.northwind.example") == "mail.northwind.example"
	hosts.address_within("sam@mail.northwind.example", ["northwind.example"])
}

test_a_doubtful_address_has_none if {
	every address in [
		"sam",
		"sam@northwind.example@evil.example",
		"sam@evil.example,kim@northwind.example",
		"\"sam@northwind.example\" <x@evil.example>",
		"sam@evil.example (northwind.example)",
		" sam@northwind.example",
		"sam@northwind.example\nbcc: x@evil.example",
		"sam@",
		"@northwind.example",
		null,
	] {
		not hosts.of_address(address)
		not hosts.address_within(address, ["northwind.example", "evil.example"])
	}
	not hosts.address_within("sam@evil-northwind.example", ["northwind.example"])
}
